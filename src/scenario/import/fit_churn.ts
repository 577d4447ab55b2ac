import { poissonInterval } from "./poisson_interval.ts";
import type { Flow } from "./flow_table.ts";
import type { ChurnPlan, FlowEnd } from "./import_plan.ts";
import { compareTexts } from "../compare_texts.ts";

/** How long a TIME-WAIT socket stands. Source: include/net/tcp.h TCP_TIMEWAIT_LEN, v6.1. */
export const TIME_WAIT_SECONDS = 60;

/** How long a connection is taken to last that was open in the export, seconds. */
export const KEPT_SECONDS = 600;

/** How long conntrack keeps what has ended, seconds, and whether sockets were exported beside it. */
export interface TrackedSeconds {
  /** `nf_conntrack_tcp_timeout_time_wait`. */
  readonly timeWait: number;
  /** `nf_conntrack_tcp_timeout_close`. */
  readonly close: number;
  readonly hasSockets: boolean;
}

/** Workloads that are told apart; what is smaller is taken together. */
const CHURN_MOST = 400;

/** A host elsewhere has 28,232 source ports, which a connection that it closes holds for a minute. */
const PER_MINUTE_MOST = 6000;

/** A rate of one flow, before it has a name. */
type Rate = Omit<ChurnPlan, "name" | "to"> & { readonly address: string };

/** The workloads of a scenario, and how many were taken together. */
export interface FittedChurn {
  readonly churn: readonly Rate[];
  readonly merged: number;
}

/**
 * Rates of connections from what is left of them. A TIME-WAIT socket stands at the end that closed first for a minute, so
 * as many as there are were closed in the last minute. conntrack keeps an entry for each, whoever closed: what it has
 * beyond the sockets was closed by the other end. Entries in CLOSE were reset; open connections become such that last.
 *
 * @param flows without probes.
 */
export function fitChurn(flows: readonly Flow[], seconds: TrackedSeconds): FittedChurn {
  const rates = flows.flatMap((flow) => ratesOf(flow, seconds));
  return mergeSmall(rates.toSorted((a, b) => b.perMinute - a.perMinute || compareTexts(keyOf(a), keyOf(b))));
}

function ratesOf(flow: Flow, seconds: TrackedSeconds): Rate[] {
  const { from, address, port, clientTimeWait, serverTimeWait, trackedTimeWait, trackedClose } = flow;
  const base = { from, address, port, arrivals: "poisson" as const, isKept: false };
  const rates: Rate[] = [];
  const add = (count: number, perMinute: number, closes: Rate["closes"], what: string): void => {
    if (count > 0) rates.push({ ...base, perMinute, closes, comment: comment(count, perMinute / count, what) });
  };
  add(clientTimeWait, clientTimeWait, "client", "TIME-WAIT sockets of the client");
  add(serverTimeWait, serverTimeWait, "server", "TIME-WAIT sockets of the server");
  const factor = TIME_WAIT_SECONDS / seconds.timeWait;
  const rest = trackedTimeWait * factor - clientTimeWait - serverTimeWait;
  const isSeen = clientTimeWait + serverTimeWait > 0;
  const noise = 3 * Math.sqrt(trackedTimeWait * factor * factor + clientTimeWait + serverTimeWait);
  if (!isSeen || rest > noise) {
    // The node's own end would show TIME-WAIT sockets, had it closed first.
    const closer = from.kind === "node" && seconds.hasSockets ? "server" : "client";
    const count = Math.round(rest / factor);
    const beyond = isSeen ? " beyond what the sockets explain" : "";
    add(count, rest, closer, `conntrack entries in TIME_WAIT${beyond}`);
  }
  add(trackedClose, (trackedClose * 60) / seconds.close, "reset", "conntrack entries in CLOSE");
  const kept = Math.max(flow.established, flow.trackedEstablished);
  if (kept > 0) {
    const tail = flow.trackedEstablished > 0 ? seconds.close : 0;
    rates.push({
      ...base,
      perMinute: (kept * 60) / (KEPT_SECONDS + tail),
      closes: "reset",
      isKept: true,
      comment: `Open connections: ${kept}. Assumed: they last ten minutes, which a snapshot does not tell.`,
    });
  }
  return rates;
}

function comment(count: number, factor: number, what: string): string {
  const [low, high] = poissonInterval(count);
  return `${count} ${what}: ${shortNumber(low * factor)} to ${shortNumber(high * factor)} a minute (95 %).`;
}

/** A number with three significant digits. */
export function shortNumber(value: number): string {
  return value >= 1000 ? `${Math.round(value)}` : `${Number(value.toPrecision(3))}`;
}

/** Keeps the largest; the others join the largest of those that come from the same end, or that go to it. */
function mergeSmall(rates: readonly Rate[]): FittedChurn {
  const own = rates.slice(0, CHURN_MOST);
  const small = rates.slice(CHURN_MOST);
  const groups = new Map<string, { readonly first: Rate; perMinute: number; count: number }>();
  for (const rate of small) {
    const end = rate.from.kind === "address" ? `>${rate.address}:${rate.port}` : endKey(rate.from);
    let part = 0;
    for (;;) {
      const key = `${end} ${rate.closes} ${rate.isKept} ${part}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { first: rate, perMinute: rate.perMinute, count: 1 });
      else if (group.perMinute + rate.perMinute > PER_MINUTE_MOST) {
        part += 1;
        continue;
      } else {
        group.perMinute += rate.perMinute;
        group.count += 1;
      }
      break;
    }
  }
  const joined = [...groups.values()].map(({ first, perMinute, count }): Rate => {
    if (count === 1) return first;
    return { ...first, perMinute, comment: `${count} small flows taken together, as if all were the largest of them.` };
  });
  return { churn: [...own, ...joined], merged: small.length };
}

function endKey(end: FlowEnd): string {
  if (end.kind === "node") return "";
  return end.kind === "named" ? `${end.namespace}/${end.name}` : end.address;
}

function keyOf({ from, address, port, closes, isKept }: Rate): string {
  return `${endKey(from)}>${address}:${port} ${closes} ${isKept}`;
}
