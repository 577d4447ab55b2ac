import type { ReplicationResult } from "../cluster/replication_result.ts";
import { greatestCommonDivisor } from "../kernel/greatest_common_divisor.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { cursorWarnings, probabilityFrom } from "./exact_probability.ts";
import { enumerateStarts, type StartsInput } from "./port_starts.ts";
import { SECOND } from "../units.ts";
import type { ExactDocument } from "./run_document.ts";

const EPOCH_SECONDS = 10;

/**
 * The exact value beside a run's estimate: what `connect()` gives in the long run, for the NodePorts, reservations and
 * held ports that each replication had, averaged over the replications.
 */
export function exactForRun(scenario: Scenario, results: readonly ReplicationResult[]): ExactDocument {
  if (scenario.nodes.length > 1)
    return { declined: "There are several nodes, and the exact value is that of one kernel with its ports." };
  if (scenario.timeline.length > 0)
    return { declined: "The timeline changes the run, and the exact value is that of a node that stays as it is." };
  const byExposure = new Map<string, { readonly value: ExactDocument; count: number }>();
  for (const { exposure } of results) {
    const key = JSON.stringify([exposure.portRange, exposure.intercepted, exposure.heldPorts, exposure.reservedPorts]);
    const known = byExposure.get(key);
    if (known === undefined) byExposure.set(key, { value: knownExact(scenario, exposure, key), count: 1 });
    else known.count += 1;
  }
  let weighted = 0;
  const assumptions = new Set<string>();
  for (const { value, count } of byExposure.values()) {
    if ("declined" in value) return value;
    weighted += value.probability * count;
    for (const assumption of value.assumptions) assumptions.add(assumption);
  }
  // One exposure needs no division, which could cost the last bit.
  const [only] = byExposure.values();
  if (byExposure.size === 1 && only !== undefined) return only.value;
  return {
    probability: weighted / results.length,
    assumptions: [`Averaged over the ${results.length} replications, each with its own NodePorts.`, ...assumptions],
  };
}

/** Values that are known already: a run asks for them at each look, and the walk through all ports takes a while. */
const KNOWN = new WeakMap<Scenario, Map<string, ExactDocument>>();

function knownExact(scenario: Scenario, exposure: ReplicationResult["exposure"], key: string): ExactDocument {
  const known = KNOWN.get(scenario) ?? new Map<string, ExactDocument>();
  KNOWN.set(scenario, known);
  const value = known.get(key) ?? exactOfExposure(scenario, exposure);
  known.set(key, value);
  return value;
}

/** Warnings about traffic that is periodic throughout and meets only a part of the ports. */
export function trafficWarnings(scenario: Scenario, results: readonly ReplicationResult[]): readonly string[] {
  const first = results[0];
  if (first === undefined || randomRate(scenario) > 0 || scenario.nodes.length > 1) return [];
  const period = commonPeriodSeconds(scenario);
  if (period === undefined) return [];
  return cursorWarnings({
    walk: scenario.kernel.era.portWalk,
    range: first.exposure.portRange,
    connectsPerPeriod: connectsPerSecond(scenario) * period,
  });
}

/** How long TIME_WAIT keeps a port from its destination. */
const TIME_WAIT_SECONDS = 60;

function exactOfExposure(scenario: Scenario, exposure: ReplicationResult["exposure"]): ExactDocument {
  const exhausted = exhaustedDestination(scenario, exposure);
  if (exhausted !== undefined) return { declined: exhausted };
  const input = startsInputOf(scenario, exposure);
  const starts = enumerateStarts(input);
  const valueFor = (perEpoch: number): ExactDocument =>
    probabilityFrom(starts, {
      ...input,
      stepWidth: stepWidthOf(scenario),
      probesPerEpochAtMostOne: perEpoch <= 1,
      ...(perEpoch > 1 ? { connectsPerEpoch: perEpoch } : {}),
      randomConnectsPerPeriod: randomRate(scenario) * longestPeriodSeconds(scenario),
    });
  if (scenario.kernel.era.portWalk !== "5.18+") return valueFor(1);
  const probesByPace = new Map<number, number>();
  for (const { probes, connects } of destinationsPerEpoch(scenario)) {
    probesByPace.set(connects, (probesByPace.get(connects) ?? 0) + probes);
  }
  if (probesByPace.size === 0) return valueFor(1);
  return weighed([...probesByPace].map(([pace, probes]) => ({ pace, probes, value: valueFor(pace) })));
}

/** What decides where the walks of a boot end. */
export function startsInputOf(scenario: Scenario, exposure: ReplicationResult["exposure"]): StartsInput {
  const held = new Set(exposure.heldPorts);
  const reserved = new Set(exposure.reservedPorts);
  return {
    walk: scenario.kernel.era.portWalk,
    range: exposure.portRange,
    isReserved: (port) => reserved.has(port),
    isHeld: (port) => held.has(port),
    nodePorts: exposure.intercepted,
  };
}

/** `ip_local_port_step_width`; 0 where it is not set. The scenario's own check has read its text, which may be hexadecimal. */
function stepWidthOf({ sysctls }: Scenario): number {
  return Number(sysctls.findLast(([name]) => name === "net.ipv4.ip_local_port_step_width")?.[1] ?? 0);
}

/** Why ports to a probed destination run out: what connects there keeps more of them than there are. */
function exhaustedDestination(scenario: Scenario, exposure: ReplicationResult["exposure"]): string | undefined {
  const mayReuse = scenario.sysctls.some(([name, text]) => name === "net.ipv4.tcp_tw_reuse" && text.trim() === "1");
  if (mayReuse) return undefined;
  const [low, high] = exposure.portRange;
  const ports = high - low + 1 - new Set([...exposure.heldPorts, ...exposure.reservedPorts]).size;
  for (const { name, from, to, ratePerSecond, closes, lasts = 0 } of scenario.churn) {
    const probesPerSecond = tcpProbesPerSecond(scenario, to);
    const keepsSeconds = lasts / SECOND + (closes === "client" ? TIME_WAIT_SECONDS : 0);
    const kept = ratePerSecond * keepsSeconds + probesPerSecond * TIME_WAIT_SECONDS;
    const isFromNode = from === "node" || from === scenario.node.name;
    if (!isFromNode || probesPerSecond === 0 || kept < ports) continue;
    return (
      `the ${ports} ports to one probed destination run out: ${name} opens ${Number(ratePerSecond.toPrecision(3))} connections a ` +
      `second to it, and each keeps its port for ${Number(keepsSeconds.toPrecision(3))} s`
    );
  }
  return undefined;
}

/** Probes of a destination that leave their TIME_WAIT at the node. */
function tcpProbesPerSecond(scenario: Scenario, to: Scenario["churn"][number]["to"]): number {
  let rate = 0;
  for (const { address, readinessProbe, livenessProbe } of scenario.pods) {
    for (const probe of [readinessProbe, livenessProbe]) {
      const isClosedByKubelet = probe?.handler.kind === "tcpSocket" || probe?.handler.kind === "grpc";
      if (isClosedByKubelet && address === to.address && probe.handler.port === to.port)
        rate += 1 / probe.periodSeconds;
    }
  }
  return rate;
}

/** The value for one probe of any destination, where the destinations are connected to at different paces. */
function weighed(
  parts: readonly { readonly pace: number; readonly probes: number; readonly value: ExactDocument }[],
): ExactDocument {
  let failing = 0;
  let total = 0;
  const [first] = parts;
  let common = first === undefined || "declined" in first.value ? [] : first.value.assumptions;
  const values = new Set<number>();
  for (const { probes, value } of parts) {
    if ("declined" in value) return value;
    failing += value.probability * probes;
    total += probes;
    values.add(value.probability);
    common = common.filter((assumption) => value.assumptions.includes(assumption));
  }
  // Where all agree no division takes part, which could cost the last bit.
  if (values.size === 1 && first !== undefined) return first.value;
  const paces = parts.map(({ pace }) => Number(pace.toPrecision(3))).toSorted((a, b) => a - b);
  const weights = `Destinations weigh by their probes; they get ${paces.slice(0, -1).join(", ")} or ${paces.at(-1)} connects in an epoch.`;
  return { probability: failing / total, assumptions: [...common, weights] };
}

/** The seconds between probes of every worker. */
function periods(scenario: Scenario): readonly number[] {
  return scenario.pods.flatMap((pod) =>
    [pod.readinessProbe, pod.livenessProbe].flatMap((probe) => (probe === undefined ? [] : [probe.periodSeconds])),
  );
}

function longestPeriodSeconds(scenario: Scenario): number {
  return Math.max(0, ...periods(scenario));
}

/** Probes, and connects of any kind, that a destination gets in one 10-s epoch. */
export interface DestinationPace {
  probes: number;
  connects: number;
}

/** The paces of all probed destinations (address and port). */
export function destinationsPerEpoch(scenario: Scenario): readonly DestinationPace[] {
  const byDestination = new Map<string, DestinationPace>();
  const dns = scenario.nodeLocalDns;
  const targets = [...scenario.pods, ...(dns === undefined ? [] : [dns])];
  for (const target of targets) {
    const probes = "healthPort" in target ? [target.livenessProbe] : [target.readinessProbe, target.livenessProbe];
    for (const probe of probes) {
      if (probe === undefined || probe.handler.kind === "exec") continue;
      const key = `${target.address}:${probe.handler.port}`;
      const pace = byDestination.get(key) ?? { probes: 0, connects: 0 };
      byDestination.set(key, pace);
      pace.probes += EPOCH_SECONDS / probe.periodSeconds;
      pace.connects += EPOCH_SECONDS / probe.periodSeconds;
    }
  }
  const others = [
    ...(dns?.selfCheck === true ? [{ to: { address: dns.address, port: dns.healthPort }, ratePerSecond: 1 }] : []),
    ...scenario.churn.filter(({ from }) => from === "node"),
  ];
  for (const { to, ratePerSecond } of others) {
    const pace = byDestination.get(`${to.address}:${to.port}`);
    if (pace !== undefined) pace.connects += EPOCH_SECONDS * ratePerSecond;
  }
  return [...byDestination.values()];
}

/** Connects a second that come at random times. */
function randomRate(scenario: Scenario): number {
  return scenario.churn.reduce(
    (sum, { arrivals, ratePerSecond, source }) =>
      sum + (arrivals === "poisson" && source === undefined ? ratePerSecond : 0),
    0,
  );
}

function connectsPerSecond(scenario: Scenario): number {
  const probes = periods(scenario).reduce((sum, period) => sum + 1 / period, 0);
  // A host elsewhere has a cursor of its own.
  const churn = scenario.churn.reduce(
    (sum, { ratePerSecond, source }) => sum + (source === undefined ? ratePerSecond : 0),
    0,
  );
  return probes + churn + (scenario.nodeLocalDns?.selfCheck === true ? 1 : 0);
}

/** The period after which all probes repeat, if it is at most an hour. */
function commonPeriodSeconds(scenario: Scenario): number | undefined {
  let common = 1;
  for (const period of periods(scenario)) {
    common = (common * period) / greatestCommonDivisor(common, period);
    if (common > 3600) return undefined;
  }
  return common;
}
