import { describe, expect, it } from "vitest";
import { ip } from "../support/small_network.ts";
import { Wire } from "../support/wire.ts";

describe("A next hop that nobody answers for", () => {
  it("lets 64 packets wait, whose senders are told when three questions have found no answer", () => {
    const wire = new Wire();
    const { udp } = wire.machine;
    const socket = udp.socket(wire.host, { received() {}, failed() {} });
    for (let count = 0; count < 70; count += 1) udp.send(socket, 1, { address: ip("192.0.2.77"), port: 9 });
    const told = (moment: number): number => wire.at(moment).host.counters.IcmpOutDestUnreachs;
    expect([told(2.9), told(3.2)]).toEqual([0, 64]);
    udp.send(socket, 1, { address: ip("192.0.2.77"), port: 9 });
    expect([told(6.1), told(6.4)]).toEqual([64, 65]);
  });
});
