import { TIME_WAIT_SECONDS, type TrackedSeconds } from "./fit_churn.ts";
import type { Flow } from "./flow_table.ts";
import type { NodeLocalDnsPlan, PodPlan } from "./import_plan.ts";
import type { ExtraProbe } from "./plan_pods.ts";
import { poissonInterval } from "./poisson_interval.ts";

/** Connects a minute that probes of one address and port make. */
export interface ProbeRate {
  /** TCP and gRPC probes, which the kubelet closes first. */
  readonly first: number;
  /** HTTP probes, which either end may. */
  readonly either: number;
}

/** How many HTTP probes the kubelet closes first. */
export interface ProbeShare {
  readonly share: number;
  readonly comment: string;
}

/** The connects of all probes by `address:port`. */
export function probeTraffic(
  pods: readonly PodPlan[],
  primaryAddress: string,
  extra: readonly ExtraProbe[],
): ReadonlyMap<string, ProbeRate> {
  const rates = new Map<string, ProbeRate>();
  const add = (key: string, { first, either }: ProbeRate): void => {
    const known = rates.get(key) ?? { first: 0, either: 0 };
    rates.set(key, { first: known.first + first, either: known.either + either });
  };
  const addresses = new Map<string, string>();
  for (const { namespace, name, address = primaryAddress, probes } of pods) {
    addresses.set(`${namespace}/${name}`, address);
    for (const probe of [probes.readinessProbe, probes.livenessProbe]) {
      if (probe?.port === undefined) continue;
      const perMinute = 60 / (probe.times["periodSeconds"] ?? 10);
      const isHttp = probe.handler === "httpGet";
      add(`${address}:${probe.port}`, { first: isHttp ? 0 : perMinute, either: isHttp ? perMinute : 0 });
    }
  }
  for (const { namespace, name, port, periodSeconds } of extra) {
    const address = addresses.get(`${namespace}/${name}`);
    if (address !== undefined) add(`${address}:${port}`, { first: 60 / periodSeconds, either: 0 });
  }
  return rates;
}

/** What flows are divided by. */
export interface ProbeSetting {
  readonly expected: ReadonlyMap<string, ProbeRate>;
  readonly seconds: TrackedSeconds;
  readonly nodeLocalDns: NodeLocalDnsPlan | undefined;
}

/**
 * Takes the probes out of the flows: those from the node to an address and port that has one. What is there beyond all
 * that its probes can leave is somebody else's, and stays.
 */
export function splitProbes(
  flows: readonly Flow[],
  { expected, seconds, nodeLocalDns }: ProbeSetting,
): { readonly rest: readonly Flow[]; readonly probes: number; readonly share?: ProbeShare } {
  const rest: Flow[] = [];
  let [probes, seen, asked] = [0, 0, 0];
  for (const flow of flows) {
    const rate = flow.from.kind === "node" ? expected.get(`${flow.address}:${flow.port}`) : undefined;
    const isSelfCheck = flow.from.kind === "node" && flow.address === nodeLocalDns?.address;
    if (rate === undefined) {
      if (!isSelfCheck || flow.port !== nodeLocalDns?.healthPort) rest.push(flow);
      continue;
    }
    probes += 1;
    const most = rate.first + rate.either;
    if (rate.first === 0) {
      asked += rate.either;
      seen += Math.min(flow.clientTimeWait, most);
    }
    if (flow.clientTimeWait > most + 4 * Math.sqrt(most) + 4) rest.push(withoutProbes(flow, most, seconds));
  }
  if (asked < 30 || !seconds.hasSockets) return { rest, probes };
  const [low, high] = poissonInterval(seen);
  const percent = (value: number): string => `${Math.round(Math.min(1, value / asked) * 100)} %`;
  const comment = `Measured: ${seen} TIME-WAIT sockets of ${Math.round(asked)} HTTP probes a minute (${percent(low)} to ${percent(high)}).`;
  return { rest, probes, share: { share: Number((seen / asked).toPrecision(3)), comment } };
}

function withoutProbes(flow: Flow, perMinute: number, { timeWait }: TrackedSeconds): Flow {
  const tracked = flow.trackedTimeWait - (perMinute * timeWait) / TIME_WAIT_SECONDS;
  return {
    ...flow,
    clientTimeWait: Math.round(flow.clientTimeWait - perMinute),
    trackedTimeWait: Math.max(0, Math.round(tracked)),
    trackedClose: 0,
  };
}
