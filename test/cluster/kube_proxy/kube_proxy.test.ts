import { describe, expect, it } from "vitest";
import { formatIpv4, SECOND } from "../../../src/units.ts";
import { ip } from "../../support/small_network.ts";
import { bootOf, NODE_PORT, smallNode } from "../small_node.ts";

const CLUSTER_IP = ip("10.96.0.20");
const TCP = 6;

/** A node whose kube-proxy has this version and is running. */
function startedWith(version: string, ...overrides: readonly string[]) {
  const booted = bootOf(smallNode("", [`kubeProxy.version=${version}`, ...overrides]));
  booted.node.start();
  return booted;
}

describe("KubeProxy", () => {
  it("listens on every NodePort from its start in the versions that do", () => {
    const { node } = startedWith("1.23.4");
    expect(node.kubeProxy.heldPorts()).toEqual([NODE_PORT]);
    expect(node.netns.ports.isClosedToConnect(NODE_PORT)).toBe(true);
  });

  it("leaves NodePorts to connect() from 1.23.7 on", () => {
    const { node } = startedWith("1.23.7");
    expect(node.kubeProxy.heldPorts()).toEqual([]);
    expect(node.netns.ports.isClosedToConnect(NODE_PORT)).toBe(false);
  });

  it("tries a claim that failed again at the next sync, 30 s later", () => {
    const { loop, node } = bootOf(smallNode("", ["kubeProxy.version=1.18.20"]));
    const { tcp } = node.machine;
    const other = tcp.socket(node.netns, undefined, 0);
    expect(tcp.bind(other, { address: 0, port: NODE_PORT })).toBe(0);
    expect(tcp.listen(other)).toBe(0);
    node.start();
    loop.runUntil(10 * SECOND);
    expect(node.kubeProxy.heldPorts()).toEqual([]);
    tcp.close(other);
    loop.runUntil(30 * SECOND - 1);
    expect(node.kubeProxy.heldPorts()).toEqual([]);
    loop.runUntil(30 * SECOND);
    expect(node.kubeProxy.heldPorts()).toEqual([NODE_PORT]);
  });

  it("serves a NodePort on every address of the node but those of kube-ipvs0", () => {
    const { node } = startedWith("1.23.10");
    const addresses = node.kubeProxy.nodePortAddresses();
    expect(addresses.map(formatIpv4)).toEqual(["10.10.85.105", "10.23.77.129", "169.254.20.10"]);
    const ipvs = node.machine.requireIpvs(node.netns);
    for (const address of addresses) {
      expect(ipvs.findService(TCP, address, NODE_PORT)).toMatchObject({ address, port: NODE_PORT });
    }
    expect(ipvs.findService(TCP, CLUSTER_IP, NODE_PORT)).toBeUndefined();
    expect(ipvs.findService(TCP, CLUSTER_IP, 80)).toMatchObject({ address: CLUSTER_IP, port: 80 });
    expect(node.netns.hasAddress(CLUSTER_IP)).toBe(true);
  });

  it("serves 127.0.0.1 too up to 1.21, and only the networks of nodePortAddresses where they are given", () => {
    expect(startedWith("1.21.14").node.kubeProxy.nodePortAddresses().map(formatIpv4)).toContain("127.0.0.1");
    const limited = smallNode("", ["kubeProxy.nodePortAddresses=[10.10.0.0/16]"]);
    const { node } = bootOf(limited);
    node.start();
    expect(node.kubeProxy.nodePortAddresses().map(formatIpv4)).toEqual(["10.10.85.105"]);
    const loopback = "kubeProxy.nodePortAddresses=[127.0.0.0/8]";
    expect(startedWith("1.21.14", loopback).node.kubeProxy.nodePortAddresses().map(formatIpv4)).toEqual(["127.0.0.1"]);
    expect(startedWith("1.22.10", loopback).node.kubeProxy.nodePortAddresses()).toEqual([]);
  });

  it("writes conn_reuse_mode on a kernel that needs it, unless the scenario sets it", () => {
    const modeOf = (...overrides: readonly string[]): number =>
      startedWith("1.23.10", ...overrides).node.netns.sysctls.number("net.ipv4.vs.conn_reuse_mode");
    expect(modeOf()).toBe(0);
    expect(modeOf("kernel=6.1")).toBe(1);
    expect(modeOf("sysctls.net.ipv4.vs.conn_reuse_mode=1")).toBe(1);
  });

  const TIMEOUTS = ["established", "close_wait"].map((name) => `net.netfilter.nf_conntrack_tcp_timeout_${name}`);

  it.each([
    ["1.22.17", "ipvs", [86_400, 3_600]],
    ["1.23.10", "iptables", [432_000, 3_600]],
    ["1.29.0", "nftables", [86_400, 3_600]],
  ] as const)("%s in %s mode leaves these conntrack timeouts: %j", (version, mode, seconds) => {
    const { node } = startedWith(version, `kubeProxy.mode=${mode}`);
    expect(TIMEOUTS.map((name) => node.netns.sysctls.number(name))).toEqual(seconds);
  });

  it("leaves a conntrack timeout as the scenario sets it", () => {
    const { node } = startedWith("1.30.0", `sysctls.${TIMEOUTS[1]}=60`);
    expect(node.netns.sysctls.number(TIMEOUTS[1]!)).toBe(60);
  });

  it.each([
    ["1.12.4", "0"],
    ["1.12.5", "1"],
  ])("%s leaves %s in expire_nodest_conn and expire_quiescent_template", (version, text) => {
    const { sysctls } = startedWith(version).node.netns;
    expect(sysctls.text("net.ipv4.vs.expire_nodest_conn")).toBe(text);
    expect(sysctls.text("net.ipv4.vs.expire_quiescent_template")).toBe(text);
  });
});
