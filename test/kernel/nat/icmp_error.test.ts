import { describe, expect, it } from "vitest";
import { Errno } from "../../../src/kernel/errno.ts";
import { Machine } from "../../../src/kernel/machine.ts";
import { parseIptables } from "../../../src/kernel/netfilter/iptables.ts";
import { EventLoop } from "../../../src/sim/event_loop.ts";
import { RandomStreams } from "../../../src/sim/random.ts";
import { SECOND } from "../../../src/units.ts";
import { era, ip, RecordingOwner } from "../../support/small_network.ts";

/** What a pod's connect hears of a destination that the router behind its node calls unreachable. */
function heardByPod(rules: readonly string[]): readonly string[] {
  const loop = new EventLoop();
  const machine = new Machine({ loop, era: era("6.1"), random: new RandomStreams("icmp", 0) });
  const [pod, node, router] = ["pod", "node", "router"].map((name) => machine.createNetns(name));
  const [podEnd, nodeIn] = machine.createVeth({ netns: pod!, name: "eth0" }, { netns: node!, name: "veth" });
  const [nodeOut, routerEnd] = machine.createVeth({ netns: node!, name: "eth0" }, { netns: router!, name: "eth0" });
  pod!.addAddress(podEnd, ip("10.0.0.2"), 24);
  node!.addAddress(nodeIn, ip("10.0.0.1"), 24);
  node!.addAddress(nodeOut, ip("192.0.2.2"), 24);
  router!.addAddress(routerEnd, ip("192.0.2.1"), 24);
  const everywhere = { destination: 0, prefixLength: 0, kind: "unicast" } as const;
  pod!.addRoute({ ...everywhere, device: podEnd, via: ip("10.0.0.1") });
  node!.addRoute({ ...everywhere, device: nodeOut, via: ip("192.0.2.1") });
  router!.addRoute({ destination: ip("203.0.113.0"), prefixLength: 24, kind: "unreachable" });
  for (const netns of [node!, router!]) netns.sysctls.set("net.ipv4.ip_forward", "1");
  const reading = parseIptables(rules);
  if (!reading.ok) throw new Error("the rules are right");
  machine.loadRules(node!, reading.ruleset);
  const owner = new RecordingOwner();
  machine.tcp.connect(machine.tcp.socket(pod!, owner, 0), ip("203.0.113.9"), 80);
  loop.runUntil(SECOND / 2);
  return owner.lines;
}

describe("An ICMP error about a masqueraded packet", () => {
  it("quotes the node's address and gets to the pod all the same", () => {
    expect(heardByPod(["*nat", "-A POSTROUTING -s 10.0.0.0/24 -j MASQUERADE", "COMMIT"])).toEqual([
      `failed ${Errno.EHOSTUNREACH}`,
    ]);
  });

  it("gets lost without the translation, since the router has no way back to the pod", () => {
    expect(heardByPod(["*nat", "-A POSTROUTING -s 10.9.0.0/24 -j MASQUERADE", "COMMIT"])).toEqual([]);
  });
});
