import { describe, expect, it } from "vitest";
import { Errno } from "../../../src/kernel/errno.ts";
import { modelTables } from "../../../src/kernel/invariants/modelled_machines.ts";
import { PortBlocks } from "../../../src/kernel/ports/port_blocks.ts";
import { withFault } from "../../support/fault.ts";
import { Wire } from "../../support/wire.ts";

/** A host with plain maps beside its tables connects until the two ports that are not reserved are taken. */
function useTwoPorts(): number[] {
  const sysctls = {
    "net.ipv4.ip_local_port_range": "40000 40029",
    "net.ipv4.ip_local_reserved_ports": "40000-40013,40016-40029",
  };
  const wire = new Wire({ kernel: "5.4.188", sysctls });
  wire.tcp.sockets.takenPorts.patience = 1;
  modelTables(wire.machine.group);
  return Array.from({ length: 4 }, () => wire.tryConnect(80));
}

describe("modelPorts", () => {
  it("agrees where blocks of reserved and taken ports are passed over", () => {
    expect(useTwoPorts()).toEqual([0, 0, -Errno.EADDRNOTAVAIL, -Errno.EADDRNOTAVAIL]);
  });

  it("finds a search that passes over a port too many", () => {
    const oneMore = (setRun: PortBlocks["setRun"]): PortBlocks["setRun"] =>
      function (this: PortBlocks, ...given) {
        return setRun.apply(this, given) + 1;
      };
    expect(() => withFault([PortBlocks.prototype, "setRun"], oneMore, useTwoPorts)).toThrow(
      /^Broken invariant: bind buckets say what a Map says: the unusable run of port \d+ \d+, not \d+$/,
    );
  });
});
