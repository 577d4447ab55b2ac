import * as fc from "fast-check";
import { kernelBuilds } from "../../src/kernel/eras.ts";
import { clientsOf, nodesOf, podsOf, type DrawnNodes, type DrawnPods, drawnNodes, drawnPods } from "./valid_pods.ts";
import { churnOf, drawnTraffic, timelineOf, type DrawnTraffic } from "./valid_traffic.ts";

// Goal: scenarios of every section and every kernel that are right, small enough to run in a few milliseconds.
// Method: everything is drawn freely first; then addresses, NodePorts and names are given out so that none is taken
// twice. What rules between sections still refuse (a rollout of pods without addresses …) is a refusal like any other.

interface DrawnProxy {
  readonly mode: "ipvs" | "iptables" | "nftables";
  readonly version: string;
  readonly range: readonly [low: number, high: number];
  readonly scheduler: "rr" | "wrr";
  readonly addresses: readonly string[] | undefined;
}

interface DrawnService {
  readonly type: "ClusterIP" | "NodePort" | "LoadBalancer";
  readonly ports: readonly {
    readonly port: number;
    readonly target: number;
    readonly step: number;
    readonly protocol: "TCP" | "UDP" | "SCTP";
  }[];
  readonly endpoints: readonly number[];
  readonly selector: number | undefined;
  readonly hasExternal: boolean;
}

const RANGES: readonly (readonly [number, number])[] = [
  [30_000, 32_767],
  [20_000, 40_000],
  [36_700, 36_711],
  [40_000, 40_255],
];

const proxy: fc.Arbitrary<DrawnProxy> = fc.record({
  mode: fc.constantFrom("ipvs", "ipvs", "ipvs", "iptables", "nftables"),
  version: fc.constantFrom(
    "1.10.13",
    "1.11.5",
    "1.12.2",
    "1.13.0",
    "1.14.10",
    "1.18.20",
    "1.21.14",
    "1.23.4",
    "1.23.10",
    "1.27.3",
    "1.33.4",
  ),
  range: fc.constantFrom(...RANGES),
  scheduler: fc.constantFrom("rr", "wrr"),
  addresses: fc.constantFrom(undefined, undefined, undefined, ["10.10.85.0/24"], ["127.0.0.0/8"], []),
});

const service: fc.Arbitrary<DrawnService> = fc.record({
  type: fc.constantFrom("ClusterIP", "NodePort", "NodePort", "LoadBalancer"),
  ports: fc.array(
    fc.record({
      port: fc.constantFrom(53, 80, 443, 8080, 36_704, 65_535),
      target: fc.constantFrom(53, 80, 8080, 9090, 36_704),
      step: fc.nat({ max: 40 }),
      protocol: fc.constantFrom("TCP", "TCP", "TCP", "UDP", "SCTP"),
    }),
    { minLength: 1, maxLength: 2 },
  ),
  endpoints: fc.array(fc.nat({ max: 11 }), { maxLength: 3 }),
  selector: fc.option(fc.nat({ max: 3 }), { nil: undefined, freq: 6 }),
  hasExternal: fc.boolean(),
});

const SYSCTLS: readonly (readonly [name: string, values: readonly string[]])[] = [
  [
    "net.ipv4.ip_local_port_range",
    ["1024 65000", "32768 60999", "36700 36711", "36703 36704", "30000 32767", "1 65535", "60000 60001"],
  ],
  ["net.ipv4.ip_local_reserved_ports", ["", "30000-32767", "36700-36710", "36704", "1-65535", "20000-40000,8080"]],
  ["net.ipv4.tcp_tw_reuse", ["0", "1"]],
  ["net.ipv4.tcp_timestamps", ["0", "1", "2"]],
  ["net.ipv4.tcp_max_tw_buckets", ["0", "1", "5", "262144"]],
  ["net.ipv4.tcp_fin_timeout", ["1", "60"]],
  ["net.ipv4.tcp_syn_retries", ["1", "6"]],
  ["net.ipv4.tcp_synack_retries", ["0", "5"]],
  ["net.ipv4.tcp_syncookies", ["0", "1", "2"]],
  ["net.ipv4.tcp_max_syn_backlog", ["1", "128"]],
  ["net.ipv4.tcp_abort_on_overflow", ["0", "1"]],
  ["net.core.somaxconn", ["1", "4096"]],
  ["net.ipv4.ip_forward", ["0", "1"]],
  ["net.ipv4.vs.conn_reuse_mode", ["0", "1"]],
  ["net.ipv4.vs.expire_nodest_conn", ["0", "1"]],
  ["net.ipv4.vs.conntrack", ["0", "1"]],
  ["net.netfilter.nf_conntrack_max", ["1", "8", "64", "262144"]],
  ["net.netfilter.nf_conntrack_tcp_be_liberal", ["0", "1"]],
  ["net.netfilter.nf_conntrack_tcp_loose", ["0", "1"]],
  ["net.netfilter.nf_conntrack_tcp_timeout_time_wait", ["1", "120"]],
  ["net.netfilter.nf_conntrack_tcp_timeout_close_wait", ["1", "60"]],
  ["net.netfilter.nf_conntrack_tcp_timeout_established", ["5", "432000"]],
  ["net.bridge.bridge-nf-call-iptables", ["0", "1"]],
  ["net.ipv4.conf.all.rp_filter", ["0", "1", "2"]],
];

const sysctl: fc.Arbitrary<readonly [name: string, value: string]> = fc
  .constantFrom(...SYSCTLS)
  .chain(([name, values]) => fc.constantFrom(...values).map((value) => [name, value] as const));

const kernel: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...kernelBuilds()) },
  {
    weight: 1,
    arbitrary: fc.record({
      build: fc.constantFrom("5.15.0-91-generic", "6.8.0-40-generic", "4.19", "6.1.55"),
      portWalk: fc.constantFrom("3.10", "4.2-4.5", "4.6-5.11", "5.12-5.17", "5.18+"),
      hz: fc.constantFrom(100, 250, 300, 1000),
    }),
  },
);

interface Drawn {
  readonly kernel: unknown;
  readonly seconds: number;
  readonly seed: string;
  readonly proxy: DrawnProxy;
  readonly nodes: DrawnNodes;
  readonly pods: DrawnPods;
  readonly services: readonly DrawnService[];
  readonly generators: readonly {
    readonly count: number;
    readonly kind: "random" | "contiguous";
    readonly endpoints: readonly number[];
  }[];
  readonly sysctls: readonly (readonly [string, string])[];
  readonly traffic: DrawnTraffic;
  readonly closesFirst: number;
  readonly hostsDrop: boolean;
  readonly sliceDelay: string;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  kernel,
  seconds: fc.constantFrom(1, 1, 1, 1, 2, 2, 2, 3, 3, 5, 10, 70),
  seed: fc.string({ maxLength: 8 }),
  proxy,
  nodes: drawnNodes,
  pods: drawnPods,
  services: fc.array(service, { maxLength: 4 }),
  generators: fc.array(
    fc.record({
      count: fc.nat({ max: 6 }),
      kind: fc.constantFrom("random", "contiguous"),
      endpoints: fc.array(fc.nat({ max: 11 }), { maxLength: 2 }),
    }),
    { maxLength: 1 },
  ),
  sysctls: fc.array(sysctl, { maxLength: 4 }),
  traffic: drawnTraffic,
  closesFirst: fc.constantFrom(0, 0.11, 1),
  hostsDrop: fc.boolean(),
  sliceDelay: fc.constantFrom("1us", "200ms", "5s"),
});

/** Addresses that services may have behind them: pods of the node, hosts elsewhere, the node itself, nowhere. */
const ENDPOINTS = [
  "10.23.77.130",
  "10.23.77.131",
  "10.23.77.132",
  "10.23.77.140",
  "10.23.77.141",
  "10.23.78.11",
  "10.23.78.12",
  "10.23.79.1",
  "10.10.85.105",
  "10.10.85.200",
  "192.0.2.1",
  "127.0.0.1",
] as const;

/** A scenario as plain data. */
const scenarioData: fc.Arbitrary<Readonly<Record<string, unknown>>> = drawn.map((one) => {
  const { nodes, pods, proxy: given, seconds } = one;
  const isModern = given.mode === "nftables" || pods.usesGrpc;
  const release = isModern ? "1.33.4" : given.version;
  const podNames = pods.names.slice(0, pods.entries.length);
  const services = servicesOf(one, podNames);
  return {
    about: "A random scenario.",
    kernel: one.kernel,
    duration: `${seconds}s`,
    replications: 1,
    seed: one.seed,
    ...nodesOf(nodes),
    sysctls: Object.fromEntries(one.sysctls),
    kubelet: { version: release, httpProbeClosesFirst: one.closesFirst },
    kubeProxy: {
      version: release,
      mode: given.mode,
      nodePortRange: given.range.join("-"),
      scheduler: given.scheduler,
      ...(given.addresses === undefined ? {} : { nodePortAddresses: given.addresses }),
    },
    services: [
      ...services,
      ...one.generators.map(({ count, kind, endpoints }) => ({
        generate: Math.min(count, 2),
        name: "made",
        nodePorts: kind,
        endpoints: endpoints.map((which) => ENDPOINTS[which]),
      })),
    ],
    pods: podsOf(pods, nodes),
    ...(nodes.hasDns ? { nodeLocalDns: { version: "1.7.0", address: "169.254.20.10" } } : {}),
    churn: churnOf(
      one.traffic,
      clientsOf(pods, nodes),
      services.flatMap(({ targets }) => targets),
    ),
    timeline: timelineOf(one.traffic, pods, nodes.count, given.mode),
    endpointHosts: { ctstateInvalid: one.hostsDrop ? "drop" : "accept" },
    endpointSlices: { delay: one.sliceDelay },
    loadBalancers: loadBalancersOf(one, services),
  };
});

/** A scenario as YAML, of which JSON is a part. */
export const scenarioText: fc.Arbitrary<string> = scenarioData.map((data) => JSON.stringify(data, withoutTargets, 1));

/** What `targets` lists is for the generators alone. */
function withoutTargets(key: string, value: unknown): unknown {
  return key === "targets" ? undefined : value;
}

function servicesOf({ services, proxy: { range }, nodes }: Drawn, podNames: readonly string[]) {
  const taken = new Set<number>();
  const [low, high] = range;
  return services.map((one, index) => {
    const clusterIP = `10.96.0.${10 + index}`;
    const ports = new Map(one.ports.map((port) => [`${port.port}/${port.protocol}`, port]));
    const given = [...ports.values()].map(({ port, target, step, protocol }) => {
      let nodePort = low + ((2 * step) % (high - low));
      while (taken.has(nodePort)) nodePort = nodePort === high ? low : nodePort + 1;
      taken.add(nodePort);
      return { port, targetPort: target, protocol, ...(one.type === "ClusterIP" ? {} : { nodePort }) };
    });
    const selected = one.selector === undefined || nodes.count > 1 ? undefined : podNames[one.selector];
    return {
      name: `default/s${index}`,
      type: one.type,
      clusterIP,
      ...(one.hasExternal && one.type === "LoadBalancer" ? { externalIPs: [`10.10.85.${220 + index}`] } : {}),
      ports: given,
      endpoints: [...new Set(one.endpoints.map((which) => ENDPOINTS[which]))],
      ...(selected === undefined ? {} : { selector: selected }),
      targets: given.flatMap(({ port, nodePort }) => [
        `${clusterIP}:${port}`,
        ...(nodePort === undefined ? [] : [`10.10.85.105:${nodePort}`]),
      ]),
    };
  });
}

function loadBalancersOf({ nodes, traffic }: Drawn, services: ReturnType<typeof servicesOf>) {
  if (nodes.count > 1 || !traffic.hasLoadBalancer) return [];
  const [one] = services.filter(
    ({ type, ports }) => type !== "ClusterIP" && ports.some(({ protocol }) => protocol === "TCP"),
  );
  if (one === undefined) return [];
  const healthCheck = {
    protocol: traffic.seed % 2 === 0 ? "TCP" : "HTTP",
    interval: "2s",
    timeout: "1s",
    unhealthyThreshold: 2,
  };
  return [
    {
      name: "lb",
      address: "10.10.85.201",
      service: one.name,
      healthCheck,
      connections: traffic.seed % 5,
      connectionLifetime: "3s",
    },
  ];
}
