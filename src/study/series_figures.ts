import type { GaugeReadings, GaugeStretch } from "../cluster/gauges.ts";
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
  /**
   * Conntrack entries, of `net.netfilter.nf_conntrack_max`, in the stretch that ends with each reading; the capacity is
   * 0 without connection tracking.
   */
  readonly conntrack: GaugeSeries;
}

/** Joins the readings of all boots; `undefined` unless each of them has some. */
export function seriesFigures(results: readonly ReplicationResult[]): SeriesDocument | undefined {
  const boots = results.flatMap(({ gauges }) => gauges ?? []);
  const [first] = boots;
  if (first === undefined || boots.length < results.length) return undefined;
  const seriesOf = (read: (boot: GaugeReadings) => readonly GaugeStretch[], capacity: number): GaugeSeries => {
    const stretches = read(first).map((_, place) => boots.flatMap((boot) => read(boot).slice(place, place + 1)));
    return {
      mean: stretches.map((all) => all.reduce((sum, { mean }) => sum + mean, 0) / all.length),
      min: stretches.map((all) => all.reduce((low, { least }) => Math.min(low, least), Infinity)),
      max: stretches.map((all) => all.reduce((high, { most }) => Math.max(high, most), 0)),
      capacity,
    };
  };
  const { capacity } = first;
  return {
    everySeconds: first.every / SECOND,
    portsInUse: seriesOf(({ portsInUse }) => portsInUse.map(steady), capacity.ports),
    timeWait: seriesOf(({ timeWaits }) => timeWaits.map(steady), capacity.timeWaits),
    conntrack: seriesOf(({ conntrack }) => conntrack, capacity.conntrack),
  };
}

/** A stretch with one reading. */
function steady(count: number): GaugeStretch {
  return { mean: count, least: count, most: count };
}
