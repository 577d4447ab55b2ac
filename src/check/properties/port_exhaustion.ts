import { formatCount } from "../../study/format_count.ts";
import { plural } from "../wording.ts";
import type { NodeConfig } from "./node_config.ts";
import { holds, type NodeProperty } from "./node_property.ts";
import { portViewOf, possibleEras } from "./port_openness.ts";
import { runCase } from "./run_case.ts";
import type { SearchBounds } from "./search_bounds.ts";

/** Seconds for which a connection and its TIME_WAIT keep a source port from one destination, answer time included. */
const KEPT_SECONDS = 64;

/** Ports that a pod has: its namespace begins with the kernel's own range. */
const POD_PORTS = 28_232;

/** No connect() fails with EADDRNOTAVAIL. */
export const PORT_EXHAUSTION: NodeProperty = {
  name: "ports-never-run-out",
  title: "No connect() fails with EADDRNOTAVAIL.",
  judge(config, bounds) {
    const { ratePerSecond: rate, lastsSeconds } = busiest(config, bounds);
    const need = Math.ceil(atMostOf(rate * (KEPT_SECONDS + lastsSeconds)) + KEPT_SECONDS / bounds.period[0]);
    const views = possibleEras(config, bounds).map((era) => portViewOf(config, era));
    const open = Math.min(POD_PORTS, ...views.map(({ openCount }) => openCount)) - bounds.listeners[1];
    const text = `At most ${formatCount(need)} ports are kept from one destination at ${rate} connects a second`;
    return need < open
      ? holds("structure", `${text}, and ${formatCount(open)} are open.`)
      : { kind: "open", why: `${text}, and only ${formatCount(Math.max(0, open))} are open.` };
  },
  test(one) {
    const { probes, workloads } = runCase(one);
    const failedProbes = probes.byCause["port-exhaustion"];
    const failed = workloads.reduce((sum, { byCause }) => sum + byCause["port-exhaustion"], failedProbes);
    if (failed === 0) return undefined;
    const connects = workloads.reduce((sum, workload) => sum + workload.connects, probes.total);
    const worst = workloads.find(({ byCause }) => byCause["port-exhaustion"] > 0);
    return {
      what: `${failed} of ${plural(connects, "connect")} ${failed === 1 ? "finds" : "find"} no free source port (EADDRNOTAVAIL).`,
      expect: [
        failedProbes > 0
          ? ["probes.byCause.port-exhaustion", "above", 0]
          : [`workloads.${worst?.name ?? "churn-0"}.byCause.port-exhaustion`, "above", 0],
      ],
      figures: { connects, failed },
    };
  },
  *aims(one, bounds) {
    const { ratePerSecond, lastsSeconds } = busiest(one.config, bounds);
    yield {
      ...one,
      nodePorts: [],
      listeners: one.config.listeners,
      pods: 1,
      masquerade: "off",
      churn: [{ from: "node", ratePerSecond, closes: "client", lastsSeconds }],
      boot: 0,
      seconds: Math.ceil(KEPT_SECONDS + lastsSeconds),
    };
  },
};

/** The destination that keeps the most ports of one of its sources: a given one or, where none is, one at the bounds. */
function busiest({ flows }: NodeConfig, { rate, churn, lasts }: SearchBounds) {
  if (flows === undefined) return { ratePerSecond: churn[1] === 0 ? 0 : rate[1], lastsSeconds: lasts[1] };
  const byDestination = new Map<string, { ratePerSecond: number; lastsSeconds: number }>();
  // A host elsewhere takes ports of its own.
  for (const flow of flows.filter(({ from }) => from !== "outside")) {
    const one = byDestination.get(flow.to) ?? { ratePerSecond: 0, lastsSeconds: 0 };
    one.ratePerSecond += flow.ratePerSecond;
    one.lastsSeconds = Math.max(one.lastsSeconds, flow.lastsSeconds);
    byDestination.set(flow.to, one);
  }
  const [most = { ratePerSecond: 0, lastsSeconds: 0 }] = [...byDestination.values()].toSorted(
    (a, b) => portsKept(b) - portsKept(a),
  );
  return most;
}

function portsKept(one: { readonly ratePerSecond: number; readonly lastsSeconds: number }): number {
  return one.ratePerSecond * (KEPT_SECONDS + one.lastsSeconds);
}

/** What a Poisson count of a mean stays below but once in a thousand million times. */
export function atMostOf(mean: number): number {
  return mean + 6 * Math.sqrt(mean) + 12;
}
