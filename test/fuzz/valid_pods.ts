import * as fc from "fast-check";

/** The nodes of a random scenario. */
export interface DrawnNodes {
  readonly count: number;
  readonly network: "bridge" | "routed";
  readonly ipMasq: "off" | "on" | "random-fully";
  readonly overlay: "vxlan" | "host-gw" | undefined;
  readonly blocked: "off" | "drop" | "reject";
  readonly masquerade: "on" | "off";
  readonly checks: boolean;
  readonly blockedPorts: readonly string[];
  readonly hasDns: boolean;
}

/** Several nodes are rarer than one, since they take longer. */
export const drawnNodes: fc.Arbitrary<DrawnNodes> = fc.record({
  count: fc.constantFrom(1, 1, 1, 2, 3),
  network: fc.constantFrom("bridge", "bridge", "routed"),
  ipMasq: fc.constantFrom("off", "on", "random-fully"),
  overlay: fc.constantFrom("vxlan", "host-gw", undefined),
  blocked: fc.constantFrom("off", "off", "drop", "reject"),
  masquerade: fc.constantFrom("on", "off"),
  checks: fc.boolean(),
  blockedPorts: fc.subarray(["8472/UDP", "80/TCP", "36704/TCP"], { maxLength: 2 }),
  hasDns: fc.boolean(),
});

/** The sections `node` or `nodes`, `overlay` and `cloud`. */
export function nodesOf(drawn: DrawnNodes): Readonly<Record<string, unknown>> {
  const { count, network, ipMasq, hasDns } = drawn;
  const nodes = Array.from({ length: count }, (_, index) => ({
    ...(count > 1 ? { name: `node-${index}` } : {}),
    interfaces: [
      { name: "eth0", addresses: [`10.10.85.${105 + index}/24`] },
      ...(network === "bridge" ? [{ name: "cni0", kind: "bridge", addresses: [`10.23.${77 + index}.129/25`] }] : []),
      ...(hasDns ? [{ name: "nodelocaldns", kind: "dummy", addresses: ["169.254.20.10/32"] }] : []),
    ],
    podNetwork: network,
    ipMasq,
    ...(network === "routed" ? { podCIDR: `10.23.${77 + index}.128/25` } : {}),
  }));
  if (count === 1) return { node: nodes[0] };
  const { overlay, blocked, masquerade, checks, blockedPorts } = drawn;
  return {
    nodes,
    ...(overlay === undefined
      ? {}
      : { overlay: { kind: overlay, masquerade, blocked: overlay === "vxlan" ? blocked : "off" } }),
    cloud: { sourceDestCheck: checks, blockedPorts },
  };
}

interface DrawnProbe {
  readonly kind: "httpGet" | "tcpSocket" | "exec" | "grpc";
  readonly port: number;
  readonly period: number;
  readonly timeout: number;
  readonly failures: number;
  readonly delay: number;
}

/** One entry of `pods`. */
export interface DrawnPod {
  readonly replicas: number;
  readonly host: boolean;
  readonly elsewhere: boolean;
  readonly listen: readonly number[];
  readonly probes: readonly (DrawnProbe | undefined)[];
  readonly response: string;
  readonly start: string;
  readonly stop: string;
  readonly denies: boolean;
}

/** The pods of a random scenario. */
export interface DrawnPods {
  readonly entries: readonly DrawnPod[];
  readonly names: readonly string[];
  readonly usesGrpc: boolean;
}

const PORTS = [80, 8080, 9090, 36_704, 10_250] as const;

const probe: fc.Arbitrary<DrawnProbe> = fc.record({
  kind: fc.constantFrom("httpGet", "httpGet", "tcpSocket", "tcpSocket", "exec", "grpc"),
  port: fc.constantFrom(...PORTS),
  period: fc.constantFrom(1, 1, 2, 10),
  timeout: fc.constantFrom(1, 2, 30),
  failures: fc.constantFrom(1, 2, 3),
  delay: fc.constantFrom(0, 0, 2),
});

const pod: fc.Arbitrary<DrawnPod> = fc.record({
  replicas: fc.constantFrom(0, 1, 1, 2, 3),
  host: fc.constantFrom(false, false, false, true),
  elsewhere: fc.constantFrom(false, false, false, true),
  listen: fc.subarray([...PORTS], { maxLength: 2 }),
  probes: fc.array(fc.option(probe, { nil: undefined }), { minLength: 3, maxLength: 3 }),
  response: fc.constantFrom("1us", "500us", "1500ms", "40s"),
  start: fc.constantFrom("1us", "1s", "30s"),
  stop: fc.constantFrom("1us", "2s"),
  denies: fc.constantFrom(false, false, false, true),
});

/** Names as people give them, and names that other things of the model have. */
const NAMES: readonly (readonly string[])[] = [
  ["default/p0", "default/p1", "default/p2", "default/p3"],
  ["default/p0", "default/p1", "default/p2", "default/p3"],
  ["default/p0", "default/p1", "default/p2", "default/p3"],
  ["network", "node", "__proto__", "node-0"],
  ["eth0", "constructor", "fabric", "node-local-dns"],
];

/** At most four entries. */
export const drawnPods: fc.Arbitrary<DrawnPods> = fc
  .tuple(fc.array(pod, { maxLength: 4 }), fc.constantFrom(...NAMES))
  .map(([entries, names]) => ({
    entries,
    names,
    usesGrpc: entries.some(({ probes }) => probes.some((one) => one?.kind === "grpc")),
  }));

const KINDS = ["readinessProbe", "livenessProbe", "startupProbe"] as const;

/** The section `pods`. Pods of the host listen on ports of their own. */
export function podsOf(
  { entries, names }: DrawnPods,
  { count }: DrawnNodes,
): readonly Readonly<Record<string, unknown>>[] {
  return entries.map((one, index) => {
    const isElsewhere = one.elsewhere && count === 1;
    const host = one.host && !isElsewhere;
    const listen = host ? one.listen.map((port) => (port === 36_704 ? port : port + 100 * (index + 1))) : one.listen;
    const probes = one.probes.flatMap((drawn, kind) =>
      drawn === undefined || isElsewhere ? [] : [[KINDS[kind] ?? "", probeOf(drawn, listen)] as const],
    );
    return {
      name: names[index],
      replicas: host ? Math.min(1, one.replicas) : one.replicas,
      ...(isElsewhere ? { nodeName: "others", podCIDR: `10.23.${79 + index}.0/26` } : {}),
      ...(host ? { hostNetwork: true } : {}),
      listen: host && index > 0 ? listen.filter((port) => port !== 36_704) : listen,
      ...Object.fromEntries(probes),
      responseDelay: one.response,
      containerStart: one.start,
      containerStop: one.stop,
      ...(one.denies && count === 1 ? { networkPolicy: "deny" } : {}),
    };
  });
}

function probeOf({ kind, port, period, timeout, failures, delay }: DrawnProbe, listen: readonly number[]) {
  const asked = listen[port % 3] ?? port;
  const handler = kind === "exec" ? { exec: { command: ["true"] } } : { [kind]: { port: asked } };
  return {
    ...handler,
    periodSeconds: period,
    timeoutSeconds: timeout,
    failureThreshold: failures,
    initialDelaySeconds: delay,
  };
}

/** The names of pods that may connect to others: those that run here. */
export function clientsOf({ entries, names }: DrawnPods, { count }: DrawnNodes): readonly string[] {
  return entries.flatMap(({ replicas, elsewhere, host }, index) => {
    if (replicas === 0 || (elsewhere && count === 1)) return [];
    const name = names[index] ?? "";
    return [host || replicas === 1 ? name : `${name}-0`];
  });
}
