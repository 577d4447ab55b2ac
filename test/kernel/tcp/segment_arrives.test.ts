import { describe, expect, it } from "vitest";
import type { Ipv4 } from "../../../src/units.ts";
import { ip, listen, RecordingOwner } from "../../support/small_network.ts";
import { Wire } from "../../support/wire.ts";

const PORT = 80;
const SEQ = 1000;
const ACK = 7777;

/** What the host answers, as `flags seq ack`; every RST has window 0. */
function answerTo(flags: string, len: number, isListening: boolean): string {
  const wire = new Wire({ kernel: "6.1" });
  if (isListening) listen(wire.tcp, wire.host, wire.owner, PORT);
  const ack = flags.includes(".") ? ACK : 0;
  const sent = wire.inject({ sport: 40000, dport: PORT, flags, seq: SEQ, ack, len }).takeSent();
  expect(sent.every((one) => one.hasZeroWindow === one.flags.includes("R"))).toBe(true);
  expect(wire.owner.lines).toEqual([]);
  return sent.map((one) => (one.flags === "S." ? `S. ack ${one.ack}` : `${one.flags} ${one.seq} ${one.ack}`)).join();
}

// flags, payload, then the answers of a LISTEN socket and of a closed port; "" is silence.
const TABLE: readonly [flags: string, len: number, listen: string, closed: string][] = [
  ["S", 0, "S. ack 1001", "R. 0 1001"],
  ["S.", 0, "R 7777 0", "R 7777 0"],
  [".", 0, "R 7777 0", "R 7777 0"],
  ["F.", 0, "R 7777 0", "R 7777 0"],
  ["P.", 10, "R 7777 0", "R 7777 0"],
  ["F", 0, "", "R. 0 1001"],
  ["P", 10, "", "R. 0 1010"],
  ["", 0, "", "R. 0 1000"],
  ["FS", 0, "", "R. 0 1002"],
  ["R", 0, "", ""],
  ["R.", 0, "", ""],
];

describe("A segment without a connection", () => {
  it.each(TABLE)("%j with %i bytes: a listener answers %j, a closed port %j", (flags, len, listening, closed) => {
    expect([answerTo(flags, len, true), answerTo(flags, len, false)]).toEqual([listening, closed]);
  });

  it("is for the listener on its port, for none on another", () => {
    const wire = new Wire();
    listen(wire.tcp, wire.host, wire.owner, PORT);
    expect(wire.inject({ sport: 40000, dport: PORT + 1, flags: "S", seq: SEQ }).takeFlags()).toEqual(["R."]);
    expect(wire.inject({ sport: 40000, dport: PORT, flags: "S", seq: SEQ }).takeFlags()).toEqual(["S."]);
  });

  it("is for the listener on its address rather than for the one on 0.0.0.0, and for none on another address", () => {
    const others = [ip("192.0.2.3"), ip("192.0.2.4")] as const;
    const accepting = (addresses: readonly Ipv4[]): (string | undefined)[] => {
      const wire = new Wire();
      for (const address of others) wire.host.addAddress(wire.host.device("eth0")!, address, 32);
      const owners = addresses.map((address) => {
        const owner = new RecordingOwner();
        const slot = wire.tcp.socket(wire.host, owner, 0);
        wire.tcp.bind(slot, { address, port: PORT, hasReuseAddress: true, hasReusePort: true });
        wire.tcp.listen(slot);
        return owner;
      });
      const [answer] = wire.inject({ dst: others[0], sport: 1, dport: PORT, flags: "S", seq: SEQ }).takeSent();
      wire.inject({ dst: others[0], sport: 1, dport: PORT, flags: ".", seq: SEQ + 1, ack: (answer?.seq ?? 0) + 1 });
      return [answer?.flags, ...owners.map(({ lines }) => lines[0])];
    };
    expect(accepting([0, others[0], others[1]])).toEqual(["S.", undefined, "accepted", undefined]);
    expect(accepting([others[1], 0])).toEqual(["S.", undefined, "accepted"]);
    expect(accepting([others[1]])).toEqual(["R.", undefined]);
  });

  it("draws a RST every time: there is no rate limit", () => {
    const wire = new Wire();
    for (let count = 0; count < 50; count += 1) wire.inject({ sport: 40000, dport: PORT, flags: "S", seq: count });
    expect(wire.takeSent()).toHaveLength(50);
  });
});
