import { formatCount, formatPercent, formatProbability, formatSpan, plural } from "../number_text.ts";
import { printable } from "../text_layout.ts";

/** A failure probability as people say it: `1 in 4,570 probes fails`, `12.5 % of probes fail`, `no probe fails`. */
export function oneInText(probability: number, noun = "probe"): string {
  if (probability === 0) return `no ${noun} fails`;
  if (probability >= 0.0095) return `${formatPercent(probability)} of ${noun}s fail`;
  return `1 in ${formatCount(Number((1 / probability).toPrecision(3)))} ${noun}s fails`;
}

/** What a varied path means, in words for an axis. */
const PATHS: Readonly<Record<string, string>> = {
  kernel: "kernel",
  "portRange.low": "first port of ip_local_port_range",
  "portRange.width": "ports in ip_local_port_range (count)",
  "kubeProxy.version": "kube-proxy version",
  "kubeProxy.mode": "kube-proxy mode",
  "kubelet.version": "kubelet version",
  nodeLocalDns: "node-local-dns",
};

/** The words for a varied path; the path itself stands in brackets where the words differ from it. */
export function pathText(path: string): string {
  const known = PATHS[path];
  if (known !== undefined) return known === path ? path : `${known}, ${path}`;
  const rate = /^churn\.(.+)\.rate$/.exec(path)?.[1];
  if (rate !== undefined) return `connections of ${printable(rate)} (per second)`;
  const services = /^services\.(.+)\.generate$/.exec(path)?.[1];
  if (services !== undefined) return `Services of "${printable(services)}" (count)`;
  const replicas = /^pods\.(.+)\.replicas$/.exec(path)?.[1];
  if (replicas !== undefined) return `replicas of ${printable(replicas)} (count)`;
  return printable(path.replace(/^sysctls\./, ""));
}

/** A value of a varied path, as a label: an empty one is said to be empty. */
export function valueText(value: string): string {
  const text = printable(value);
  return text === "" ? "(empty)" : text;
}

/** Kernel, seed, boots and interval level in one line. */
export function settingsText(
  settings: {
    readonly kernel?: string;
    readonly seed: string;
    readonly replications: number;
    readonly durationSeconds: number;
  },
  level: number | undefined,
): string {
  return [
    ...(settings.kernel === undefined ? [] : [`kernel ${settings.kernel}`]),
    `seed ${printable(settings.seed)}`,
    `${plural(formatCount(settings.replications), "boot")} of ${formatSpan(settings.durationSeconds)}`,
    ...(level === undefined ? [] : [`${formatPercent(level)} intervals`]),
  ].join(", ");
}

/** A probability in figures beside its words: `1 in 4,570 (2.19e-4)`. */
export function bothWays(probability: number): string {
  if (probability === 0) return "0";
  return probability >= 0.0095
    ? formatPercent(probability)
    : `1 in ${formatCount(Number((1 / probability).toPrecision(3)))} (${formatProbability(probability)})`;
}
