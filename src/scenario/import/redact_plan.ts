import { AddressMap } from "./address_map.ts";
import type { FlowEnd, ImportPlan, NodeLocalDnsPlan, PodPlan, ProbePlan, ServicePlan } from "./import_plan.ts";
import { NameMap } from "./name_map.ts";

/** What stands for what in a redacted scenario: the original by its replacement. */
export interface Redaction {
  readonly addresses: Readonly<Record<string, string>>;
  readonly names: Readonly<Record<string, string>>;
}

/** Names of interfaces that tell nothing. */
const COMMON_INTERFACE =
  /^(lo|eth\d+|ens\d+|enp\d+s\d+(f\d+)?|eno\d+|bond\d+|cni0|cbr0|docker0|flannel\.\d+|tunl0|nodelocaldns|cilium_\w+)$/;

/**
 * The plan with other names and addresses, the same for the same everywhere. Networks stay networks, and what was in one
 * is in one; ports, rates, versions and times stay as they are, since all depends on them.
 */
export function redactPlan(plan: ImportPlan): { readonly plan: ImportPlan; readonly redaction: Redaction } {
  const addresses = new AddressMap(networksOf(plan));
  const names = new NameMap();
  const named = <T extends { readonly namespace: string; readonly name: string }>(thing: T, kind: string): T => ({
    ...thing,
    namespace: names.of("namespace", thing.namespace),
    name: names.of(kind, thing.name),
  });
  const services = new Set(plan.services.map(({ namespace, name }) => `${namespace}/${name}`));
  const end = (flow: FlowEnd): FlowEnd => {
    if (flow.kind === "address") return { kind: "address", address: addresses.of(flow.address) };
    if (flow.kind === "node") return flow;
    return named(flow, services.has(`${flow.namespace}/${flow.name}`) ? "service" : "pod");
  };
  const interfaceNames = new Map(
    plan.node.interfaces.map(({ name }) => [name, COMMON_INTERFACE.test(name) ? name : names.of("interface", name)]),
  );
  const redacted: ImportPlan = {
    ...plan,
    ...(plan.nodeName === undefined ? {} : { nodeName: names.of("node", plan.nodeName) }),
    kernel: redactKernel(plan.kernel),
    node: {
      ...plan.node,
      interfaces: plan.node.interfaces.map((one) => ({
        ...one,
        name: interfaceNames.get(one.name) ?? one.name,
        addresses: one.addresses.map((text) => addresses.withPrefix(text)),
      })),
    },
    sysctls: plan.sysctls.map((sysctl) => ({ ...sysctl, name: redactDevice(sysctl.name, interfaceNames) })),
    kubeProxy: redactKubeProxy(plan, addresses),
    services: plan.services.map((service) => redactService(named(service, "service"), addresses)),
    pods: plan.pods.map((pod) => redactPod(named(pod, "pod"), addresses)),
    ...(plan.nodeLocalDns === undefined ? {} : { nodeLocalDns: redactNodeLocalDns(plan.nodeLocalDns, addresses) }),
    churn: plan.churn.map((churn) => ({ ...churn, from: end(churn.from), to: end(churn.to) })),
    expect: plan.expect.map((one) =>
      one.address === undefined ? one : { ...one, address: addresses.of(one.address) },
    ),
  };
  return { plan: redacted, redaction: { addresses: addresses.table(), names: names.table() } };
}

/** All networks that the plan writes with a prefix. */
function networksOf({ node, kubeProxy }: ImportPlan): readonly string[] {
  return [...node.interfaces.flatMap(({ addresses }) => addresses), ...(kubeProxy.nodePortAddresses ?? [])];
}

/** A build that somebody made may carry a name; the release stays. */
function redactKernel(kernel: ImportPlan["kernel"]): ImportPlan["kernel"] {
  if (kernel.portWalk === undefined) return kernel;
  return { ...kernel, build: kernel.build.replace(/^(\d+\.\d+(?:\.\d+)?).*$/, "$1-redacted") };
}

function redactDevice(name: string, interfaceNames: ReadonlyMap<string, string>): string {
  return name.replace(/^(net\.ipv4\.(?:conf|neigh)\.)([^.]+)(?=\.)/, (_whole, start: string, device: string) => {
    const known = interfaceNames.get(device.replaceAll("/", "."));
    return `${start}${known === undefined ? device : known.replaceAll(".", "/")}`;
  });
}

function redactKubeProxy({ kubeProxy }: ImportPlan, addresses: AddressMap): ImportPlan["kubeProxy"] {
  const { nodePortAddresses } = kubeProxy;
  if (nodePortAddresses === undefined) return kubeProxy;
  return { ...kubeProxy, nodePortAddresses: nodePortAddresses.map((text) => addresses.network(text)) };
}

function redactNodeLocalDns(dns: NodeLocalDnsPlan, addresses: AddressMap): NodeLocalDnsPlan {
  const { livenessProbe } = dns;
  return {
    ...dns,
    address: addresses.of(dns.address),
    ...(livenessProbe === undefined ? {} : { livenessProbe: withoutPath(livenessProbe) }),
  };
}

function redactService(service: ServicePlan, addresses: AddressMap): ServicePlan {
  const { clusterAddress, externalAddresses, endpoints } = service;
  return {
    ...service,
    ...(clusterAddress === undefined ? {} : { clusterAddress: addresses.of(clusterAddress) }),
    externalAddresses: externalAddresses.map((address) => addresses.of(address)),
    endpoints: endpoints.map((address) => addresses.of(address)),
  };
}

function redactPod(pod: PodPlan, addresses: AddressMap): PodPlan {
  const probes = Object.entries(pod.probes).map(([kind, probe]) => [kind, withoutPath(probe)] as const);
  return {
    ...pod,
    ...(pod.address === undefined ? {} : { address: addresses.of(pod.address) }),
    probes: Object.fromEntries(probes),
  };
}

function withoutPath({ handler, port, times }: ProbePlan): ProbePlan {
  return { handler, ...(port === undefined ? {} : { port }), times };
}
