import { describe, expect, it } from "vitest";
import { KernelLog } from "../../src/kernel/kernel_log.ts";
import { POD, RecordingOwner, type SmallNetwork, smallNetwork } from "../support/small_network.ts";

// Goal: dmesg says that the conntrack table is full, as often as the kernel's rate limit lets it.
// Method: a table with room for one connection, which is ASSURED and so not dropped early, and connects that find it full.

const FULL = "nf_conntrack: nf_conntrack: table full, dropping packet";

function fullTable(): { readonly network: SmallNetwork; readonly log: KernelLog } {
  const network = smallNetwork({ sysctls: { "net.netfilter.nf_conntrack_max": "1" } });
  const log = new KernelLog(network.machine);
  network.machine.log = log;
  network.tcp.connect(network.tcp.socket(network.node, new RecordingOwner(), 0), POD, 80);
  network.loop.runUntil(100_000);
  return { network, log };
}

function connect({ tcp, node }: SmallNetwork, times: number): void {
  for (let time = 0; time < times; time += 1) {
    const slot = tcp.socket(node, new RecordingOwner(), 0);
    tcp.connect(slot, POD, 80);
    tcp.close(slot);
  }
}

describe("KernelLog", () => {
  it("has a line with the seconds since boot for a packet that conntrack drops", () => {
    const { network, log } = fullTable();
    expect(log.lines).toEqual([]);
    connect(network, 1);
    expect(log.dmesg()).toBe(`[100000.100000] ${FULL}\n`);
  });

  it("writes ten lines in five seconds and counts the rest", () => {
    const { network, log } = fullTable();
    connect(network, 25);
    expect(log.lines.map(({ text }) => text)).toEqual(Array.from({ length: 10 }, () => FULL));
    network.loop.runUntil(5_000_000);
    connect(network, 1);
    expect(log.lines).toHaveLength(10);
    network.loop.runUntil(5_200_000);
    connect(network, 1);
    expect(log.lines.slice(10).map(({ text }) => text)).toEqual(["net_ratelimit: 16 callbacks suppressed", FULL]);
  });

  it("writes again with the first message that is more than five seconds behind the first of the ten", () => {
    const { network, log } = fullTable();
    connect(network, 12);
    network.loop.runUntil(5_100_000);
    connect(network, 1);
    expect(log.lines).toHaveLength(10);
    network.loop.runUntil(5_104_000);
    connect(network, 1);
    expect(log.lines.slice(10).map(({ text }) => text)).toEqual(["net_ratelimit: 3 callbacks suppressed", FULL]);
  });

  it("keeps the first lines, so many as it is told", () => {
    const { network } = fullTable();
    const log = new KernelLog(network.machine, 3);
    for (const text of ["a", "b", "c", "d"]) log.warnRateLimited(text);
    expect(log.lines.map(({ text }) => text)).toEqual(["a", "b", "c"]);
  });

  it("is written by nobody unless the machine has one", () => {
    const { network, log } = fullTable();
    network.machine.log = undefined;
    connect(network, 3);
    expect([log.lines.length, network.node.counters.nf_conntrack_drop]).toEqual([0, 3]);
  });
});
