import { describe, expect, it } from "vitest";
import { NODE, POD, RecordingOwner, type SmallNetwork, smallNetwork } from "../../support/small_network.ts";

/** Listeners of the node on port 8080 with SO_REUSEPORT, and what bind() answered. */
function listeners(network: SmallNetwork, flags: readonly boolean[]): { owners: RecordingOwner[]; bound: number[] } {
  const { tcp, node } = network;
  const owners = flags.map(() => new RecordingOwner());
  const bound = flags.map((hasReusePort, index) => {
    const slot = tcp.socket(node, owners[index], 0);
    const outcome = tcp.bind(slot, { address: 0, port: 8080, hasReusePort });
    return outcome < 0 ? outcome : tcp.listen(slot);
  });
  return { owners, bound };
}

describe("SO_REUSEPORT", () => {
  it("lets sockets share a port if all of them have it, listening ones too", () => {
    expect(listeners(smallNetwork(), [true, true, true]).bound).toEqual([0, 0, 0]);
    expect(listeners(smallNetwork(), [true, false]).bound).toEqual([0, -98]);
    expect(listeners(smallNetwork(), [false, true]).bound).toEqual([0, -98]);
  });

  it("spreads connections over the listeners by their four numbers, and keeps each at one of them", () => {
    const network = smallNetwork();
    const { owners } = listeners(network, [true, true]);
    for (let index = 0; index < 100; index += 1) {
      network.tcp.connect(network.tcp.socket(network.pod, undefined, 0), NODE, 8080);
    }
    network.loop.runUntil(10_000);
    const counts = owners.map(({ lines }) => lines.filter((line) => line === "accepted").length);
    expect(counts[0]! + counts[1]!).toBe(100);
    expect(Math.min(...counts)).toBeGreaterThan(25);
  });

  it("closes the port to connect() as any explicit owner does", () => {
    const network = smallNetwork({ sysctls: { "net.ipv4.ip_local_port_range": "8080 8081" } });
    listeners(network, [true, true]);
    const ports = [1, 2].map(() => network.tcp.connect(network.tcp.socket(network.node, undefined, 0), POD, 80));
    expect(ports).toEqual([0, -99]);
  });
});
