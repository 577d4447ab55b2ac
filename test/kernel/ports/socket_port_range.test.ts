import { describe, expect, it } from "vitest";
import { Errno } from "../../../src/kernel/errno.ts";
import { Wire } from "../../support/wire.ts";

/** What setsockopt() answers, and the first and the last of the ports that connect() then gets, each in turn. */
function portsWith(kernel: string, low: number, high: number): { readonly outcome: number; readonly ports: number[] } {
  const wire = new Wire({ kernel, sysctls: { "net.ipv4.ip_local_port_range": "40000 40009" } });
  const ports: number[] = [];
  for (;;) {
    const slot = wire.tcp.socket(wire.host, wire.owner, 0);
    const outcome = wire.tcp.setLocalPortRange(slot, low, high);
    if (outcome < 0 || wire.tcp.connect(slot, wire.host.device("eth0")!.addresses[0]!.address + 1, 80) < 0)
      return { outcome, ports: [Math.min(...ports), Math.max(...ports), ports.length] };
    ports.push(wire.tcp.sockets.localPort(slot));
  }
}

describe("IP_LOCAL_PORT_RANGE", () => {
  it.each([
    ["its own bounds", 40002, 40004, [40002, 40004, 3]],
    ["the namespace's low bound where it has none", 0, 40003, [40000, 40003, 4]],
    ["the namespace's high bound where it has none", 40006, 0, [40006, 40009, 4]],
    ["the namespace's low bound if its own lies outside", 30000, 40003, [40000, 40003, 4]],
    ["the namespace's high bound if its own lies outside", 40007, 50000, [40007, 40009, 3]],
    ["the namespace's range if both lie outside", 30000, 50000, [40000, 40009, 10]],
    ["the namespace's range if neither is set", 0, 0, [40000, 40009, 10]],
  ])("has a socket keep to %s (%i-%i)", (_, low, high, ports) => {
    expect(portsWith("6.8", low, high)).toEqual({ outcome: 0, ports });
  });

  it("is EINVAL if it runs backwards, and ENOPROTOOPT on a kernel without it", () => {
    expect(portsWith("6.8", 40004, 40003).outcome).toBe(-Errno.EINVAL);
    expect(portsWith("6.1", 40003, 40004).outcome).toBe(-Errno.ENOPROTOOPT);
    expect(portsWith("6.1.32", 40003, 40004).outcome).toBe(0);
  });
});
