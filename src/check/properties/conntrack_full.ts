import { count, plural } from "../wording.ts";
import { holds, type NodeProperty } from "./node_property.ts";
import { sysctlValues } from "./node_config.ts";
import { possibleEras } from "./port_openness.ts";
import { atMostOf, highestRate } from "./port_exhaustion.ts";
import { runCase } from "./run_case.ts";

/** Timeouts of a connection that comes and goes, in the order of its states, in seconds. */
const TIMEOUTS = ["time_wait", "close", "close_wait", "fin_wait", "last_ack"].map(
  (state) => `net.netfilter.nf_conntrack_tcp_timeout_${state}`,
);

/** The conntrack table never drops or evicts anything for want of room. */
export const CONNTRACK_FULL: NodeProperty = {
  name: "conntrack-never-fills",
  title: "The conntrack table is never full.",
  judge(config, bounds) {
    const rate = highestRate(config, bounds) * bounds.churn[1] + bounds.pods[1] / bounds.period[0];
    let tightest = { room: Infinity, need: 0 };
    for (const era of possibleEras(config, bounds)) {
      const values = sysctlValues(config, era);
      const limit = values.number("net.netfilter.nf_conntrack_max");
      const kept = Math.max(...TIMEOUTS.map((name) => values.number(name))) + era.conntrackGcSeconds;
      // A NAT'ed connection is one entry; two copies of a rate are room for retransmitted and refused connections.
      const need = Math.ceil(atMostOf(2 * rate * kept));
      if (limit > 0 && limit - need < tightest.room - tightest.need) tightest = { room: limit, need };
    }
    const { room, need } = tightest;
    if (room === Infinity) {
      return holds("structure", "There is no limit: net.netfilter.nf_conntrack_max is 0.");
    }
    const text = `Connections within the bounds keep at most ${count(need)} entries, and there is room for ${count(room)}.`;
    return need < room ? holds("structure", text) : { kind: "open", why: text };
  },
  test(one) {
    const { conntrack } = runCase(one);
    const { dropped, earlyDropped, peak, max } = conntrack;
    if (dropped + earlyDropped === 0) return undefined;
    return {
      what: `The table reaches ${count(peak)} of ${count(max)} entries: ${plural(dropped, "packet")} dropped, ${earlyDropped} evicted early.`,
      expect: [[dropped > 0 ? "conntrack.dropped" : "conntrack.earlyDropped", "above", 0]],
      figures: { peak, max, dropped, earlyDropped },
    };
  },
  *aims(one, bounds) {
    const ratePerSecond = highestRate(one.config, bounds);
    const flows = Math.max(1, bounds.churn[1]);
    yield {
      ...one,
      nodePorts: [],
      listeners: one.config.listeners,
      pods: 1,
      masquerade: "off",
      churn: Array.from({ length: flows }, () => ({ from: "node", ratePerSecond, closes: "client" })),
      boot: 0,
      seconds: 180,
    };
  },
};
