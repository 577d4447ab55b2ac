import { formatProbability } from "../../study/format_count.ts";
import type { NodeCase } from "./node_case.ts";
import { caseProbe, givenChurn } from "./node_case.ts";
import type { NodeConfig } from "./node_config.ts";
import { judgeNodePorts } from "./probe_nodeport.ts";
import { portViewOf, possibleEras, possibleNodePorts } from "./port_openness.ts";
import type { PropertyResult } from "./property_result.ts";
import { runCase } from "./run_case.ts";
import { DEFAULT_BOUNDS, type SearchBounds } from "./search_bounds.ts";
import { SequentialTest } from "./sequential_test.ts";

/** How a share of failed probes is held against a limit. */
export interface ShareRequest {
  /** The share of probes that may fail because of NodePorts: above 0, below 1. */
  readonly atMost: number;
  readonly bounds?: SearchBounds;
  /** How often a node at the limit is called above it, and one at the limit below it; 0.01 each if absent. */
  readonly falseAlarm?: number;
  /** The first boot; the next ones follow. 1 if absent. */
  readonly seed?: number;
  /** Boots; 200 if absent. */
  readonly boots?: number;
  /** Milliseconds of `clock` after which no further boot is begun; no limit if absent. */
  readonly budgetMs?: number;
  /** Milliseconds from any moment. Without it there is no budget. */
  readonly clock?: () => number;
}

const NAME = "probes-fail-at-most";
const USUAL_FALSE_ALARM = 0.01;
const USUAL_BOOTS = 200;

/**
 * Whether the share of probes that fail because of NodePorts stays within a limit: by structure, by the exact value of
 * the long run where there is one for every kernel and the worst NodePorts within the bounds, else by a sequential test
 * over boots of the largest node within the bounds.
 *
 * @example
 * ```ts
 * const sysctls = "net.ipv4.ip_local_reserved_ports = 30000-32767";
 * const { ok, method } = judgeProbeShare(nodeConfig({ kernel: "6.1", sysctls }), { atMost: 1e-4 });
 * console.log(ok, method); // true structure
 * ```
 */
export function judgeProbeShare(config: NodeConfig, request: ShareRequest): PropertyResult {
  const { atMost, bounds = DEFAULT_BOUNDS, seed = 1 } = request;
  const limit = `the limit ${formatProbability(atMost)}`;
  const title = `At most ${formatProbability(atMost)} of all probes fail because of NodePorts.`;
  const about = { name: NAME, title, target: config.target, seed, shrinks: 0 };
  const judged = judgeNodePorts(config, bounds);
  if (judged.kind === "holds") {
    return { ...about, ok: true, verdict: "holds", method: "structure", why: judged.why, cases: 0 };
  }
  const worst = worstShare(config, bounds);
  if (worst !== undefined) {
    const ok = worst <= atMost;
    const why = `The exact share is ${formatProbability(worst)} in the long run${config.nodePorts === undefined ? " with the worst NodePorts within the bounds" : ""}, and ${limit}.`;
    return { ...about, ok, verdict: ok ? "holds" : "violated", method: "exact", why, cases: 0 };
  }
  const { verdict, boots, share } = testedShare(config, { ...request, bounds, seed });
  const seen = `${boots} boots show ${formatProbability(share)}`;
  const alarm = request.falseAlarm ?? USUAL_FALSE_ALARM;
  const tested = { ...about, method: "sequential-test", cases: boots } as const;
  if (verdict === "undecided") {
    return {
      ...tested,
      ok: true,
      verdict,
      why: `${seen}, too few to tell it from ${limit} (error ${alarm} on each side).`,
    };
  }
  const ok = verdict === "below";
  const why = `${seen}: ${ok ? "below" : "above"} ${limit}, with an error of at most ${alarm}.`;
  return { ...tested, ok, verdict: ok ? "holds" : "violated", why };
}

/** The highest exact share over the kernels and NodePorts that are possible; `undefined` where one has no closed value. */
function worstShare(config: NodeConfig, bounds: SearchBounds): number | undefined {
  let worst = 0;
  for (const era of possibleEras(config, bounds)) {
    const view = portViewOf(config, era);
    const possible = possibleNodePorts(config, bounds);
    const likeliest = possible.toSorted((a, b) => view.weight(b) - view.weight(a) || a - b);
    const exact = view.exact(config.nodePorts === undefined ? likeliest.slice(0, bounds.services[1]) : possible);
    if ("declined" in exact) return undefined;
    worst = Math.max(worst, exact.probability);
  }
  return worst;
}

function testedShare(
  config: NodeConfig,
  request: ShareRequest & { readonly bounds: SearchBounds; readonly seed: number },
) {
  const { atMost, bounds, seed, falseAlarm = USUAL_FALSE_ALARM, budgetMs = Infinity, clock } = request;
  const test = new SequentialTest({ limit: atMost, falseAlarm });
  const begun = clock?.() ?? 0;
  let failed = 0;
  let total = 0;
  for (let boot = 0; boot < (request.boots ?? USUAL_BOOTS) && test.verdict === "undecided"; boot += 1) {
    if (clock !== undefined && clock() - begun > budgetMs) break;
    const { probes } = runCase(largestCase(config, bounds, seed + boot));
    const own = probes.byCause["nodeport-collision"];
    failed += own;
    total += probes.total;
    test.add(probes.total === 0 ? 0 : own / probes.total);
  }
  return { verdict: test.verdict, boots: test.count, share: total === 0 ? 0 : failed / total };
}

/** A node with all that is given, and the most pods and NodePorts of what is not. */
function largestCase(config: NodeConfig, bounds: SearchBounds, boot: number): NodeCase {
  const [given] = config.probes ?? [];
  const probe = given === undefined ? undefined : caseProbe(given.kind, given.probe);
  const usual = { kind: "readiness", handler: "tcpSocket", port: 8_080, timeoutSeconds: 1 } as const;
  const nodePorts = config.nodePorts ?? possibleNodePorts(config, bounds).slice(0, bounds.services[1]);
  return {
    config,
    kernel: config.era?.build ?? bounds.kernels[0] ?? "6.12",
    kubeProxy: config.kubeProxy ?? bounds.kubeProxies.at(-1) ?? "1.33.4",
    nodePorts,
    listeners: config.listeners.filter((port) => !nodePorts.includes(port)),
    pods: config.pods ?? bounds.pods[1],
    probe: probe ?? { ...usual, periodSeconds: bounds.period[1], failureThreshold: bounds.threshold[0] },
    churn: givenChurn(config.flows ?? []),
    masquerade: "off",
    boot,
    seconds: bounds.seconds[1],
  };
}
