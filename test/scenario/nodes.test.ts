import { describe, expect, it } from "vitest";
import { formatIpv4 } from "../../src/units.ts";
import { diagnosticsOf, scenarioOf } from "./small_scenario.ts";

const TWO_NODES = `kernel: "5.4.188"
duration: 10m
nodes:
  - name: node-1
    interfaces:
      - { name: eth0, addresses: [10.10.0.11/24] }
      - { name: cni0, kind: bridge, addresses: [10.244.1.1/24] }
  - name: node-2
    interfaces:
      - { name: eth0, addresses: [10.10.0.12/24] }
      - { name: cni0, kind: bridge, addresses: [10.244.2.1/24] }
    sysctls: { net.ipv4.ip_forward: "0" }
sysctls: { net.ipv4.ip_local_port_range: 1024 65000 }
kubelet: { version: 1.23.10 }
kubeProxy: { version: 1.23.10, mode: ipvs }
services:
  - { name: default/web, type: ClusterIP, clusterIP: 10.96.0.20, ports: [{ port: 80 }] }
  - { name: default/headless, type: ClusterIP, clusterIP: None, ports: [{ port: 80 }] }
pods:
  - { name: default/app, replicas: 3 }
  - { name: default/pinned, nodeName: node-2, replicas: 2 }
  - { name: default/own, address: 10.244.2.77 }
overlay: { kind: vxlan }
churn:
  - { name: by-name, from: default/app-0, to: default/own:8080, rate: 1/s }
  - { name: service, from: node-2, to: default/web:80, rate: 1/s, timeout: 3m }
`;

const NODE = `node:
  interfaces:
    - { name: eth0, addresses: [10.10.0.11/24] }
    - { name: cni0, kind: bridge, addresses: [10.244.1.1/24] }
`;
const ONE_NODE = TWO_NODES.replace(/nodes:\n.*?(?=sysctls: \{ net.ipv4.ip_l)/s, NODE)
  .replace(/^overlay.*\n/m, "")
  .replace(/^pods:\n(?: {2}.*\n)+churn:\n(?: {2}.*\n)+/m, "");

function changed(from: string, to: string): string {
  if (TWO_NODES.split(from).length !== 2) throw new Error(`${from} occurs not just once`);
  return TWO_NODES.replace(from, to);
}

describe("Several nodes", () => {
  it("have pods in turn, pods that name their node, and pods whose address is in a node's network", () => {
    const pods = scenarioOf(TWO_NODES).pods.map(
      ({ name, nodeName, address }) => `${name} ${nodeName} ${formatIpv4(address)}`,
    );
    expect(pods).toEqual([
      "default/app-0 node-1 10.244.1.2",
      "default/app-2 node-1 10.244.1.3",
      "default/app-1 node-2 10.244.2.2",
      "default/pinned-0 node-2 10.244.2.3",
      "default/pinned-1 node-2 10.244.2.4",
      "default/own node-2 10.244.2.77",
    ]);
  });

  it("have sysctls of their own beside those of all", () => {
    const { sysctls, nodes } = scenarioOf(TWO_NODES, ["nodes.node-1.sysctls.net.ipv4.tcp_syn_retries=2"]);
    expect(sysctls.map(([name]) => name)).toEqual(["net.ipv4.ip_local_port_range"]);
    expect(nodes.map((node) => node.sysctls)).toEqual([
      [["net.ipv4.tcp_syn_retries", "2"]],
      [["net.ipv4.ip_forward", "0"]],
    ]);
  });

  it("follow each other in addresses and pod networks when count repeats one, but for dummy interfaces", () => {
    const dns = "    - { name: dns, kind: dummy, addresses: [169.254.20.10/32] }\n";
    const { nodes } = scenarioOf(ONE_NODE.replace("sysctls:", `${dns}  count: 3\nsysctls:`));
    const seen = nodes.map(({ name, interfaces, gateway }) => [
      name,
      ...interfaces.map(({ addresses }) => formatIpv4(addresses[0]!.address)),
      formatIpv4(gateway!),
    ]);
    expect(seen).toEqual([
      ["node-0", "10.10.0.11", "10.244.1.1", "169.254.20.10", "10.10.0.1"],
      ["node-1", "10.10.0.12", "10.244.2.1", "169.254.20.10", "10.10.0.1"],
      ["node-2", "10.10.0.13", "10.244.3.1", "169.254.20.10", "10.10.0.1"],
    ]);
  });

  it("are one node, without a name, under node:", () => {
    const { node, nodes } = scenarioOf(ONE_NODE);
    expect(nodes).toEqual([node]);
    expect(node.name).toBeUndefined();
  });
});

describe("churn", () => {
  it("goes to a service's clusterIP or a pod's address by name, and waits 3 s unless it says", () => {
    const seen = scenarioOf(TWO_NODES).churn.map(({ to, timeout }) => [formatIpv4(to.address), to.port, timeout]);
    expect(seen).toEqual([
      ["10.244.2.77", 8080, 3_000_000],
      ["10.96.0.20", 80, 180_000_000],
    ]);
  });

  it("is refused to a name that nothing has, and to a headless service", () => {
    expect(diagnosticsOf(changed("default/own:8080", "default/owm:8080"))).toMatchInlineSnapshot(`
      "
      s.yaml:25:47: Cannot connect to "default/owm": no pod has this name, and no service with a clusterIP (did you mean "default/own"?)
        25 |   - { name: by-name, from: default/app-0, to: default/owm:8080, rate: 1/s }
                                                           ^^^^^^^^^^^^^^^^
        expected: default/web, default/app-0, default/app-1, default/app-2, default/pinned-0, default/pinned-1 or default/own
        to mend:  write default/own:8080
      "
    `);
    expect(diagnosticsOf(changed("default/web:80", "default/headless:80"))).toMatchInlineSnapshot(`
      "
      s.yaml:26:40: Cannot connect to "default/headless": no pod has this name, and no service with a clusterIP
        26 |   - { name: service, from: node-2, to: default/headless:80, rate: 1/s, timeout: 3m }
                                                    ^^^^^^^^^^^^^^^^^^^
        expected: default/web, default/app-0, default/app-1, default/app-2, default/pinned-0, default/pinned-1 or default/own
        to mend:  write an address
      "
    `);
    expect(diagnosticsOf(changed("default/web:80", "default/web"))).toMatchInlineSnapshot(`
      "
      s.yaml:26:40: Cannot use "default/web" for "to": it has no port
        26 |   - { name: service, from: node-2, to: default/web, rate: 1/s, timeout: 3m }
                                                    ^^^^^^^^^^^
        expected: an IPv4 address with a port, such as 10.10.85.10:10050, or a pod or service, such as default/web:80
        to mend:  write default/web:80, with the port that is called
      "
    `);
  });
});

describe("What is wrong with several nodes", () => {
  it("is no node at all, and both forms at once", () => {
    expect(diagnosticsOf(ONE_NODE.replace(NODE, ""))).toMatchInlineSnapshot(`
      "
      s.yaml:1:1: Cannot read the scenario without "node"
        1 | kernel: "5.4.188"
            ^
        expected: "node": a map, or "nodes": a list of them
        to mend:  add a line \`node: …\` (\`sim init\` writes an example)
      "
    `);
    expect(diagnosticsOf(`${TWO_NODES}${NODE}`)).toMatchInlineSnapshot(`
      "
      s.yaml:3:1: Cannot use both "node" and "nodes": one says what the other does
        3 | nodes:
            ^^^^^
        expected: node for one node, nodes for several
        to mend:  move the node into the list, or delete one of the two
      "
    `);
  });

  it("is a name or an address that two have", () => {
    expect(diagnosticsOf(changed("- name: node-2", "- name: node-1"))).toContain('Cannot name two nodes "node-1"');
    expect(diagnosticsOf(changed("10.10.0.12/24", "10.10.0.11/24"))).toMatchInlineSnapshot(`
      "
      s.yaml:10:35: Cannot give 10.10.0.11 to interface "eth0" of "node-2": interface "eth0" of "node-1" has it (line 6)
        10 |       - { name: eth0, addresses: [10.10.0.11/24] }
                                               ^^^^^^^^^^^^^
        expected: an address that nothing else has
        to mend:  change one of the two addresses
      "
    `);
  });

  it("is a pod on a node that is not there", () => {
    expect(diagnosticsOf(changed("nodeName: node-2", "nodeName: node-3"))).toMatchInlineSnapshot(`
      "
      s.yaml:21:39: Cannot run a pod on "node-3": no node has this name (did you mean "node-1"?)
        21 |   - { name: default/pinned, nodeName: node-3, replicas: 2 }
                                                   ^^^^^^
        expected: node-1 or node-2
        to mend:  write node-1
      "
    `);
  });

  it("is what needs the network behind one node by itself", () => {
    const services =
      "services: [{ name: a/b, type: NodePort, ports: [{ port: 80, nodePort: 30080 }], selector: default/app }]\n";
    const balancer = "loadBalancers: [{ name: elb, address: 10.9.9.9, service: a/b }]\n";
    const timeline = "timeline: [{ at: 1m, restart: kubeProxy }, { at: 2m, rollout: default/app }]\n";
    const denied = TWO_NODES.replace("nodeName: node-2,", "nodeName: node-2, networkPolicy: deny,");
    const lines = diagnosticsOf(
      denied.replace(/^services:.*\n(?: {2}.*\n)*/m, "") + services + balancer + timeline,
    ).split("\n");
    expect(lines.filter((line) => line.includes("Cannot"))).toMatchInlineSnapshot(`
      [
        "s.yaml:18:47: Cannot simulate network policies with several nodes: not served yet",
        "s.yaml:24:81: Cannot simulate a selector with several nodes: not served yet",
        "s.yaml:25:1: Cannot simulate load balancers with several nodes: not served yet",
        "s.yaml:26:54: Cannot simulate rollouts with several nodes: not served yet",
      ]
    `);
  });

  it("is a sysctl of one node that its kernel refuses", () => {
    expect(diagnosticsOf(changed('net.ipv4.ip_forward: "0"', "net.ipv4.ip_forwrad: 0"))).toMatchInlineSnapshot(`
      "
      s.yaml:12:16: Cannot set "net.ipv4.ip_forwrad" on kernel 5.4.188: the model has no such sysctl
        12 |     sysctls: { net.ipv4.ip_forwrad: 0 }
                            ^^^^^^^^^^^^^^^^^^^
        expected: a sysctl of kernel 5.4.188 (closest: net.ipv4.ip_forward)
        to mend:  write net.ipv4.ip_forward, or delete the line
      "
    `);
  });

  it("is more of them than one run can have", () => {
    expect(diagnosticsOf(ONE_NODE.replace("node:\n", "node:\n  count: 101\n"))).toMatchInlineSnapshot(`
      "
      s.yaml:3:1: Cannot simulate 101 nodes in one run
        3 | node:
            ^^^^
        expected: at most 100 nodes
        to mend:  describe fewer; nodes that do not meet are better run as replications
      "
    `);
  });
});

describe("What is between the nodes", () => {
  it("needs several, and a port that can be blocked", () => {
    expect(diagnosticsOf(`${ONE_NODE}overlay: { kind: vxlan }\n`)).toMatchInlineSnapshot(`
      "
      s.yaml:13:1: Cannot use "overlay": it is between nodes, and there is one node
        13 | overlay: { kind: vxlan }
             ^^^^^^^
        expected: several nodes
        to mend:  describe the nodes under \`nodes:\`, or delete the section
      "
    `);
    expect(diagnosticsOf(changed("kind: vxlan", "kind: host-gw, blocked: drop"))).toMatchInlineSnapshot(`
      "
      s.yaml:23:36: Cannot block the port of host-gw: it has none, packets travel as they are
        23 | overlay: { kind: host-gw, blocked: drop }
                                                ^^^^
        expected: blocked: off, or kind: vxlan
        to mend:  delete blocked, or name the ports under cloud.blockedPorts
      "
    `);
  });

  it("names ports with their protocols", () => {
    expect(scenarioOf(`${TWO_NODES}cloud: { blockedPorts: [8472/udp] }\n`).cloud).toEqual({
      sourceDestCheck: false,
      blockedPorts: [{ port: 8472, protocol: "UDP" }],
    });
    expect(diagnosticsOf(`${TWO_NODES}cloud: { blockedPorts: [8472] }\n`)).toMatchInlineSnapshot(`
      "
      s.yaml:27:25: Cannot use "8472" in "blockedPorts": it has no protocol
        27 | cloud: { blockedPorts: [8472] }
                                     ^^^^
        expected: a port with its protocol, such as 8472/UDP
        to mend:  write 8472/TCP or 8472/UDP
      "
    `);
  });
});
