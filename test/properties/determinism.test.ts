import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../src/sim/random.ts";
import type { TraceSink } from "../../src/kernel/trace.ts";
import { PacketLog } from "../support/packet_log.ts";
import { BACKENDS, POD, RecordingOwner, type SmallNetwork, smallNetwork } from "../support/small_network.ts";

// Goal: a run is a function of its seed; watching and slicing change nothing.
// Method: a random mix of connections between node, pod and backends, some of them closed early, reset or left open, in
// a narrow port range over NodePorts so that probes fail and ports run out; the event fingerprint is compared.

const END = 90_000_000;
const SYSCTLS = { "net.ipv4.ip_local_port_range": "36700 36711", "net.netfilter.nf_conntrack_max": "40" };

interface RunOptions {
  readonly kernel: string;
  readonly seed: string;
  readonly trace?: TraceSink;
  readonly slices?: readonly number[];
}

interface RunResult {
  readonly fingerprint: string;
  readonly fired: number;
  readonly outcomes: readonly string[];
}

/** Connects at random moments; what becomes of each connection is drawn when it is made. */
function startTraffic(network: SmallNetwork, random: RandomStream): RecordingOwner {
  const { loop, tcp, node, pod, backends } = network;
  const owner = new RecordingOwner();
  const ends = new Map<number, number>();
  const finish = (slot: number): void => {
    if (ends.get(slot) === 0) tcp.setLingerReset(slot);
    if (ends.get(slot) !== 1) tcp.close(slot);
  };
  owner.onConnected = (slot) => {
    if (random.below(2) === 0) tcp.send(slot, 1 + random.below(500));
    finish(slot);
  };
  const again = loop.handler("test/connect", () => {
    const from = [node, node, pod, backends[0]][random.below(4)]!;
    const [daddr, dport] =
      random.below(3) === 0 ? ([BACKENDS[1], 443] as const) : ([POD, random.below(5) === 0 ? 81 : 80] as const);
    const slot = tcp.socket(from, owner, 0);
    ends.set(slot, random.below(4));
    const outcome = tcp.connect(slot, daddr, dport);
    if (outcome < 0) owner.lines.push(`${loop.now} connect ${outcome}`);
    if (outcome === 0 && random.below(10) === 0) tcp.close(slot);
    loop.after(1 + random.below(600_000), again, 0);
  });
  loop.at(0, again, 0);
  return owner;
}

function run(options: RunOptions): RunResult {
  const { kernel, seed, trace } = options;
  const network = smallNetwork({
    kernel,
    seed,
    sysctls: SYSCTLS,
    realServers: BACKENDS,
    ...(trace === undefined ? {} : { trace }),
  });
  network.loop.traceEvents();
  const owner = startTraffic(network, new RandomStream(seed));
  for (const slice of options.slices ?? []) network.loop.runUntil(slice);
  network.loop.runUntil(END);
  const { loop, server } = network;
  return { fingerprint: loop.eventFingerprint(), fired: loop.fired, outcomes: [...owner.lines, ...server.lines] };
}

describe("A run of random traffic", () => {
  const kernels = ["3.10.108", "5.4.188", "6.1", "6.18.44"] as const;

  it.each(kernels)("on %s is the same twice, with a trace sink and without, and in slices", (kernel) => {
    fc.assert(
      fc.property(fc.nat(), fc.array(fc.nat({ max: END }), { maxLength: 6 }), (number, cuts) => {
        const seed = `traffic ${number}`;
        const plain = run({ kernel, seed });
        const log = new PacketLog();
        expect(run({ kernel, seed })).toEqual(plain);
        expect(run({ kernel, seed, trace: log })).toEqual(plain);
        expect(run({ kernel, seed, slices: cuts.toSorted((a, b) => a - b) })).toEqual(plain);
        expect(log.count).toBeGreaterThan(plain.outcomes.length);
      }),
      { numRuns: 4 },
    );
  });

  it("differs from that of another seed", () => {
    const fingerprints = ["a", "b", "c"].map((seed) => run({ kernel: "5.4.188", seed }).fingerprint);
    expect(new Set(fingerprints).size).toBe(3);
  });

  it("meets what it is meant to meet: connections, refusals, exhausted ports and timeouts", () => {
    const outcomes = run({ kernel: "5.4.188", seed: "mix" }).outcomes.map((line) => line.replace(/^\d+ /, ""));
    for (const met of ["connected", "accepted", "failed 111", "connect -99"]) expect(outcomes).toContain(met);
  });
});
