import { KEEP_ALIVE_REQUEST_BYTES } from "../../src/cluster/churn.ts";
import { Clients, type Outcome } from "../../src/cluster/clients.ts";
import { Cluster } from "../../src/cluster/cluster.ts";
import type { Netns } from "../../src/kernel/netns.ts";
import { parseIptables } from "../../src/kernel/netfilter/iptables.ts";
import type { TraceSink } from "../../src/kernel/trace.ts";
import { EventLoop } from "../../src/sim/event_loop.ts";
import { Fingerprint } from "../../src/sim/fingerprint.ts";
import { RandomStreams } from "../../src/sim/random.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";
import { type Micros, SECOND } from "../../src/units.ts";
import { ip } from "../support/small_network.ts";
import { scenarioOf } from "../scenario/small_scenario.ts";

/** Two nodes: a client and a server on the first, a server on the second; what a test adds stands behind it as YAML. */
export const TWO_NODES = `about: Two nodes.
kernel: "5.4.188"
duration: 5m
replications: 1
seed: two-nodes
nodes:
  - name: node-1
    interfaces:
      - { name: eth0, addresses: [172.28.128.101/24] }
      - { name: cni0, kind: bridge, addresses: [10.244.27.1/24] }
  - name: node-2
    interfaces:
      - { name: eth0, addresses: [172.28.128.102/24] }
      - { name: cni0, kind: bridge, addresses: [10.244.21.1/24] }
kubelet: { version: 1.23.10 }
kubeProxy: { version: 1.23.10, mode: ipvs }
pods:
  - { name: default/client, node: node-1, address: 10.244.27.20 }
  - name: default/near
    node: node-1
    address: 10.244.27.10
    listen: [8080]
    readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1 }
  - name: default/far
    node: node-2
    address: 10.244.21.10
    listen: [8080]
    readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 }
churn:
  - { name: outside, from: default/client, to: 172.28.128.200:5000, rate: 0/s }
`;

/** Addresses of the two nodes. */
export const SERVERS = { near: "10.244.27.10:8080", far: "10.244.21.10:8080", outside: "172.28.128.200:5000" } as const;

/** What became of one connection, and how long it took. */
export interface Attempt {
  readonly outcome: Outcome;
  readonly took: Micros;
}

/** The scenario of the two nodes with one more workload, and what a test adds. */
export function twoNodes(sections: string, churn: string, overrides: readonly string[] = []): Scenario {
  return scenarioOf(`${TWO_NODES}  - ${churn}\n${sections}`, overrides);
}

/** A booted cluster that the test moves on and connects in. */
export class TwoNodes {
  readonly loop = new EventLoop();
  readonly cluster: Cluster;

  constructor(sections = "", options: { readonly overrides?: readonly string[]; readonly trace?: TraceSink } = {}) {
    const scenario = scenarioOf(`${TWO_NODES}${sections}`, options.overrides ?? []);
    this.cluster = new Cluster(scenario, this.loop, new RandomStreams(scenario.seed, 0), options.trace);
    this.cluster.start();
  }

  netns(pod: string): Netns {
    const netns = this.cluster.netnsOf(pod);
    if (netns === undefined) throw new Error(`no pod ${pod}`);
    return netns;
  }

  /** Loads iptables rules into the namespace of a node. */
  loadRules(node: number, rules: readonly string[]): void {
    const reading = parseIptables(rules);
    if (!reading.ok) throw new Error(reading.problems.map(({ message }) => message).join("; "));
    const { machine, netns } = this.cluster.nodes[node]!.node;
    machine.loadRules(netns, reading.ruleset);
  }

  /** Connects from a namespace, asks and waits for what comes of it. */
  connect(netns: Netns, endpoint: string, patience: Micros = 3 * SECOND): Attempt {
    const [address = "", port = ""] = endpoint.split(":");
    const began = this.loop.now;
    let attempt: Attempt | undefined;
    new Clients(netns.machine, new Fingerprint()).open({
      netns,
      address: ip(address),
      port: Number(port),
      requestBytes: KEEP_ALIVE_REQUEST_BYTES,
      closes: "client",
      timeout: patience,
      finished: (_row, outcome) => {
        attempt = { outcome, took: this.loop.now - began };
      },
    });
    this.loop.runUntil(began + patience + SECOND);
    if (attempt === undefined) throw new Error("a connection ends within its client's patience");
    return attempt;
  }

  /** Failed probes of both nodes so far, after letting them run for a while. */
  failedProbesAfter(time: Micros): number {
    this.loop.runUntil(this.loop.now + time);
    return this.cluster.failedProbes();
  }
}
