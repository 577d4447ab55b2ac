import { describe, expect, it } from "vitest";
import { TcpState } from "../../../src/kernel/tcp/tcp_states.ts";
import { listen } from "../../support/small_network.ts";
import { type SentSegment, Wire, type WireOptions } from "../../support/wire.ts";

const SERVER = 80;
const CLIENT = 40000;
const ISN = 1000;

/** A listening host that has answered a SYN with a SYN-ACK. */
function requestSocket(options: WireOptions = {}): { readonly wire: Wire; readonly synAck: SentSegment } {
  const wire = new Wire({ kernel: "4.4.11", ...options });
  listen(wire.tcp, wire.host, wire.owner, SERVER);
  wire.at(1);
  const synAck = syn(wire)[0]!;
  return { wire, synAck };
}

/** The client's SYN arrives (again). @returns what the host sends. */
function syn(wire: Wire): SentSegment[] {
  return wire.inject({ sport: CLIENT, dport: SERVER, flags: "S", seq: ISN }).takeSent();
}

function requests(wire: Wire): number {
  return wire.count(TcpState.SYN_RECV);
}

describe("A request socket's timer", () => {
  it("sends the SYN-ACK at 0 1 3 7 15 31 s, always the same, and gives up at 63 s", () => {
    const { wire, synAck } = requestSocket();
    wire.at(63.99);
    const again = wire.takeSent();
    expect(again.map((one) => one.time / 1e6 - 1)).toEqual([1, 3, 7, 15, 31]);
    expect(again.every((one) => one.flags === "S." && one.seq === synAck.seq && one.ack === synAck.ack)).toBe(true);
    expect(requests(wire)).toBe(1);
    wire.at(64.01);
    expect(requests(wire)).toBe(0);
    wire.at(300);
    expect([wire.takeSent(), wire.owner.lines]).toEqual([[], []]);
  });

  it("follows tcp_synack_retries", () => {
    const { wire } = requestSocket({ sysctls: { "net.ipv4.tcp_synack_retries": "1" } });
    wire.at(3.9);
    expect([wire.takeFlags(), requests(wire)]).toEqual([["S."], 1]);
    wire.at(4.1);
    expect(requests(wire)).toBe(0);
  });

  it("starts anew with its present interval when a duplicate SYN is answered", () => {
    // Measured on a real kernel: SYNs again at .10 yes, .30 no, .65 yes, .90 and 1.00 no, then the timer at 1.7 and 3.7.
    const { wire } = requestSocket({ kernel: "6.1" });
    const answered = [0.1, 0.3, 0.65, 0.9, 1.0].map((moment) => syn(wire.at(1 + moment)).length === 1);
    expect(answered).toEqual([true, false, true, false, false]);
    wire.at(5.5);
    const timed = wire.takeSent().map((one) => one.time / 1e6 - 1);
    expect(timed).toHaveLength(2);
    expect(timed[0]! - 0.65).toBeGreaterThanOrEqual(1);
    expect(timed[0]! - 0.65).toBeLessThanOrEqual(1.037);
    expect(timed[1]! - timed[0]!).toBeGreaterThanOrEqual(2);
    expect(timed[1]! - timed[0]!).toBeLessThanOrEqual(2.26);
  });
});

describe("A duplicate SYN", () => {
  it("draws the same SYN-ACK at most twice a second, and no second request", () => {
    const { wire, synAck } = requestSocket({ kernel: "5.4.188" });
    const answers = [0.01, 0.2, 0.49, 0.511, 0.9].map((moment) => syn(wire.at(1 + moment)));
    expect(answers.map((answer) => answer.length)).toEqual([1, 0, 0, 1, 0]);
    expect(answers.flat().every((one) => one.seq === synAck.seq && one.flags === "S.")).toBe(true);
    expect(requests(wire)).toBe(1);
  });

  it("is always answered on 3.10, which has no limit", () => {
    const { wire } = requestSocket({ kernel: "3.10.108" });
    expect([0.1, 0.2, 0.3].map((moment) => syn(wire.at(1 + moment)).length)).toEqual([1, 1, 1]);
  });
});

describe("A RST for a request", () => {
  it.each(["5.4.188", "6.1", "6.12.105"])("with seq = what is expected destroys it silently on %s", (kernel) => {
    const { wire } = requestSocket({ kernel });
    wire.inject({ sport: CLIENT, dport: SERVER, flags: "R", seq: ISN + 1 });
    expect([requests(wire), wire.takeSent(), wire.owner.lines]).toEqual([0, [], []]);
    const { TcpAttemptFails, TcpExtEmbryonicRsts } = wire.host.counters;
    expect([TcpAttemptFails, TcpExtEmbryonicRsts]).toEqual([1, 1]);
  });

  it("leaves the client's next SYN to a new request with a new ISN, 15,625,000 higher a second, and a fresh timer", () => {
    const { wire, synAck } = requestSocket();
    wire.at(1.48).inject({ sport: CLIENT, dport: SERVER, flags: "R", seq: ISN + 1 });
    const [second] = syn(wire);
    expect((second!.seq - synAck.seq) | 0).toBe(7_500_000);
    expect(second!.ack).toBe(synAck.ack);
    wire.at(2.45);
    expect(wire.takeSent()).toEqual([]);
    wire.at(2.5);
    expect(wire.takeFlags()).toEqual(["S."]);
  });

  it("in the window but not exact destroys it without the fix, and draws a challenge ACK with it", () => {
    const old = requestSocket({ kernel: "6.1" }).wire;
    old.inject({ sport: CLIENT, dport: SERVER, flags: "R", seq: ISN + 2 });
    expect([requests(old), old.takeSent()]).toEqual([0, []]);
    const { wire, synAck } = requestSocket({ kernel: "6.12.105" });
    wire.inject({ sport: CLIENT, dport: SERVER, flags: "R", seq: ISN + 2 });
    expect(requests(wire)).toBe(1);
    expect(wire.takeSent()).toMatchObject([{ flags: ".", seq: (synAck.seq + 1) | 0, ack: ISN + 1 }]);
  });

  it("outside the window is dropped", () => {
    const { wire } = requestSocket({ kernel: "6.1" });
    for (const seq of [ISN, ISN - 5, ISN + 70_000]) wire.inject({ sport: CLIENT, dport: SERVER, flags: "R", seq });
    expect([requests(wire), wire.takeSent()]).toEqual([1, []]);
  });

  it("with a wrong ack is dropped without the fix", () => {
    const { wire, synAck } = requestSocket({ kernel: "6.1" });
    wire.inject({ sport: CLIENT, dport: SERVER, flags: "R.", seq: ISN + 1, ack: synAck.seq + 9 });
    expect([requests(wire), wire.takeSent()]).toEqual([1, []]);
  });
});

describe("Other segments for a request", () => {
  it("an ACK of something else draws a RST with seq = its ack, and the request stays", () => {
    const { wire, synAck } = requestSocket();
    wire.inject({ sport: CLIENT, dport: SERVER, flags: ".", seq: ISN + 1, ack: synAck.seq + 77 });
    expect(wire.takeSent()).toMatchObject([{ flags: "R", seq: (synAck.seq + 77) | 0, ack: 0 }]);
    expect(requests(wire)).toBe(1);
  });

  it("a segment out of the window draws an ACK, at most twice a second", () => {
    const { wire, synAck } = requestSocket({ kernel: "6.1" });
    const stray = { sport: CLIENT, dport: SERVER, flags: ".", seq: ISN - 100, ack: synAck.seq + 1 };
    expect(wire.inject(stray).takeSent()).toMatchObject([{ flags: ".", seq: (synAck.seq + 1) | 0, ack: ISN + 1 }]);
    expect(wire.at(1.4).inject(stray).takeSent()).toEqual([]);
    expect(wire.at(1.6).inject(stray).takeFlags()).toEqual(["."]);
    expect(requests(wire)).toBe(1);
  });

  it.each([
    ["a SYN-ACK", { flags: "S.", seq: ISN, len: 0 }],
    ["a byte", { flags: "P.", seq: ISN, len: 1 }],
  ])("%s that ends where the window begins is out of it: an ACK, and the request stays", (_name, segment) => {
    const { wire, synAck } = requestSocket({ kernel: "6.1" });
    wire.inject({ sport: CLIENT, dport: SERVER, ack: synAck.seq + 1, ...segment });
    expect([wire.takeFlags(), requests(wire), wire.owner.lines]).toEqual([["."], 1, []]);
  });

  it("a SYN with another sequence number in the window destroys it and draws RST+ACK", () => {
    const { wire } = requestSocket();
    wire.inject({ sport: CLIENT, dport: SERVER, flags: "S", seq: ISN + 5 });
    expect(wire.takeSent()).toMatchObject([{ flags: "R.", seq: 0, ack: ISN + 6 }]);
    expect(requests(wire)).toBe(0);
  });

  it("a SYN out of the window draws an ACK, and the request stays; the window is 65,535 bytes wide", () => {
    const answerTo = (seq: number): unknown[] => {
      const { wire } = requestSocket();
      wire.inject({ sport: CLIENT, dport: SERVER, flags: "S", seq });
      return [wire.takeFlags(), requests(wire)];
    };
    for (const seq of [ISN - 9, ISN + 65_536]) expect(answerTo(seq)).toEqual([["."], 1]);
    expect(answerTo(ISN + 65_535)).toEqual([["R."], 0]);
  });

  it.each(["F", "", "P"])("%j without ACK is dropped", (flags) => {
    const { wire } = requestSocket();
    wire.inject({ sport: CLIENT, dport: SERVER, flags, seq: ISN + 1 });
    expect([wire.takeSent(), requests(wire)]).toEqual([[], 1]);
  });

  it("the right ACK makes it a connection of the listener's owner", () => {
    const { wire, synAck } = requestSocket();
    wire.inject({ sport: CLIENT, dport: SERVER, flags: ".", seq: ISN + 1, ack: synAck.seq + 1 });
    expect([wire.owner.lines, requests(wire), wire.count(TcpState.ESTABLISHED)]).toEqual([["accepted"], 0, 1]);
    expect(wire.takeSent()).toEqual([]);
  });

  it("the right ACK with payload gives both to the owner", () => {
    const { wire, synAck } = requestSocket();
    wire.inject({ sport: CLIENT, dport: SERVER, flags: "P.", seq: ISN + 1, ack: synAck.seq + 1, len: 100 });
    expect(wire.owner.lines).toEqual(["accepted", "received 100"]);
    expect(wire.takeSent()).toMatchObject([{ flags: ".", ack: ISN + 101 }]);
  });

  it("dies with its listener", () => {
    const wire = new Wire();
    const listener = listen(wire.tcp, wire.host, wire.owner, SERVER);
    syn(wire);
    wire.tcp.close(listener);
    expect(requests(wire)).toBe(0);
    wire.at(10);
    expect(wire.takeSent()).toEqual([]);
  });
});
