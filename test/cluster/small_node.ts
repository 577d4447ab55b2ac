import { Node } from "../../src/cluster/node.ts";
import { runReplication } from "../../src/cluster/replication.ts";
import type { ReplicationResult } from "../../src/cluster/replication_result.ts";
import type { TraceSink } from "../../src/kernel/trace.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";
import { EventLoop } from "../../src/sim/event_loop.ts";
import { RandomStreams } from "../../src/sim/random.ts";
import { scenarioOf } from "../scenario/small_scenario.ts";

/** A node with one NodePort and nothing that connects; what a test adds stands behind it as YAML. */
const EMPTY_NODE = `about: A small node.
kernel: "5.4.188"
duration: 5m
replications: 1
seed: small
node:
  interfaces:
    - { name: eth0, addresses: [10.10.85.105/24] }
    - { name: cni0, kind: bridge, addresses: [10.23.77.129/25] }
    - { name: nodelocaldns, kind: dummy, addresses: [169.254.20.10/32] }
kubelet: { version: 1.23.10, httpProbeClosesFirst: 0.11 }
kubeProxy: { version: 1.23.10, mode: ipvs, nodePortRange: 20000-40000 }
services:
  - name: default/web
    type: NodePort
    clusterIP: 10.96.0.20
    ports: [{ port: 80, nodePort: 36704, targetPort: 8080 }]
    endpoints: [10.23.78.12]
`;

/** The NodePort of the small node. */
export const NODE_PORT = 36704;

/** The small node with more sections, changed by `--set` texts. */
export function smallNode(sections: string, overrides: readonly string[] = []): Scenario {
  return scenarioOf(`${EMPTY_NODE}${sections}`, overrides);
}

/** The first boot of a scenario, from start to end. */
export function runOf(scenario: Scenario): ReplicationResult {
  return runReplication(scenario, 0);
}

/** A booted node that the test moves on by itself. */
export interface BootedNode {
  readonly loop: EventLoop;
  readonly node: Node;
}

/** The first boot of a scenario before anything has begun. */
export function bootOf(scenario: Scenario, trace?: TraceSink): BootedNode {
  const loop = new EventLoop();
  return { loop, node: new Node(scenario, loop, new RandomStreams(scenario.seed, 0), trace) };
}
