import { describe, expect, it } from "vitest";
import { claimFailureLine } from "../../../src/cluster/kube_proxy/kube_proxy_text.ts";
import { SECOND } from "../../../src/units.ts";
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

describe("KubeProxy", () => {
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
