import { formatCount } from "../../study/format_count.ts";
import { plural } from "../wording.ts";
import { holds, type NodeProperty } from "./node_property.ts";
import { givenChurn, type CaseChurn } from "./node_case.ts";
import { sysctlValues, type NodeConfig } from "./node_config.ts";
import { possibleEras } from "./port_openness.ts";
import { atMostOf } from "./port_exhaustion.ts";
import { runCase } from "./run_case.ts";
import type { SearchBounds } from "./search_bounds.ts";

/** A case that fills a table slowly lasts at most so long. */
const SECONDS_MOST = 1_800;

/** Timeouts of a connection that comes and goes, in the order of its states, in seconds. */
const TIMEOUTS = ["syn_sent", "syn_recv", "time_wait", "close", "close_wait", "fin_wait", "last_ack"].map(
  (state) => `net.netfilter.nf_conntrack_tcp_timeout_${state}`,
);

/** The conntrack table never drops or evicts anything for want of room. */
export const CONNTRACK_FULL: NodeProperty = {
  name: "conntrack-never-fills",
  title: "The conntrack table is never full.",
  judge(config, bounds) {
    const churn = heaviestChurn(config, bounds);
    const probes = (config.pods ?? bounds.pods[1]) / shortestPeriod(config, bounds);
    let tightest = { room: Infinity, need: 0 };
    for (const era of possibleEras(config, bounds)) {
      const values = sysctlValues(config, era);
      const limit = values.number("net.netfilter.nf_conntrack_max");
      const kept = Math.max(...TIMEOUTS.map((name) => values.number(name))) + era.conntrackGcSeconds;
      // A NAT'ed connection is one entry; two copies of a rate are room for retransmitted and refused connections.
      const load = churn.reduce(
        (sum, flow) => sum + flow.ratePerSecond * (kept + flow.lastsSeconds),
        2 * probes * kept,
      );
      const need = Math.ceil(atMostOf(2 * load));
      if (limit > 0 && limit - need < tightest.room - tightest.need) tightest = { room: limit, need };
    }
    const { room, need } = tightest;
    if (room === Infinity) {
      return holds("structure", "There is no limit: net.netfilter.nf_conntrack_max is 0.");
    }
    const text = `Connections within the bounds keep at most ${formatCount(need)} entries, and there is room for ${formatCount(room)}.`;
    return need < room ? holds("structure", text) : { kind: "open", why: text };
  },
  test(one) {
    const { conntrack } = runCase(one);
    const { dropped, earlyDropped, peak, max } = conntrack;
    if (dropped + earlyDropped === 0) return undefined;
    return {
      what: `The table reaches ${formatCount(peak)} of ${formatCount(max)} entries: ${plural(dropped, "packet")} dropped, ${earlyDropped} evicted early.`,
      expect: [[dropped > 0 ? "conntrack.dropped" : "conntrack.earlyDropped", "above", 0]],
      figures: { peak, max, dropped, earlyDropped },
    };
  },
  *aims(one, bounds) {
    const churn = heaviestChurn(one.config, bounds);
    yield {
      ...one,
      nodePorts: [],
      listeners: one.config.listeners,
      pods: 1,
      masquerade: "off",
      churn,
      boot: 0,
      seconds: Math.min(SECONDS_MOST, Math.ceil(180 + Math.max(0, ...churn.map(({ lastsSeconds }) => lastsSeconds)))),
    };
  },
};

/** All that is given to connect or, where nothing is, as much as the bounds allow. */
function heaviestChurn({ flows }: NodeConfig, { churn, rate, lasts }: SearchBounds): readonly CaseChurn[] {
  if (flows !== undefined) return givenChurn(flows);
  return Array.from({ length: churn[1] }, () => ({
    from: "node",
    ratePerSecond: rate[1],
    closes: "client",
    lastsSeconds: lasts[1],
  }));
}

function shortestPeriod({ probes }: NodeConfig, { period }: SearchBounds): number {
  return probes === undefined ? period[0] : Math.min(...probes.map(({ probe }) => probe.periodSeconds));
}
