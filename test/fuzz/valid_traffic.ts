import * as fc from "fast-check";
import type { DrawnPods } from "./valid_pods.ts";

interface DrawnChurn {
  readonly from: number;
  readonly to: number;
  readonly port: number;
  readonly rate: string;
  readonly arrivals: "poisson" | "periodic";
  readonly closes: "client" | "server" | "reset";
  readonly timeout: string;
  readonly lasts: string | undefined;
  readonly sourcePorts: string | undefined;
}

/** What happens on the nodes of a random scenario beside the probes. */
export interface DrawnTraffic {
  readonly churn: readonly DrawnChurn[];
  readonly timeline: readonly {
    readonly at: string;
    readonly every: string | undefined;
    readonly what: number;
    readonly pod: number;
  }[];
  readonly hasLoadBalancer: boolean;
  readonly seed: number;
}

const churn: fc.Arbitrary<DrawnChurn> = fc.record({
  from: fc.nat({ max: 9 }),
  to: fc.nat({ max: 30 }),
  port: fc.constantFrom(80, 8080, 36_704, 9090),
  rate: fc.constantFrom("0/s", "30/m", "2/s", "10/s", "40/s"),
  arrivals: fc.constantFrom("poisson", "periodic"),
  closes: fc.constantFrom("client", "server", "reset"),
  timeout: fc.constantFrom("1us", "100ms", "3s", "200s"),
  lasts: fc.constantFrom(undefined, undefined, "1us", "2s", "100s"),
  sourcePorts: fc.constantFrom(undefined, "40000-40003", "1-65535"),
});

/** Few connections a second, a few changes, one load balancer at most. */
export const drawnTraffic: fc.Arbitrary<DrawnTraffic> = fc.record({
  churn: fc.array(churn, { maxLength: 3 }),
  timeline: fc.array(
    fc.record({
      at: fc.constantFrom("1us", "1s", "2500ms", "15s"),
      every: fc.constantFrom(undefined, undefined, "2s", "7s"),
      what: fc.nat({ max: 9 }),
      pod: fc.nat({ max: 3 }),
    }),
    { maxLength: 3 },
  ),
  hasLoadBalancer: fc.boolean(),
  seed: fc.nat({ max: 1000 }),
});

const HOSTS = [
  "10.10.85.105",
  "10.10.85.10",
  "10.23.78.11",
  "192.0.2.77",
  "10.23.77.130",
  "10.23.77.200",
  "127.0.0.1",
] as const;

/** The section `churn`, with names of pods and addresses of services at its ends. */
export function churnOf({ churn: drawn }: DrawnTraffic, pods: readonly string[], targets: readonly string[]) {
  const addressed = [...targets, ...targets, ...HOSTS.map((host) => host)];
  return drawn.map((one, index) => {
    const from = one.from < 4 ? "node" : one.from < 6 ? `192.0.2.${10 + index}` : (pods[one.from - 6] ?? "node");
    const to = addressed[one.to % addressed.length] ?? "10.10.85.10";
    return {
      name: `c${index}`,
      from,
      to: to.includes(":") ? to : `${to}:${one.port}`,
      rate: one.rate,
      arrivals: one.arrivals,
      closes: one.closes,
      timeout: one.timeout,
      ...(one.lasts === undefined || one.closes === "server" ? {} : { lasts: one.lasts }),
      ...(one.sourcePorts === undefined || !from.startsWith("192.") ? {} : { sourcePorts: one.sourcePorts }),
    };
  });
}

const CHANGES: readonly Readonly<Record<string, string>>[] = [
  { "kubeProxy.version": "1.33.4" },
  { "kubeProxy.version": "1.12.2" },
  { "sysctls.net.ipv4.ip_local_port_range": "36700 36711" },
  { "sysctls.net.ipv4.ip_local_reserved_ports": "36704" },
  { "sysctls.net.netfilter.nf_conntrack_max": "4" },
  { "sysctls.net.ipv4.tcp_max_tw_buckets": "1" },
];

/** The section `timeline`: sysctls, releases, rollouts and restarts. */
export function timelineOf(
  { timeline }: DrawnTraffic,
  { entries, names }: DrawnPods,
  nodes: number,
  mode: string,
): readonly Readonly<Record<string, unknown>>[] {
  return timeline.map(({ at, every, what, pod }) => {
    const when = every === undefined ? { at } : { at, every };
    const change = CHANGES[what];
    const isOld = mode === "nftables" && what === 1;
    if (change !== undefined && !isOld) return { ...when, set: change };
    const entry = entries[pod];
    const mayRoll = nodes === 1 && entry !== undefined && !entry.host && entry.replicas > 0;
    return mayRoll ? { ...when, rollout: names[pod] } : { ...when, restart: "kubeProxy" };
  });
}
