import { resolveKernel } from "../../kernel/eras.ts";
import type { KernelEra } from "../../kernel/kernel_era.ts";
import { SysctlValues } from "../../kernel/sysctl.ts";
import { networkOf } from "../../scenario/check_context.ts";
import type { InterfaceAddress } from "../../scenario/values.ts";
import { formatIpv4, type Ipv4, type Port } from "../../units.ts";
import type { CaseExpectation, CaseViolation, NodeCase } from "./node_case.ts";
import { eraOf, type NodeConfig } from "./node_config.ts";

/** What stands at the head and at the end of the scenario of a counterexample. */
export interface ScenarioWords {
  /** Comment lines, without `#`. */
  readonly comments?: readonly string[];
  readonly about: string;
  readonly expect: readonly CaseExpectation[];
  readonly variant?: CaseViolation["variant"];
}

/** Where the processes run that churn connects to: one host for each destination, behind the node's gateway. */
const DESTINATIONS = "198.51.100.";

/** The pod that has part in churn; of several alike it is the first. */
const FIRST_POD = "default/probed-0";

/** Where the endpoints of Services run, which are on other nodes. */
const ENDPOINT = "198.51.100.200";

/** What listens beside what is given. */
export const EXTRA_LISTENER = "kube-system/extra-listener";

/** More Services than these are written as one generated list. */
const NAMED_SERVICES_MOST = 4;

/**
 * The scenario of a case, as text that `sim run` and `sim explain` take.
 *
 * @example
 * ```ts
 * const [one] = fc.sample(nodeCaseArbitrary(nodeConfig({ kernel: "6.1" })), { numRuns: 1, seed: 1 });
 * const text = caseScenario(one!, { about: "One node.", expect: [["probes.failed", "equals", 0]] });
 * console.log(parseScenario(text, "case.yaml", []).ok); // true
 * ```
 */
export function caseScenario(one: NodeCase, words: ScenarioWords): string {
  const { config } = one;
  return [
    ...(words.comments ?? []).map((line) => (line === "" ? "#" : `# ${line}`)),
    `about: ${JSON.stringify(words.about)}`,
    `kernel: ${kernelText(caseEra(one))}`,
    `duration: ${one.seconds}s`,
    "replications: 1",
    `seed: "${one.boot}"`,
    "node:",
    "  interfaces:",
    ...config.network.interfaces.map(
      ({ name, kind, addresses }) =>
        `    - { name: ${name}${kind === "physical" ? "" : `, kind: ${kind}`}, addresses: [${addresses.map(span).join(", ")}] }`,
    ),
    `  podNetwork: ${config.network.podNetwork}`,
    ...(config.network.podNetwork === "bridge" ? [] : [`  podCIDR: ${span(config.network.podCidr)}`]),
    ...(one.masquerade === "off" ? [] : [`  ipMasq: ${one.masquerade}`]),
    ...(config.memoryBytes === undefined ? [] : [`  memoryBytes: ${config.memoryBytes}`]),
    ...sysctlLines(config, caseEra(one)),
    `kubelet: { version: ${config.kubelet ?? "1.23.10"} }`,
    `kubeProxy: { version: ${one.kubeProxy}, mode: ${config.mode}, nodePortRange: ${config.nodePortRange.join("-")}${addressesText(config)} }`,
    ...serviceLines(one),
    ...podLines(one),
    ...churnLines(one),
    ...variantLines(words.variant),
    ...(words.expect.length === 0 ? [] : ["expect:"]),
    ...words.expect.map(([that, how, value]) => `  - { that: ${that}, ${how}: ${value} }`),
    "",
  ].join("\n");
}

/** The kernel of a case: the given one with all that is said of it, or one of the era table. */
export function caseEra({ config, kernel }: NodeCase): KernelEra {
  return config.era?.build === kernel ? config.era : eraOf(kernel);
}

/** The address of a host of the pod network, counted from 1; `undefined` if an interface has it. */
export function hostAddress({ network }: NodeConfig, host: number): Ipv4 | undefined {
  const address = networkOf(network.podCidr) + host;
  return network.interfaces.some(({ addresses }) => addresses.some((one) => one.address === address))
    ? undefined
    : address;
}

/** How many addresses the pod network has for pods and the bridge. */
export function hostCount(config: NodeConfig): number {
  let size = 1;
  for (let bit = config.network.podCidr.prefixLength; bit < 32; bit += 1) size *= 2;
  return Math.max(1, size - 2);
}

function span({ address, prefixLength }: InterfaceAddress): string {
  return `${formatIpv4(address)}/${prefixLength}`;
}

/** A build by its name, with its walk where the table has no row for it. */
function kernelText(era: KernelEra): string {
  const plain = resolveKernel({ build: era.build });
  const isPlain = plain.ok && plain.era.portWalk === era.portWalk && plain.era.hz === era.hz;
  const name = JSON.stringify(era.build);
  return isPlain ? name : `{ build: ${name}, portWalk: ${era.portWalk}, hz: ${era.hz} }`;
}

/** The sysctls that this kernel takes; those that it refuses are left out, as they have no effect. */
function sysctlLines(config: NodeConfig, era: KernelEra): readonly string[] {
  const values = new SysctlValues(era, config.memoryBytes === undefined ? {} : { memoryBytes: config.memoryBytes });
  const lines = config.sysctls
    .filter(([name, text]) => values.set(name, text) === undefined)
    .map(([name, text]) => `  ${name}: ${JSON.stringify(text)}`);
  return lines.length === 0 ? [] : ["sysctls:", ...lines];
}

function addressesText({ nodePortAddresses }: NodeConfig): string {
  return nodePortAddresses === undefined ? "" : `, nodePortAddresses: [${nodePortAddresses.map(span).join(", ")}]`;
}

function serviceLines({ nodePorts }: NodeCase): readonly string[] {
  if (nodePorts.length === 0) return [];
  if (nodePorts.length > NAMED_SERVICES_MOST) {
    return [
      "services:",
      `  - { name: service, generate: ${nodePorts.length}, nodePorts: listed, list: [${nodePorts.join(", ")}], endpoints: [${ENDPOINT}] }`,
    ];
  }
  const lines = nodePorts.map(
    (port, index) =>
      `  - { name: default/service-${index}, type: NodePort, ports: [{ port: 80, nodePort: ${port} }], endpoints: [${ENDPOINT}] }`,
  );
  return ["services:", ...lines];
}

function podLines(one: NodeCase): readonly string[] {
  const { kind, handler, port, periodSeconds, timeoutSeconds, failureThreshold } = one.probe;
  const probe =
    `${kind}Probe: { ${handler}: { port: ${port} }, periodSeconds: ${periodSeconds}, ` +
    `timeoutSeconds: ${timeoutSeconds}, failureThreshold: ${failureThreshold} }`;
  const given = one.listeners.filter((listener) => one.config.listeners.includes(listener));
  const extra = one.listeners.filter((listener) => !one.config.listeners.includes(listener));
  const address = one.podHost === undefined ? undefined : hostAddress(one.config, one.podHost);
  return [
    "pods:",
    `  - name: ${one.pods === 1 ? FIRST_POD : "default/probed"}`,
    ...(one.pods === 1 ? [] : [`    replicas: ${one.pods}`]),
    ...(address === undefined ? [] : [`    address: ${formatIpv4(address)}`]),
    `    listen: [${port}]`,
    `    ${probe}`,
    ...listenerLines("kube-system/listener", given),
    ...listenerLines(EXTRA_LISTENER, extra),
  ];
}

function listenerLines(name: string, ports: readonly Port[]): readonly string[] {
  return ports.length === 0 ? [] : [`  - { name: ${name}, hostNetwork: true, listen: [${ports.join(", ")}] }`];
}

function churnLines({ churn, probe }: NodeCase): readonly string[] {
  if (churn.length === 0) return [];
  const lines = churn.map(({ from, ratePerSecond, closes, lastsSeconds }, index) => {
    const host = `${DESTINATIONS}${index + 1}`;
    const who = from === "node" ? "node" : from === "pod" ? FIRST_POD : host;
    const whom = from === "outside" ? `${FIRST_POD}:${probe.port}` : `${host}:443`;
    const lasts = lastsSeconds === 0 ? "" : `, lasts: ${lastsSeconds}s`;
    return (
      `  - { name: churn-${index}, from: ${who}, to: ${JSON.stringify(whom)}, rate: ${ratePerSecond}/s, ` +
      `arrivals: poisson, closes: ${closes}${lasts} }`
    );
  });
  return ["churn:", ...lines];
}

function variantLines(variant: ScenarioWords["variant"]): readonly string[] {
  if (variant === undefined) return [];
  const settings = Object.entries(variant.settings).map(([path, value]) => `${path}: ${JSON.stringify(value)}`);
  return ["variants:", `  ${variant.name}: { ${settings.join(", ")} }`];
}
