import type { Netns } from "../kernel/netns.ts";
import { type Micros, SECOND } from "../units.ts";
import type { Cluster } from "./cluster.ts";

/** What was read of a table in a stretch of time. */
export interface GaugeStretch {
  readonly mean: number;
  readonly least: number;
  readonly most: number;
}

/** What nodes held at moments evenly spaced over a replication: of each moment the node that held the most. */
export interface GaugeReadings {
  /** From one reading to the next; the first one is so long after counting began. */
  readonly every: Micros;
  /** Ports of the node's namespace that at least one socket or TIME_WAIT entry owns. */
  readonly portsInUse: readonly number[];
  /** TIME_WAIT entries of the node's namespace. */
  readonly timeWaits: readonly number[];
  /** `nf_conntrack_count` of the node's namespace, in the stretch that ends with the reading. */
  readonly conntrack: readonly GaugeStretch[];
  /** What there is room for on the first node at the end of the run. */
  readonly capacity: {
    /** Ports that `connect()` may pick: those of the range that are neither reserved nor held. */
    readonly ports: number;
    /** `net.ipv4.tcp_max_tw_buckets`. */
    readonly timeWaits: number;
    /** `net.netfilter.nf_conntrack_max`. */
    readonly conntrack: number;
  };
}

/** When gauges are read. */
export interface GaugeTimes {
  /** When counting begins, and when the run ends. */
  readonly start: Micros;
  readonly end: Micros;
  /** How many readings there are, at least 1; the last one is at the end. */
  readonly readings: number;
}

/**
 * How many times conntrack is read from one reading of the others to the next. Its collector walks the table every minute
 * or two, so that the entries rise and fall like a saw, and one reading would meet the same place of every tooth; eleven
 * divides no usual time.
 */
const CONNTRACK_READINGS = 11;

/**
 * Reads the gauges of all nodes between two slices of a run. It only looks: a run with gauges is the run without. Costs
 * nothing between readings.
 */
export class Gauges {
  readonly #cluster: Cluster;
  readonly #times: GaugeTimes;
  /** Readings of conntrack for one of the others; they are a second apart or more. */
  readonly #each: number;
  readonly #portsInUse: number[] = [];
  readonly #timeWaits: number[] = [];
  readonly #conntrack: GaugeStretch[] = [];
  /** What was read of conntrack since the last reading of the others. */
  #counts: number[] = [];

  constructor(cluster: Cluster, times: GaugeTimes) {
    this.#cluster = cluster;
    this.#times = times;
    const { start, end, readings } = times;
    this.#each = Math.max(1, Math.min(CONNTRACK_READINGS, Math.floor((end - start) / readings / SECOND)));
  }

  /** The moment of the next reading; infinite once all are made. */
  get next(): Micros {
    const { start, end, readings } = this.#times;
    const place = this.#portsInUse.length * this.#each + this.#counts.length + 1;
    const all = readings * this.#each;
    return place > all ? Infinity : start + Math.round(((end - start) * place) / all);
  }

  /** Makes every reading that is due by now. */
  read(now: Micros): void {
    while (this.next <= now) {
      const nodes = this.#cluster.nodes.map(({ node }) => node.netns);
      this.#counts.push(Math.max(...nodes.map(({ conntrack }) => conntrack?.table.count ?? 0)));
      if (this.#counts.length < this.#each) continue;
      this.#conntrack.push(stretchOf(this.#counts));
      this.#counts = [];
      const held = nodes.map(heldBy);
      this.#portsInUse.push(Math.max(...held.map(({ ports }) => ports)));
      this.#timeWaits.push(Math.max(...held.map(({ timeWaits }) => timeWaits)));
    }
  }

  /** All readings so far. */
  result(): GaugeReadings {
    const { start, end, readings } = this.#times;
    const [first] = this.#cluster.nodes;
    return {
      every: (end - start) / readings,
      portsInUse: this.#portsInUse,
      timeWaits: this.#timeWaits,
      conntrack: this.#conntrack,
      capacity: capacityOf(first!.node.netns),
    };
  }
}

function stretchOf(counts: readonly number[]): GaugeStretch {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return { mean, least: Math.min(...counts), most: Math.max(...counts) };
}

/** The readings of a run of this length: no two of them are less than a second apart. */
export function readingsIn(length: Micros, most: number): number {
  return Math.max(1, Math.min(most, Math.floor(length / SECOND)));
}

/** What a namespace holds; TIME_WAIT entries whose time is over are removed when TCP next looks, and do not count. */
function heldBy(netns: Netns): { readonly ports: number; readonly timeWaits: number } {
  const lapsed = netns.machine.tcp.timeWaits.lapsedPorts(netns);
  const owners = new Map<number, number>();
  for (const port of lapsed) owners.set(port, (owners.get(port) ?? 0) + 1);
  let freed = 0;
  for (const [port, count] of owners) if (netns.ports.owners(port) === count) freed += 1;
  return {
    ports: netns.ports.inUse - freed,
    timeWaits: netns.machine.tcp.timeWaits.countOf(netns) - lapsed.length,
  };
}

function capacityOf(netns: Netns): GaugeReadings["capacity"] {
  const [low, high] = netns.sysctls.localPortRange;
  let ports = 0;
  for (let port = low; port <= high; port += 1) {
    if (netns.sysctls.reservedPorts[port] !== 1 && !netns.ports.isClosedToConnect(port)) ports += 1;
  }
  return { ports, timeWaits: netns.maxTimeWaits, conntrack: netns.conntrack?.max ?? 0 };
}
