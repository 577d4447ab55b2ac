import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Cluster } from "../../src/cluster/cluster.ts";
import { watchClosely } from "../../src/cluster/paranoid.ts";
import { placeIn, runReplication } from "../../src/cluster/replication.ts";
import { ConntrackTable } from "../../src/kernel/conntrack/conntrack_table.ts";
import { IpvsConnectionTable } from "../../src/kernel/ipvs/ipvs_connection_table.ts";
import { PacketPool } from "../../src/kernel/packet.ts";
import { PortBuckets } from "../../src/kernel/ports/port_buckets.ts";
import { SocketTable } from "../../src/kernel/tcp/socket_table.ts";
import { TupleIndex } from "../../src/kernel/tuple_index.ts";
import { CheckedLoop } from "../../src/sim/checked_loop.ts";
import { RandomStreams } from "../../src/sim/random.ts";
import { TimerQueue } from "../../src/sim/timer_queue.ts";
import { SECOND } from "../../src/units.ts";
import { withFault } from "../support/fault.ts";
import { smallNode } from "./small_node.ts";

// Goal: a paranoid run is the run without, and finds a fault in a table or in the order of events where it happens.
// Method: a busy node; a fault is put into one method while it runs, as a wrong line would be.

const BUSY = `sysctls:
  net.ipv4.ip_local_port_range: 36680 36759
pods:
  - { name: default/web, listen: [80], replicas: 4, readinessProbe: { httpGet: { port: 80 }, periodSeconds: 1 } }
churn:
  - { name: agent, to: 10.10.85.10:10050, rate: 3/s }
  - { name: clients, to: 10.96.0.20:80, rate: 2/s }
`;
const KERNELS = ["3.10.0-1160.el7", "4.4", "5.4.188", "6.1", "6.18.44"];

/** What a paranoid run ends in under a fault, with its place. */
function brokenBy(run: () => unknown): { readonly message: string; readonly place: ReturnType<typeof placeIn> } {
  try {
    run();
  } catch (error) {
    if (error instanceof Error) return { message: error.message, place: placeIn(error) };
  }
  throw new Error("the fault was not found");
}

describe("A paranoid run", () => {
  it("has the result of a run that is not, on every kernel", () => {
    fc.assert(
      fc.property(fc.constantFrom(...KERNELS), fc.nat({ max: 999 }), (kernel, seed) => {
        const scenario = smallNode(BUSY, [`kernel=${kernel}`, `seed=${seed}`, "duration=15s"]);
        expect(runReplication(scenario, 0, { paranoid: true })).toEqual(runReplication(scenario, 0));
      }),
      { numRuns: 5 },
    );
  });

  it.each([
    [
      "a socket is not taken out of the index",
      () => withFault([TupleIndex.prototype, "remove"], () => () => {}, paranoidRun),
      /the index finds what a Map finds: row \d+, not -1/,
    ],
    [
      "a row is given out that is in use",
      () =>
        withFault(
          [SocketTable.prototype, "allocate"],
          (allocate) =>
            function (this: SocketTable, ...given) {
              return Math.min(allocate.apply(this, given), 30);
            },
          paranoidRun,
        ),
      /a row is given out once: row 30 is in use/,
    ],
    [
      "a port is never closed to connect()",
      () => withFault([PortBuckets.prototype, "isClosedToConnect"], () => () => false, paranoidRun),
      /bind buckets say what a Map says: being closed of port \d+ false, not true/,
    ],
    [
      "an entry is not found in the reply direction",
      () =>
        withFault(
          [ConntrackTable.prototype, "find"],
          (find) =>
            function (this: ConntrackTable, ...tuple) {
              const node = find.apply(this, tuple);
              return (node & 1) === 1 ? -1 : node;
            },
          paranoidRun,
        ),
      /the chains find what a Map finds: node -1, not \d+/,
    ],
    [
      "a connection of IPVS is not found",
      () => withFault([IpvsConnectionTable.prototype, "findIn"], () => () => -1, paranoidRun),
      /the chains of IPVS find what a Map finds: row -1, not \d+/,
    ],
    [
      "a packet is given back and goes on",
      () => {
        let taken = 0;
        return withFault(
          [PacketPool.prototype, "take"],
          (take) =>
            function (this: PacketPool) {
              const packet = take.call(this);
              taken += 1;
              if (taken === 500) this.release(packet);
              return packet;
            },
          paranoidRun,
        );
      },
      /a packet (has one holder|is given back once|that arrives is under way)/,
    ],
  ])("finds in the event itself that %s", (_fault, run, said) => {
    const { message, place } = brokenBy(run);
    expect(message).toMatch(said);
    expect(place.handler?.handler).toMatch(/^(packet|kubelet|pod|churn|client|kernel-timer|flow)\//);
    expect(place.event).toBeGreaterThan(0);
  });

  it("finds an event that fires out of order", () => {
    let pushed = 0;
    const { message } = brokenBy(() =>
      withFault(
        [TimerQueue.prototype, "push"],
        (push) =>
          function (this: TimerQueue, time, ...rest) {
            pushed += 1;
            push.call(this, pushed === 200 ? time + 2 * SECOND : time, ...rest);
          },
        paranoidRun,
      ),
    );
    expect(message).toMatch(
      /^Broken invariant: events fire in order of time and sequence: "[^"]+" \(-?\d+\) at \d+ us fires before "/,
    );
  });

  it("finds what no question shows at the next check, and says up to where all held", () => {
    const scenario = smallNode(BUSY, ["duration=15s"]);
    const loop = new CheckedLoop();
    const cluster = new Cluster(scenario, loop, new RandomStreams(scenario.seed, 0));
    watchClosely(cluster, loop, { every: 1 });
    const corrupts = loop.handler("test/corrupts", () => (cluster.nodes[0]!.node.netns.counters.TcpActiveOpens += 1));
    cluster.start();
    loop.at(7 * SECOND, corrupts, 3);
    const { message } = brokenBy(() => loop.runUntil(15 * SECOND));
    expect(message).toMatch(
      /TcpActiveOpens counts the SYNs of connect\(\): \d+ of \d+\n {2}All held after event \d+ of the run\.$/,
    );
    expect(loop.now).toBe(7 * SECOND);
    expect(loop.brokenEvent).toEqual({ handler: "test/corrupts", argument: 3 });
    expect(message).toContain(`after event ${loop.fired - 1} of`);
  });
});

describe("A run that is not paranoid", () => {
  it("finds a broken table at its end, with a place between two events", () => {
    const scenario = smallNode(BUSY, ["duration=15s"]);
    const { message, place } = brokenBy(() =>
      withFault(
        [PortBuckets.prototype, "removeOwner"],
        () => () => {},
        () => runReplication(scenario, 0),
      ),
    );
    expect(message).toMatch(/^Broken invariant:\s+(ports in use are|a port has as many owners)/);
    expect(place).toEqual({ replication: 0, at: 15 * SECOND, event: expect.any(Number) });
  });

  it("says in which event an assertion failed, which is the same event when it is replayed up to that moment", () => {
    const scenario = smallNode(BUSY, ["duration=15s"]);
    const run = (until?: number): unknown => {
      let freed = 0;
      return withFault(
        [SocketTable.prototype, "free"],
        (free) =>
          function (this: SocketTable, slot) {
            freed += 1;
            if (freed === 40) throw new Error("a fault");
            free.call(this, slot);
          },
        () => runReplication(scenario, 0, until === undefined ? {} : { until }),
      );
    };
    const first = brokenBy(run);
    const again = brokenBy(() => run(first.place.at));
    expect(first.place.handler?.handler).toMatch(/^[a-z-]+\//);
    expect(again).toEqual(first);
  });
});

function paranoidRun(): unknown {
  // Every packet is sent: connections that are carried at once ask tables less.
  return runReplication(smallNode(BUSY, ["duration=15s"]), 0, { paranoid: true, isPacketByPacket: true });
}
