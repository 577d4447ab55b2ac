import { formatDiagnostic } from "../../src/scenario/diagnostic.ts";
import { parseScenario, type Scenario } from "../../src/scenario/scenario.ts";

/** A scenario with one of everything that has no problem; tests replace a part of it by something wrong. */
export const SMALL_SCENARIO = `about: One of everything.
kernel: "5.4.188"
duration: 1h30m
node:
  interfaces:
    - { name: eth0, addresses: [10.10.85.105/24] }
    - { name: cni0, kind: bridge, addresses: [10.23.77.129/29] }
    - { name: nodelocaldns, kind: dummy, addresses: [169.254.20.10/32] }
sysctls:
  net.ipv4.ip_local_port_range: 1024 65000
  net.ipv4.ip_local_reserved_ports: "10250"
kubelet: { version: 1.23.10 }
kubeProxy: { version: 1.23.10, mode: ipvs, nodePortRange: 20000-40000 }
services:
  - name: default/web
    type: NodePort
    clusterIP: 10.96.0.20
    ports: [{ port: 80, nodePort: 30080, targetPort: 8080 }]
    endpoints: [10.23.77.131, 10.23.78.12]
  - { generate: 10, name: many, nodePorts: random }
pods:
  - name: default/nginx
    listen: [80]
    readinessProbe: { httpGet: { port: 80 }, periodSeconds: 10 }
  - name: default/app
    replicas: 2
    listen: [8080]
    livenessProbe: { tcpSocket: { port: 8080 } }
nodeLocalDns: { version: 1.7.0, address: 169.254.20.10 }
churn:
  - { name: zabbix, from: default/app-1, to: 10.10.85.10:10050, rate: 120/m }
expect:
  - { that: probes.probability, between: [0, 4e-4] }
`;

/** The small scenario with one text in place of another, which must occur exactly once. */
export function smallScenarioWith(from: string, to: string): string {
  const parts = SMALL_SCENARIO.split(from);
  if (parts.length !== 2) throw new Error(`${from} occurs ${parts.length - 1} times`);
  return parts.join(to);
}

/** The scenario of a text that has no problem. */
export function scenarioOf(text: string, overrides: readonly string[] = []): Scenario {
  const parsed = parseScenario(text, "s.yaml", overrides);
  if (!parsed.ok) throw new Error(parsed.diagnostics.map(formatDiagnostic).join("\n"));
  return parsed.scenario;
}

/** All diagnostics of a text as people see them, with a line break before them for the sake of the snapshots. */
export function diagnosticsOf(text: string, overrides: readonly string[] = []): string {
  const parsed = parseScenario(text, "s.yaml", overrides);
  return parsed.ok ? "none" : `\n${parsed.diagnostics.map(formatDiagnostic).join("\n")}\n`;
}
