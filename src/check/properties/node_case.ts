import type { Probe } from "../../scenario/scenario.ts";
import type { Port } from "../../units.ts";
import type { GivenFlow, NodeConfig } from "./node_config.ts";

/** Connections that come and go beside the probes of a case. */
export interface CaseChurn {
  /** Who connects: the node or its first pod, to a host elsewhere; or such a host, to the first pod. */
  readonly from: "node" | "outside" | "pod";
  readonly ratePerSecond: number;
  readonly closes: "client" | "server" | "reset";
  /** How long each connection stays open after its answer. */
  readonly lastsSeconds: number;
}

/** The probe that every pod of a case has. */
export interface CaseProbe {
  readonly kind: "readiness" | "liveness";
  readonly handler: "httpGet" | "tcpSocket" | "grpc";
  readonly port: Port;
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly failureThreshold: number;
}

/** One node that a configuration allows, with all that happens on it: plain data, from which a scenario is written. */
export interface NodeCase {
  readonly config: NodeConfig;
  /** A build of the era table. */
  readonly kernel: string;
  readonly kubeProxy: string;
  /** Ascending; each is a Service of its own. */
  readonly nodePorts: readonly Port[];
  /** Ports on which processes of the node listen, ascending. */
  readonly listeners: readonly Port[];
  readonly pods: number;
  /** Which host of the pod network a lone pod is, from 1; the first free one if absent. */
  readonly podHost?: number;
  readonly probe: CaseProbe;
  readonly churn: readonly CaseChurn[];
  readonly masquerade: "off" | "on" | "random-fully";
  /** Which boot secret: the seed of the scenario. */
  readonly boot: number;
  readonly seconds: number;
}

/** The probe of a case that is as a given one. */
export function caseProbe(kind: CaseProbe["kind"], probe: Probe): CaseProbe | undefined {
  const { handler, periodSeconds, timeoutSeconds, failureThreshold } = probe;
  if (handler.kind === "exec") return undefined;
  return { kind, handler: handler.kind, port: handler.port, periodSeconds, timeoutSeconds, failureThreshold };
}

/** Given connections as those of a case. */
export function givenChurn(flows: readonly GivenFlow[]): readonly CaseChurn[] {
  return flows.map(({ from, ratePerSecond, closes, lastsSeconds }) => ({ from, ratePerSecond, closes, lastsSeconds }));
}

/** How large a case is, the weightiest measure first; shrinking makes it smaller in this order. */
function caseSize({ nodePorts, pods, churn, listeners, ...one }: NodeCase): readonly number[] {
  const rate = churn.reduce((sum, { ratePerSecond }) => sum + ratePerSecond, 0);
  const lasts = churn.reduce((sum, { lastsSeconds }) => sum + lastsSeconds, 0);
  return [nodePorts.length, pods, churn.length, rate, lasts, listeners.length, one.seconds, one.boot];
}

/** Whether a case is smaller than another. */
export function isSmaller(a: NodeCase, b: NodeCase): boolean {
  const other = caseSize(b);
  const place = caseSize(a).findIndex((measure, index) => measure !== other[index]);
  return place >= 0 && caseSize(a)[place]! < other[place]!;
}

/** How a case violates a property, and what its scenario therefore expects. */
export interface CaseViolation {
  /** One sentence with figures. */
  readonly what: string;
  /** Figures of `run/1` that `sim run` of the scenario shows. */
  readonly expect: readonly CaseExpectation[];
  /** Another setting, by paths of `--set`, that the scenario runs beside its own, under a name. */
  readonly variant?: { readonly name: string; readonly settings: Readonly<Record<string, string>> };
  /** Numbers for programs. */
  readonly figures: Readonly<Record<string, number | string | readonly number[]>>;
}

/** A figure of `run/1` with the number that it equals or exceeds. */
export type CaseExpectation = readonly [that: string, how: "above" | "equals", value: number];
