import { describe, expect, it } from "vitest";
import { claimFailureLine } from "../../../src/cluster/kube_proxy/kube_proxy_text.ts";
import { SECOND } from "../../../src/units.ts";
import { ip } from "../../support/small_network.ts";
import { bootOf, NODE_PORT, smallNode } from "../small_node.ts";

const FAILURE = { at: 12 * SECOND, service: "default/web", port: 36704 };

describe("claimFailureLine", () => {
  it("is a sentence up to 1.22", () => {
    expect(claimFailureLine(FAILURE, [1, 18, 20])).toBe(
      'E0101 00:00:12.000000       1 proxier.go:1] can\'t open "nodePort for default/web" (:36704/tcp), skipping this nodePort: ' +
        "listen tcp4 :36704: bind: address already in use",
    );
  });

  it("is structured in 1.23", () => {
    expect(claimFailureLine(FAILURE, [1, 23, 4])).toBe(
      'E0101 00:00:12.000000       1 proxier.go:1] "Can\'t open port, skipping it" err="listen tcp4 :36704: bind: address already in use" ' +
        "port={Description:nodePort for default/web IP: IPFamily:4 Port:36704 Protocol:TCP}",
    );
  });
});

describe("claimFailureLine with --nodeport-addresses", () => {
  const failure = { ...FAILURE, address: ip("10.10.85.105") };

  it.each([
    [[1, 22, 9], "(10.10.85.105:36704/tcp), skipping this nodePort: listen tcp4 10.10.85.105:36704: bind"],
    [[1, 23, 4], "IP:10.10.85.105 IPFamily:4 Port:36704"],
  ] as const)("names the address in %j", (version, part) => {
    expect(claimFailureLine(failure, version)).toContain(part);
  });
});

describe("KubeProxy", () => {
  it("holds a NodePort on each address of --nodeport-addresses, and on those only", () => {
    const { loop, node } = bootOf(
      smallNode("", ["kubeProxy.version=1.18.20", "kubeProxy.nodePortAddresses=[10.0.0.0/8]"]),
    );
    const { tcp } = node.machine;
    const other = tcp.socket(node.netns, undefined, 0);
    expect(tcp.bind(other, { address: ip("10.23.77.129"), port: NODE_PORT })).toBe(0);
    expect(tcp.listen(other)).toBe(0);
    const elsewhere = tcp.socket(node.netns, undefined, 0);
    expect(tcp.bind(elsewhere, { address: ip("169.254.20.10"), port: NODE_PORT })).toBe(0);
    expect(tcp.listen(elsewhere)).toBe(0);
    node.start();
    loop.runUntil(SECOND);
    expect(node.kubeProxy.claimFailures).toEqual([
      { at: 0, service: "default/web", port: NODE_PORT, address: ip("10.23.77.129") },
    ]);
    expect(node.kubeProxy.heldPorts()).toEqual([NODE_PORT]);
  });

  it("claims nothing where no address of the node is in --nodeport-addresses", () => {
    const { node } = bootOf(
      smallNode("", ["kubeProxy.version=1.18.20", "kubeProxy.nodePortAddresses=[192.168.0.0/16]"]),
    );
    node.start();
    expect(node.kubeProxy.heldPorts()).toEqual([]);
  });

  it("notes a failed claim at every sync until the port is free", () => {
    const { loop, node } = bootOf(smallNode("", ["kubeProxy.version=1.18.20"]));
    const { tcp } = node.machine;
    const other = tcp.socket(node.netns, undefined, 0);
    tcp.bind(other, { address: 0, port: NODE_PORT });
    tcp.listen(other);
    node.start();
    loop.runUntil(50 * SECOND);
    tcp.close(other);
    loop.runUntil(100 * SECOND);
    expect(node.kubeProxy.claimFailures).toEqual([
      { at: 0, service: "default/web", port: NODE_PORT },
      { at: 30 * SECOND, service: "default/web", port: NODE_PORT },
    ]);
  });
});
