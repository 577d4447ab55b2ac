import { resolveKernel } from "../../kernel/eras.ts";
import { readPortSpan, readVersion } from "../../scenario/values.ts";
import { closestWord } from "../../scenario/spelling.ts";
import type { Port } from "../../units.ts";

/** A lowest and a highest number, both included. */
export type Bound = readonly [least: number, most: number];

/** How NodePorts lie: drawn one by one, side by side, or out of a list. */
export type Clustering = "random" | "contiguous" | "listed";

/** Within what a search generates; what the configuration gives is taken from there. */
export interface SearchBounds {
  /** NodePorts at once. */
  readonly services: Bound;
  readonly clustering: readonly Clustering[];
  /** The ports of `listed`. */
  readonly listed: readonly Port[];
  readonly pods: Bound;
  /** Processes of the node that listen, beside those that are given. */
  readonly listeners: Bound;
  /** Destinations that something beside the probes connects to. */
  readonly churn: Bound;
  /** Connections a second to one destination. */
  readonly rate: Bound;
  /** Seconds for which a connection stays open after its answer. */
  readonly lasts: Bound;
  /** Seconds between probes. */
  readonly period: Bound;
  /** Failures in a row after which the kubelet acts. */
  readonly threshold: Bound;
  /** One build of each port walk, and of each way to hash. */
  readonly kernels: readonly string[];
  readonly kubeProxies: readonly string[];
  /** Whether pods are masqueraded, where the configuration does not say. */
  readonly masquerade: readonly ("off" | "on" | "random-fully")[];
  /** Boot secrets, as numbers that become the seed of a scenario. */
  readonly boots: Bound;
  /** Simulated seconds of one case. */
  readonly seconds: Bound;
}

/** Bounds of an ordinary node: up to 30 NodePorts, 20 probed pods, 50 connections a second to one destination. */
export const DEFAULT_BOUNDS: SearchBounds = {
  services: [1, 30],
  clustering: ["random", "contiguous"],
  listed: [],
  pods: [1, 20],
  listeners: [0, 2],
  churn: [0, 2],
  rate: [1, 50],
  lasts: [0, 5],
  period: [1, 10],
  threshold: [3, 3],
  kernels: ["3.10", "3.10.0-1160.el7", "4.19", "5.4.188", "5.10.119", "5.15.24", "6.12"],
  kubeProxies: ["1.18.20", "1.23.10", "1.33.4"],
  masquerade: ["off", "on"],
  boots: [0, 9_999],
  seconds: [10, 120],
};

/** The numbers that a bound of the command line may have. */
const LIMITS: Readonly<Record<string, Bound>> = {
  services: [0, 2_000],
  pods: [1, 200],
  listeners: [0, 100],
  churn: [0, 20],
  rate: [1, 2_000],
  lasts: [0, 3_600],
  period: [1, 3_600],
  threshold: [1, 10],
  boots: [0, 1_000_000_000],
  seconds: [5, 3_600],
};

const KEYS = [...Object.keys(LIMITS), "clustering", "listed", "kernels", "kubeProxies", "masquerade"];

/**
 * Reads `KEY=VALUE` texts such as `services=1..5`, `rate=100`, `clustering=contiguous`, `kernels=5.4.188,6.1`; a single
 * number is a highest one.
 *
 * @returns the bounds, or one sentence about the first text that cannot be used.
 * @example
 * ```ts
 * const bounds = readBounds(["services=1..5", "kernels=5.4.188,6.1"]);
 * if (typeof bounds !== "string") console.log(bounds.services, bounds.kernels); // [ 1, 5 ] [ '5.4.188', '6.1' ]
 * ```
 */
export function readBounds(texts: readonly string[]): SearchBounds | string {
  let bounds = DEFAULT_BOUNDS;
  for (const text of texts) {
    const equals = text.indexOf("=");
    const key = equals < 0 ? text : text.slice(0, equals);
    if (equals < 0 || !KEYS.includes(key)) {
      const closest = equals < 0 ? undefined : closestWord(key, KEYS);
      const meant = closest === undefined ? "" : ` (did you mean ${closest}?)`;
      return `Cannot use the bound ${JSON.stringify(text)}${meant}: write KEY=VALUE with one of ${KEYS.join(", ")}`;
    }
    const read = readBound(key, text.slice(equals + 1), bounds);
    if (typeof read === "string") return `Cannot use the bound ${JSON.stringify(text)}: ${read}`;
    bounds = { ...bounds, ...read };
  }
  return bounds;
}

function readBound(key: string, value: string, bounds: SearchBounds): Partial<SearchBounds> | string {
  const limit = LIMITS[key];
  if (limit !== undefined) return readNumbers(key, value, limit);
  const words = value.split(",").filter((word) => word !== "");
  if (words.length === 0) return "its list is empty";
  switch (key) {
    case "clustering": {
      const kinds = (["random", "contiguous", "listed"] as const).filter((kind) => words.includes(kind));
      if (words.some((word) => !kinds.some((kind) => kind === word))) return "write random, contiguous or listed";
      return kinds.includes("listed") && bounds.listed.length === 0
        ? "give the ports before it, such as listed=30080,30090"
        : { clustering: kinds };
    }
    case "listed": {
      const spans = words.map((word) => readPortSpan(word.includes("-") ? word : `${word}-${word}`));
      const ports = spans.flatMap((span) => (span.ok ? portsOf(span.value) : []));
      return spans.some(({ ok }) => !ok)
        ? "write ports such as 30080,30090-30099"
        : { listed: ports, clustering: ["listed"] };
    }
    case "masquerade": {
      const kinds = (["off", "on", "random-fully"] as const).filter((kind) => words.includes(kind));
      return words.some((word) => !kinds.some((kind) => kind === word))
        ? "write off, on or random-fully"
        : { masquerade: kinds };
    }
    case "kernels": {
      const wrong = words.find((build) => !resolveKernel({ build }).ok);
      return wrong === undefined ? { kernels: words } : `there is no kernel ${wrong} in the era table`;
    }
    default: {
      const wrong = words.find((version) => !readVersion(version).ok);
      return wrong === undefined ? { kubeProxies: words } : `${wrong} is no version such as 1.23.10`;
    }
  }
}

function readNumbers(key: string, value: string, [least, most]: Bound): Partial<SearchBounds> | string {
  const match = /^(?:(\d+)\.\.)?(\d+)$/.exec(value);
  if (match === null) return "write a highest number, or two such as 1..20";
  const high = Number(match[2]);
  const low = match[1] === undefined ? Math.min(least, high) : Number(match[1]);
  if (low > high) return "the lowest number is above the highest";
  if (low < least || high > most) return `write numbers from ${least} to ${most}`;
  return { [key]: [low, high] };
}

function portsOf([low, high]: readonly [low: Port, high: Port]): readonly Port[] {
  return Array.from({ length: high - low + 1 }, (_, index) => low + index);
}
