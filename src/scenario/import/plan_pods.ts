import { parseIpv4 } from "../../units.ts";
import type { ChosenNode } from "./choose_node.ts";
import type { ContainerFact, PodFact, ProbeFact, ProbeKind } from "./cluster_facts.ts";
import { howToCollect } from "./collector.ts";
import type { PlanContext } from "./import_options.ts";
import type { NodeLocalDnsPlan, PodPlan, ProbePlan } from "./import_plan.ts";
import { hasGrpcProbes } from "./plan_components.ts";

/** A probe of a second container of a pod, which becomes periodic churn. */
export interface ExtraProbe {
  readonly namespace: string;
  readonly name: string;
  readonly isHostNetwork: boolean;
  readonly port: number;
  readonly periodSeconds: number;
}

/** The node's pods as a scenario has them. */
export interface PodsPlan {
  readonly pods: PodPlan[];
  readonly extraProbes: readonly ExtraProbe[];
  readonly nodeLocalDns?: NodeLocalDnsPlan;
  readonly comment: string;
}

const DEFAULTS: Readonly<Record<string, number>> = {
  initialDelaySeconds: 0,
  timeoutSeconds: 1,
  successThreshold: 1,
  failureThreshold: 3,
};

const KINDS: readonly ProbeKind[] = ["readinessProbe", "livenessProbe", "startupProbe"];

/** The pods of the node that run, with their addresses, ports and probes. */
export function planPods(context: PlanContext, chosen: ChosenNode): PodsPlan {
  const { name } = chosen;
  const { exports, assumed } = context;
  const all = exports.cluster.pods;
  if (all.length === 0) {
    assumed.push(`pods and their probes are those that the sockets show (${howToCollect("kubectl")})`);
    return { pods: [], extraProbes: [], comment: "" };
  }
  const planner = new PodPlanner(addressesOfNode(context), hasGrpcProbes(context, chosen));
  const own = all.filter(({ nodeName, phase }) => (nodeName === undefined || nodeName === name) && phase === "Running");
  const dns = own.find(isNodeLocalDns);
  for (const pod of own) if (pod !== dns) planner.add(pod);
  const comment = [
    `From kubectl get pods: the ${planner.pods.length} that run on this node. Of each probe its handler and times are`,
    "taken; environment, annotations, commands, headers and queries never are.",
    ...planner.remarks(),
  ].join("\n");
  return {
    pods: planner.pods,
    extraProbes: planner.extraProbes,
    ...(dns === undefined ? {} : { nodeLocalDns: planNodeLocalDns(dns, addressesOfNode(context)) }),
    comment,
  };
}

/** The node's addresses as far as `ip addr` and the Node objects say them. */
function addressesOfNode({ exports: { cluster } }: PlanContext): ReadonlySet<string> {
  const ofInterfaces = cluster.interfaces.flatMap(({ addresses }) =>
    addresses.map((text) => text.replace(/\/.*$/, "")),
  );
  return new Set(ofInterfaces);
}

class PodPlanner {
  readonly pods: PodPlan[] = [];
  readonly extraProbes: ExtraProbe[] = [];
  readonly #names = new Set<string>();
  readonly #addresses = new Set<string>();
  readonly #hostPorts = new Set<number>();
  readonly #nodeAddresses: ReadonlySet<string>;
  readonly #hasGrpc: boolean;
  #https = 0;
  #gated = 0;
  #otherAddress = 0;
  #translated = 0;
  #elsewhere = 0;
  #unaddressed = 0;

  constructor(nodeAddresses: ReadonlySet<string>, hasGrpc: boolean) {
    this.#nodeAddresses = nodeAddresses;
    this.#hasGrpc = hasGrpc;
  }

  add(pod: PodFact): void {
    const key = `${pod.namespace}/${pod.name}`;
    const isAddressed = pod.address !== undefined && parseIpv4(pod.address) !== undefined;
    if (this.#names.has(key)) return;
    this.#names.add(key);
    if (!pod.isHostNetwork && (!isAddressed || this.#addresses.has(pod.address))) {
      this.#unaddressed += 1;
      return;
    }
    const probes: Partial<Record<ProbeKind, ProbePlan>> = {};
    const asked: number[] = [];
    for (const container of pod.containers) {
      for (const kind of KINDS) {
        const probe = this.#probe(pod, container, container.probes[kind]);
        if (probe === undefined) continue;
        if (probe.port !== undefined) asked.push(probe.port);
        if (probes[kind] === undefined) probes[kind] = probe;
        else this.#addExtra(pod, kind, probe);
      }
    }
    const listen = new Set([
      ...asked,
      ...pod.containers.flatMap(({ ports }) => ports.filter(isTcp).map(({ port }) => port)),
    ]);
    if (!pod.isHostNetwork)
      this.#translated += pod.containers.flatMap(({ ports }) => ports).filter(({ hasHostPort }) => hasHostPort).length;
    const free = [...listen].filter((port) => !pod.isHostNetwork || !this.#hostPorts.has(port));
    if (pod.isHostNetwork) for (const port of free) this.#hostPorts.add(port);
    else if (pod.address !== undefined) this.#addresses.add(pod.address);
    this.pods.push({
      namespace: pod.namespace,
      name: pod.name,
      ...(pod.isHostNetwork || pod.address === undefined ? {} : { address: pod.address }),
      listen: free,
      probes,
    });
  }

  /** What is to be said of all pods together. */
  remarks(): string[] {
    const said: readonly (readonly [count: number, text: string])[] = [
      [this.#https, "HTTPS probes, taken as HTTP: the same connections, without TLS"],
      [this.#gated, "gRPC probes, which this kubelet has behind a feature gate: taken as TCP probes"],
      [
        this.#otherAddress,
        "Probes of loopback or another address of the node: sent to its primary one, which has NodePorts",
      ],
      [this.#elsewhere, "Probes of another host, or of a port that no container names: left out"],
      [this.extraProbes.length, "Probes of further containers: churn below, which connects and is not counted"],
      [this.#translated, "Host ports: left out, since nobody listens there; rules of the CNI plugin translate them"],
      [this.#unaddressed, "Pods without an IPv4 address: left out"],
    ];
    return said.filter(([count]) => count > 0).map(([count, text]) => `${text} (${count}).`);
  }

  #probe(pod: PodFact, container: ContainerFact, fact: ProbeFact | undefined): ProbePlan | undefined {
    if (fact === undefined) return undefined;
    if (fact.handler === "exec") return { handler: "exec", times: ownTimes(fact) };
    const port =
      typeof fact.port === "number" ? fact.port : container.ports.find(({ name }) => name === fact.port)?.port;
    const isOwn = fact.host === undefined || fact.host === pod.address;
    if (port === undefined || (!isOwn && !(pod.isHostNetwork && this.#isOfNode(fact.host)))) {
      this.#elsewhere += 1;
      return undefined;
    }
    if (!isOwn) this.#otherAddress += 1;
    if (fact.handler === "httpGet" && fact.isHttps) this.#https += 1;
    if (fact.handler !== "grpc" || this.#hasGrpc) return probePlan(fact, port);
    this.#gated += 1;
    return { ...probePlan(fact, port), handler: "tcpSocket" };
  }

  /** The same kernel and the same ports as those of a pod with the host network. */
  #isOfNode(host: string): boolean {
    return host === "localhost" || host.startsWith("127.") || this.#nodeAddresses.has(host);
  }

  #addExtra({ namespace, name, isHostNetwork }: PodFact, kind: ProbeKind, { port, times }: ProbePlan): void {
    if (port === undefined || kind === "startupProbe") return;
    this.extraProbes.push({ namespace, name, isHostNetwork, port, periodSeconds: times["periodSeconds"] ?? 10 });
  }
}

function probePlan(fact: ProbeFact, port: number): ProbePlan {
  const path = fact.handler === "httpGet" && fact.path !== undefined && fact.path !== "/" ? { path: fact.path } : {};
  return { handler: fact.handler, port, ...path, times: ownTimes(fact) };
}

/** Times that are not Kubernetes' defaults. */
function ownTimes({ times }: ProbeFact): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(times).filter(([name, value]) => DEFAULTS[name] !== value));
}

function isTcp({ protocol }: { readonly protocol: string }): boolean {
  return protocol === "TCP";
}

function isNodeLocalDns({ containers, isHostNetwork }: PodFact): boolean {
  return isHostNetwork && containers.some(({ image }) => /^k8s-dns-node-cache\b/.test(image));
}

/**
 * The CoreDNS inside a release of node-cache.
 *
 * Source: kubernetes/dns go.mod, v1.26.7.
 */
const CORE_DNS: readonly (readonly [since: readonly [minor: number, patch: number], version: string])[] = [
  [[26, 6], "1.13.1"],
  [[26, 5], "1.12.2"],
  [[24, 0], "1.11.3"],
  [[22, 14], "1.10.0"],
  [[21, 0], "1.7.0"],
  [[20, 0], "1.8.3"],
  [[16, 0], "1.7.0"],
  [[0, 0], "1.6.7"],
];

/** The address in the manifest of Kubernetes; other installers have others in the same network. */
const NODE_LOCAL_DNS_ADDRESS = "169.254.20.10";

/** Its own address is the host that its probe asks, else what is link-local on the node. */
function planNodeLocalDns({ containers }: PodFact, nodeAddresses: ReadonlySet<string>): NodeLocalDnsPlan {
  const cache = containers.find(({ image }) => image.startsWith("k8s-dns-node-cache"));
  const tag = /:v?1\.(\d+)\.(\d+)/.exec(cache?.image ?? "");
  const [minor, patch] = [Number(tag?.[1] ?? 22), Number(tag?.[2] ?? 0)];
  const row = CORE_DNS.find(([[since, first]]) => minor > since || (minor === since && patch >= first));
  const probe = cache?.probes.livenessProbe;
  const asked = parseIpv4(probe?.host ?? "") === undefined ? undefined : probe?.host;
  const address = asked ?? [...nodeAddresses].find((one) => one.startsWith("169.254."));
  const port = typeof probe?.port === "number" ? probe.port : 8080;
  const assumed = [...(tag === null ? ["its release"] : []), ...(address === undefined ? ["its address"] : [])];
  const comment = [
    `From its pod${tag === null ? "" : ": the CoreDNS inside that release of node-cache"}.`,
    ...(assumed.length === 0 ? [] : [`Assumed: ${assumed.join(" and ")}.`]),
    "Its self-check is no churn below.",
  ];
  const left = cache?.probes.readinessProbe === undefined ? "" : "\nIts readiness probe is left out.";
  return {
    version: row?.[1] ?? "1.7.0",
    address: address ?? NODE_LOCAL_DNS_ADDRESS,
    healthPort: port,
    ...(probe?.handler === "httpGet" ? { livenessProbe: probePlan(probe, port) } : {}),
    comment: `${comment.join(" ")}${left}`,
  };
}

/**
 * Pods made of what the node connects to in the network of its pods, for exports without kubectl: each address and port
 * with TIME-WAIT sockets gets TCP probes that leave so many.
 *
 * @param asked how many TIME-WAIT sockets there are by address and port.
 */
export function podsOfSockets(asked: ReadonlyMap<string, ReadonlyMap<number, number>>): PodPlan[] {
  return [...asked].map(([address, ports], index) => {
    const [[port, count] = [80, 6]] = [...ports].toSorted((a, b) => b[1] - a[1]);
    const probes = count > 9 ? 2 : 1;
    const periodSeconds = Math.min(60, Math.max(1, Math.round((60 * probes) / count)));
    const probe: ProbePlan = { handler: "tcpSocket", port, times: { periodSeconds } };
    return {
      namespace: "default",
      name: `pod-${index + 1}`,
      address,
      listen: [...ports.keys()],
      probes: { readinessProbe: probe, ...(probes === 2 ? { livenessProbe: probe } : {}) },
    };
  });
}
