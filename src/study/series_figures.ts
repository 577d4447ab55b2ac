import type { GaugeReadings } from "../cluster/gauges.ts";
import type { ReplicationResult } from "../cluster/replication_result.ts";
import { SECOND } from "../units.ts";

/** A gauge over time: at each moment the mean, the least and the most of all boots. */
export interface GaugeSeries {
  readonly mean: readonly number[];
  readonly min: readonly number[];
  readonly max: readonly number[];
  /** What there is room for. */
  readonly capacity: number;
}

/** How full the node's tables were in the course of a boot. */
export interface SeriesDocument {
  /** The readings are so far apart, the first one so long after counting began. */
  readonly everySeconds: number;
  /** Source ports with an owner, of those that `connect()` may pick. */
  readonly portsInUse: GaugeSeries;
  /** TIME_WAIT sockets, of `net.ipv4.tcp_max_tw_buckets`. */
  readonly timeWait: GaugeSeries;
  /** Conntrack entries, of `net.netfilter.nf_conntrack_max`; the capacity is 0 without connection tracking. */
  readonly conntrack: GaugeSeries;
}

/** Joins the readings of all boots; `undefined` unless each of them has some. */
export function seriesFigures(results: readonly ReplicationResult[]): SeriesDocument | undefined {
  const boots = results.flatMap(({ gauges }) => gauges ?? []);
  const [first] = boots;
  if (first === undefined || boots.length < results.length) return undefined;
  const seriesOf = (read: (boot: GaugeReadings) => readonly number[], capacity: number): GaugeSeries => {
    const moments = read(first).map((_, place) => boots.map((boot) => read(boot)[place] ?? 0));
    return {
      mean: moments.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length),
      min: moments.map((values) => Math.min(...values)),
      max: moments.map((values) => Math.max(...values)),
      capacity,
    };
  };
  const { capacity } = first;
  return {
    everySeconds: first.every / SECOND,
    portsInUse: seriesOf(({ portsInUse }) => portsInUse, capacity.ports),
    timeWait: seriesOf(({ timeWaits }) => timeWaits, capacity.timeWaits),
    conntrack: seriesOf(({ conntrack }) => conntrack, capacity.conntrack),
  };
}
