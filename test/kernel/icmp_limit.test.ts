import { describe, expect, it } from "vitest";
import { PacketLog } from "../support/packet_log.ts";
import { NODE, POD, smallNetwork } from "../support/small_network.ts";

/** When the pod answered datagrams to a closed port by an ICMP error, in ms: one datagram each 100 ms. */
function errorTimes(count: number, from: "node" | "pod"): number[] {
  const log = new PacketLog();
  const network = smallNetwork({ trace: log });
  const { udp } = network.machine;
  const socket = udp.socket(from === "node" ? network.node : network.pod, { received() {}, failed() {} });
  for (let index = 0; index < count; index += 1) {
    network.loop.runUntil(index * 100_000);
    udp.send(socket, 1, { address: POD, port: 9 });
  }
  network.loop.runUntil(count * 100_000);
  const place = from === "node" ? "p1/eth0" : "p1/lo";
  const errors = log.at(place).filter(({ flags, direction }) => flags === "icmp 3/3" && direction === "out");
  return errors.map(({ time }) => Math.floor(time / 1000));
}

describe("ICMP errors to one destination", () => {
  it("come six at once after a pause, then one a second", () => {
    expect(errorTimes(35, "node")).toEqual([0, 100, 200, 300, 400, 500, 1000, 2000, 3000]);
  });

  it("are not limited over the loopback device", () => {
    expect(errorTimes(12, "pod")).toHaveLength(12);
  });

  it.each([
    [3, "destination unreachable", 6],
    [4, "source quench", 6],
    [11, "time exceeded", 6],
    [12, "parameter problem", 6],
    [0, "echo reply", 8],
    [5, "redirect", 8],
  ])("of type %i (%s) go out %i times of 8", (type, _, expected) => {
    const { pod, machine } = smallNetwork();
    const allowed = Array.from({ length: 8 }, () => pod.icmpLimit.allows(NODE, type, 1_000_000, machine.jiffies));
    expect(allowed.filter(Boolean)).toHaveLength(expected);
  });

  it("are counted for each destination by itself", () => {
    const network = smallNetwork();
    const { jiffies } = network.machine;
    const allowed = [NODE, POD].map(
      (address) =>
        Array.from({ length: 8 }, () => network.pod.icmpLimit.allows(address, 3, 1_000_000, jiffies)).filter(Boolean)
          .length,
    );
    expect(allowed).toEqual([6, 6]);
    expect(network.pod.icmpLimit.allows(NODE, 5, 1_000_000, jiffies)).toBe(true);
  });
});
