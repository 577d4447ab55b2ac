import { formatCount } from "../../../src/report/number_text.ts";
import { assert } from "../../../src/sim/assert.ts";
import type { BenchCase, FigureName, Point, Row } from "../bench_case.ts";
import { type Load, loadScenario, MeasuredNode, TIDY_KERNEL, type Work, perConnection } from "../load.ts";

// Series of synthetic loads: what a connection costs as one size of the load grows.

/** Connections before the clock starts, for the compiler, and connections that are timed. */
const WARM_UP = 50_000;
const TIMED = 100_000;

/** After so many seconds as much expires as is made, in all tables: conntrack's TIME_WAIT, the longest, lasts 120 s. */
const FILLED = 140;

interface Series {
  readonly load: Load;
  /** Connections a second of everything that connects. */
  readonly rate: number;
  readonly filled?: number;
  /** Connections that are timed, where the default would take long. */
  readonly timed?: number;
  readonly isFullOnly?: boolean;
  /** Whether whole connections are carried at once; else every packet is sent. */
  readonly carriesFlows?: boolean;
  /** More figures than the connection's. */
  readonly more?: (node: MeasuredNode, work: Work) => readonly Row[];
}

function point(name: string, series: Series): Point {
  const { load, rate, filled = FILLED, timed = TIMED, isFullOnly = false, carriesFlows = false, more } = series;
  return {
    name,
    isFullOnly,
    measure: async (scale) => {
      const node = await MeasuredNode.boot(loadScenario(load), { carriesFlows });
      node.run(Math.max(filled, (WARM_UP / rate) * scale));
      const work = node.run((timed / rate) * scale);
      return {
        rows: [
          { measure: "connection", unit: "us/connection", value: perConnection(work) },
          ...(more?.(node, work) ?? []),
        ],
      };
    },
  };
}

const connectionOf = (name: string): FigureName => ({ point: name, measure: "connection" });

function flatness(large: string, small: string, atMost: number): BenchCase["bounds"] {
  return [{ says: `${large} : ${small}`, figure: connectionOf(large), over: connectionOf(small), atMost }];
}

const CHURN_RATES = [10, 100, 1_000, 10_000];

/** The rate of connections. */
export const CHURN: BenchCase = {
  name: "churn",
  about: "A connection at so many a second, to 256 ports; TIME_WAITs and conntrack entries grow with the rate.",
  points: CHURN_RATES.map((rate) =>
    point(`${formatCount(rate)}/s`, {
      load: { rate, destinations: 256 },
      rate,
      isFullOnly: rate !== 10 && rate !== 1_000,
    }),
  ),
  bounds: flatness("10,000/s", "10/s", 3),
};

/** Seconds that a TIME_WAIT stands: 60, and half of the 2 s by which this kernel's timers are late. */
const TIME_WAIT_SECONDS = 61;

/** Seconds that an entry of conntrack stands after its time on `TIDY_KERNEL`, at most. */
const GARBAGE_SECONDS = 16;

/** How many sockets are in TIME_WAIT. */
export const TIME_WAIT: BenchCase = {
  name: "time-wait",
  about:
    "A connection beside N TIME_WAIT sockets and as many conntrack entries (garbage among them), the rate growing with N.",
  points: [1_000, 10_000, 100_000, 1_000_000].map((population) => {
    const rate = population / TIME_WAIT_SECONDS;
    return point(`${formatCount(population)} TIME_WAITs`, {
      load: {
        kernel: TIDY_KERNEL,
        rate,
        destinations: 256,
        conntrackTimeWait: TIME_WAIT_SECONDS - GARBAGE_SECONDS,
      },
      rate,
      filled: 80,
      isFullOnly: population !== 1_000 && population !== 100_000,
      more: (node) => {
        const standing = node.timeWaits;
        assert(Math.abs(standing / population - 1) < 0.15, `${population} TIME_WAITs stand, not ${standing}`);
        return [
          { measure: "TIME_WAITs", unit: "entries", value: standing },
          { measure: "conntrack", unit: "entries", value: node.conntrackEntries },
        ];
      },
    });
  }),
  bounds: flatness("1,000,000 TIME_WAITs", "1,000 TIME_WAITs", 3),
};

/** How many entries conntrack holds. */
export const CONNTRACK: BenchCase = {
  name: "conntrack",
  about:
    "A connection, 250 a second, beside N conntrack entries that stay longer (nf_conntrack_tcp_timeout_time_wait).",
  points: [10_000, 100_000, 1_000_000].map((population) => {
    const conntrackTimeWait = population / 250 - GARBAGE_SECONDS / 2;
    return point(`${formatCount(population)} entries`, {
      load: { kernel: TIDY_KERNEL, rate: 250, destinations: 256, conntrackTimeWait },
      rate: 250,
      filled: Math.max(FILLED, conntrackTimeWait + 20),
      isFullOnly: population > 100_000,
      more: (node) => {
        const standing = node.conntrackEntries;
        assert(Math.abs(standing / population - 1) < 0.3, `${population} conntrack entries stand, not ${standing}`);
        return [{ measure: "conntrack", unit: "entries", value: standing }];
      },
    });
  }),
  bounds: flatness("1,000,000 entries", "10,000 entries", 3),
};

/**
 * Every second connection through a service, so few of them that tuples seldom come again which IPVS still knows, and so
 * long that the compiler is done with the flow path, too.
 */
const AT_50: Series = {
  load: { rate: 50, destinations: 4, services: 10, isThroughService: true },
  rate: 50,
  filled: 8_000,
  timed: 4 * TIMED,
  isFullOnly: true,
};
const AT_50_BY_RULES: Series = { ...AT_50, load: { ...AT_50.load, mode: "iptables" } };

/** How many services kube-proxy has programmed. */
export const SERVICES: BenchCase = {
  name: "services",
  about:
    "A connection, of which every second one goes through a ClusterIP, beside N NodePort services of five endpoints at the node's six addresses, cni0's among them: 6 N virtual servers in IPVS, and one more. At 50 a second, not 250, with the flow path, too, and where rules of iptables choose the endpoint.",
  points: [
    ...[1, 10, 100, 1_000, 5_000].map((services) =>
      point(`${formatCount(services)} services`, {
        load: { rate: 250, destinations: 4, services, isThroughService: true },
        rate: 250,
        isFullOnly: services !== 10 && services !== 5_000,
      }),
    ),
    point("50/s, packet by packet", AT_50),
    point("50/s, flow path", { ...AT_50, carriesFlows: true }),
    point("50/s, iptables, packet by packet", AT_50_BY_RULES),
    point("50/s, iptables, flow path", { ...AT_50_BY_RULES, carriesFlows: true }),
  ],
  bounds: [
    ...flatness("5,000 services", "10 services", 1.25),
    ...flatness("50/s, flow path", "50/s, packet by packet", 0.6),
    ...flatness("50/s, iptables, flow path", "50/s, iptables, packet by packet", 0.6),
  ],
};

/** How many pods the kubelet probes. */
export const PODS: BenchCase = {
  name: "pods",
  about:
    "A probe's connection, with N pods of two TCP probes each and no other traffic: every 10 s, as the kubelet has it by default, or every second, which fills TIME_WAIT and conntrack with ten times as many entries.",
  points: [
    ...[1, 10, 50, 110, 250].map((pods) => podsPoint(pods, 10, pods !== 10 && pods !== 250)),
    ...[10, 250].map((pods) => podsPoint(pods, 1, true)),
  ],
  bounds: [
    ...flatness("250 pods", "10 pods", 1.5),
    ...flatness("250 pods, every second", "10 pods, every second", 1.5),
  ],
};

function podsPoint(pods: number, probePeriod: number, isFullOnly: boolean): Point {
  const name = `${formatCount(pods)} pods${probePeriod === 10 ? "" : ", every second"}`;
  return point(name, {
    load: { rate: 0, destinations: 0, pods, probePeriod },
    rate: (2 * pods) / probePeriod,
    isFullOnly,
  });
}

/** The default port range holds so many ports. */
const PORTS_IN_RANGE = 28_232;

function busyPorts(percent: number): Point {
  const most = (percent / 100) * PORTS_IN_RANGE;
  // Timers run out up to 2 s late, all at once: this is the most that stand.
  const rate = most / (TIME_WAIT_SECONDS + 1.05);
  return point(`${percent} % busy`, {
    load: { rate, destinations: 1, arrivals: "periodic" },
    rate,
    timed: 25_000,
    isFullOnly: percent !== 2.5 && percent !== 98,
    more: (node) => {
      const standing = mostTimeWaits(node);
      assert(Math.abs(standing / most - 1) < 0.03, `at most ${most} ports are busy, not ${standing}`);
      return [candidatesOf(node)];
    },
  });
}

function mostTimeWaits({ cluster }: MeasuredNode): number {
  const { machine, netns } = cluster.nodes[0]!.node;
  return machine.tcp.timeWaits.mostOf(netns);
}

/** Candidates that a search for a port looked at, on average over the whole run. */
function candidatesOf({ cluster }: MeasuredNode): Row {
  const { machine, netns } = cluster.nodes[0]!.node;
  const value = netns.candidates.sum / machine.tcp.connections;
  return { measure: "candidates looked at", unit: "candidates/connect", value };
}

/** How full the port range is. */
export const PORTS: BenchCase = {
  name: "ports",
  about:
    "A connection when TIME_WAITs hold a share of the 28,232 ports towards one destination (the walk of 4.6-5.11), or half of them are reserved.",
  points: [
    ...[2.5, 55, 93, 98].map(busyPorts),
    point("a half reserved", {
      load: { rate: 11, destinations: 1, arrivals: "periodic", reserved: "32768-46883" },
      rate: 11,
      more: (node) => [candidatesOf(node)],
    }),
  ],
  bounds: [...flatness("98 % busy", "2.5 % busy", 1.5), ...flatness("a half reserved", "2.5 % busy", 1.5)],
};
