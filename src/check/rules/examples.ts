import type { CheckFacts } from "../check_facts.ts";
import type { RuleExample } from "../rule.ts";

/** A file `99-kubernetes.conf` by itself. */
export function confExample(text: string, facts: CheckFacts = {}): RuleExample {
  return { files: { "99-kubernetes.conf": `${text}\n` }, facts };
}

/** Parts of a scenario that an example replaces; each is YAML. */
export interface ScenarioExample {
  readonly kernel?: string;
  readonly node?: readonly string[];
  readonly sysctls?: readonly string[];
  readonly kubeProxy?: string;
  /** Further sections. */
  readonly more?: readonly string[];
}

const NODE = [
  "node:",
  "  interfaces:",
  "    - { name: eth0, addresses: [10.0.0.5/24] }",
  "    - { name: cni0, kind: bridge, addresses: [10.244.1.1/24] }",
  "  podNetwork: bridge",
];

/** A small whole scenario. */
export function scenarioExample(parts: ScenarioExample): RuleExample {
  const { kernel = "6.1", node = NODE, sysctls, kubeProxy = "{ version: 1.30.0, mode: ipvs }", more = [] } = parts;
  const lines = [
    "about: A small node.",
    `kernel: "${kernel}"`,
    "duration: 1h",
    ...node,
    ...(sysctls === undefined ? [] : ["sysctls:", ...sysctls.map((line) => `  ${line}`)]),
    "kubelet: { version: 1.30.0 }",
    `kubeProxy: ${kubeProxy}`,
    ...more,
  ];
  return { files: { "scenario.yaml": `${lines.join("\n")}\n` } };
}

/** A Service with one NodePort, as a line of `services:`. */
export function nodePortService(name: string, nodePort: number): string {
  return `  - { name: ${name}, type: NodePort, ports: [{ port: 80, nodePort: ${nodePort} }], endpoints: [10.244.2.7] }`;
}

/** A pod with one probe, as a line of `pods:`. */
export function probedPod(probe: string, fields: string): string {
  return `  - { name: default/web, listen: [80], ${probe}: { tcpSocket: { port: 80 }, ${fields} } }`;
}
