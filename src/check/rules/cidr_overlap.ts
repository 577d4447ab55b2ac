import { formatIpv4, prefixMask } from "../../units.ts";
import type { NetworkUse } from "../checked_node.ts";
import type { RuleFinding } from "../finding.ts";
import type { Rule } from "../rule.ts";
import { scenarioExample } from "./examples.ts";

function example(eth0: string) {
  const node = [
    "node:",
    "  interfaces:",
    `    - { name: eth0, addresses: [${eth0}] }`,
    "    - { name: cni0, kind: bridge, addresses: [10.244.1.1/24] }",
    "  podNetwork: bridge",
  ];
  return scenarioExample({ node });
}

/** Pods and hosts in one network. */
export const CIDR_OVERLAP: Rule = {
  id: "CIDR-OVERLAP",
  severity: "error",
  title: "The pod network overlaps a network of the node.",
  why:
    "The node takes an address of a pod elsewhere for a neighbour on its own link, asks for it with ARP and gets no " +
    "answer: 'No route to host' after three seconds, or the other way round a host behind the pods' route.",
  fix: "Choose a pod CIDR outside the networks of nodes and of what they must reach.",
  sources: ["net/ipv4/fib_trie.c fib_table_lookup, v6.12", "incident 004", "scenarios/pod-cidr-conflict.yaml"],
  bad: example("10.244.0.5/16"),
  good: example("10.0.0.5/16"),
  judge: ({ networks }) => {
    const pods = networks.filter(({ kind }) => kind === "pods");
    const hosts = networks.filter(({ kind }) => kind === "host");
    return pods.flatMap((pod) =>
      hosts
        .filter((host) => isOverlap(pod, host))
        .map((host): RuleFinding => ({
          place: host.place,
          message: `${cidr(host)} of ${host.name} overlaps ${cidr(pod)}, ${pod.name}.`,
          fix: "Give the pods another network.",
          evidence: { host: cidr(host), pods: cidr(pod) },
        })),
    );
  },
};

function isOverlap(a: NetworkUse, b: NetworkUse): boolean {
  const mask = prefixMask(Math.min(a.prefixLength, b.prefixLength));
  return ((a.address ^ b.address) & mask) === 0;
}

function cidr({ address, prefixLength }: NetworkUse): string {
  return `${formatIpv4(address)}/${prefixLength}`;
}
