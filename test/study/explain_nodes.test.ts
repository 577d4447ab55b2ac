import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { sequenceChart } from "../../src/report/sequence_chart.ts";
import { lanesOf } from "../../src/report/sequence_lanes.ts";
import { sequenceRows } from "../../src/report/sequence_rows.ts";
import { explainDocument, type ExplainDocument } from "../../src/report/explain_document.ts";
import { explainFinding } from "../../src/report/explain_finding.ts";
import { parseIpv4 } from "../../src/units.ts";
import { TWO_NODES } from "../cluster/two_nodes.ts";
import { scenarioOf } from "../scenario/small_scenario.ts";
import { parseScenario } from "../../src/scenario/scenario.ts";
import { explainConnection, type Explanation, type ConnectionStory } from "../../src/study/explain_connection.ts";
import type { WantedConnection } from "../../src/study/find_connection.ts";

// Goal: a connection is followed over several kernels, and through a tunnel, to where it ends.
// Method: the scenarios of incident 004, cut down to half a minute; findings are those that the incident's write-up names.

async function explain(name: string, wanted: WantedConnection, ...overrides: readonly string[]): Promise<Explanation> {
  const file = `scenarios/${name}.yaml`;
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
  const parsed = parseScenario(text, file, ["duration=30s", "replications=1", ...overrides]);
  if (!parsed.ok) throw new Error("the scenario has no problem");
  return explainConnection({ scenario: parsed.scenario, wanted, replications: [0], pause: async () => {} });
}

async function storyOf(
  name: string,
  wanted: WantedConnection,
  ...overrides: readonly string[]
): Promise<ConnectionStory> {
  const explanation = await explain(name, wanted, ...overrides);
  if (explanation.kind !== "story") throw new Error(explanation.kind);
  return explanation.story;
}

function firstFailure(workload: string): WantedConnection {
  return { workload, number: "first-failure" };
}

function documentOf(story: ConnectionStory): ExplainDocument {
  return explainDocument(story, {
    scenario: { file: "s.yaml", digest: "sha256:0", about: "Two nodes." },
    settings: { seed: "s", kernel: "5.4.188", portWalk: "4.6-5.11", durationSeconds: 30, overrides: {} },
  });
}

/** The interfaces that the first SYN is seen on, and how many packets they were to the recorder. */
function wayOfSyn(story: ConnectionStory): { readonly interfaces: readonly string[]; readonly serials: number } {
  const sightings = story.events.filter((event) => event.kind === "packet");
  const syn = sightings.filter(({ packet }) => packet.seq === sightings[0]!.packet.seq && packet.ack === 0);
  return {
    interfaces: syn.map(({ direction, interface: name }) => `${direction} ${name}`),
    serials: new Set(syn.map(({ serial }) => serial)).size,
  };
}

describe("explainConnection, on several nodes", async () => {
  const blocked = await storyOf("vxlan-blocked", firstFailure("pod-other-node"));

  it.each([
    [
      "vxlan-blocked",
      "pod-other-node",
      "The SYN got as far as network on PRE_ROUTING (firewall): it lets nothing through to port 8472/UDP.",
    ],
    [
      "source-dest-check",
      "pod-other-node",
      "The SYN got as far as network on PRE_ROUTING (source/destination check): the interface that sent it does not " +
        "have the source address 10.244.27.2.",
    ],
    [
      "ip-forward-off",
      "service-other-node",
      "The SYN got as far as node-2 (route): 10.244.21.10 is not of node-2, and net.ipv4.ip_forward is 0.",
    ],
    [
      "bridge-nf-off",
      "service-same-node",
      "The SYN-ACK was answered by a RST in default/testbox: no socket stands on 10.244.27.2:51034; a listener would " +
        "answer a segment with ACK by the same RST.",
    ],
    [
      "pod-cidr-conflict",
      "into-the-overlap",
      "The SYN got as far as node-2 (neighbour): nobody answers for the next hop 172.28.128.2 on eth0: the packet waits " +
        "while ARP asks, and is dropped after three questions.",
    ],
  ])("tells in %s where a connection of %s is lost", async (name, workload, where) => {
    const finding = explainFinding(documentOf(await storyOf(name, firstFailure(workload))));
    expect(finding).toContain(`Connection 1 of ${workload} in this boot, from `);
    expect(finding.endsWith(where)).toBe(true);
  });

  it("shows the tunnel's packet with the SYN in it, as tcpdump prints it", () => {
    const tunnelled = documentOf(blocked).events.find((event) => event.kind === "packet" && event.text.includes("OTV"));
    expect(tunnelled).toMatchObject({ interface: "node-1/eth0", direction: "out" });
    expect(tunnelled).toHaveProperty(
      "text",
      expect.stringMatching(
        /^IP 172\.28\.128\.101\.\d+ > 172\.28\.128\.102\.8472: OTV, flags \[I\] \(0x08\), overlay 0, instance 1\nIP 10\.244\.27\.2\.\d+ > 10\.244\.21\.10\.\d+: Flags \[S\]/,
      ),
    );
  });

  it("shows the error about the tunnel's packet where the firewall rejects", async () => {
    const story = await storyOf("vxlan-blocked", firstFailure("pod-other-node"), "overlay.blocked=reject");
    expect(documentOf(story).events).toContainEqual(
      expect.objectContaining({
        interface: "node-1/eth0",
        direction: "in",
        text: "IP 172.28.128.1 > 172.28.128.101: ICMP 172.28.128.102 udp port 8472 unreachable, length 48",
      }),
    );
  });

  it("knows a packet for the same on all kernels that it crosses, also when it has been in a tunnel", async () => {
    const story = await storyOf("vxlan-blocked", { workload: "pod-other-node", number: 1 }, "overlay.blocked=off");
    expect(wayOfSyn(story)).toEqual({
      interfaces: [
        "out default/testbox/eth0",
        "in node-1/veth-default/testbox",
        "in node-1/cni0",
        "out node-1/flannel.1",
        "in node-2/flannel.1",
        "out node-2/cni0",
        "out node-2/veth-default/netbox-2",
        "in default/netbox-2/eth0",
      ],
      serials: 1,
    });
    expect(story.server).toBe("default/netbox-2");
  });

  it("numbers the probes of all nodes in the order in which they begin", async () => {
    const numbers = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    const stories = await Promise.all(numbers.map((number) => storyOf("vxlan-blocked", { number }, "duration=5s")));
    const starts = stories.map(({ connection }) => connection.startedAt);
    expect(starts).toEqual(starts.toSorted((a, b) => a - b));
    expect(new Set(stories.map(({ connection }) => connection.node))).toEqual(new Set(["node-1", "node-2"]));
  });

  it("draws the lanes from the client to the host at which the connection ends", () => {
    const chart = JSON.stringify(sequenceChart(blocked, documentOf(blocked)));
    expect(chart).toContain("The connection fails after 3 seconds: the SYN gets as far as network (firewall)");
    const lanes = lanesOf(sequenceRows(blocked), blocked, "between the nodes");
    expect(lanes.map(({ title }) => title)).toEqual([
      "default/testbox",
      "default/testbox/eth0",
      "veth-default/testbox",
      "cni0",
      "node-1",
      "flannel.1",
      "node-1/eth0",
      "subnet0p0",
      "network",
    ]);
  });

  it("tells of a client on a host outside the nodes, whose port is bound before it connects", async () => {
    const churn = `churn:\n  - { name: proxy, from: 172.28.128.50, to: "172.28.128.102:9999", rate: 1/s, sourcePorts: 40000-40009 }\n`;
    const scenario = scenarioOf(`${TWO_NODES.split("churn:")[0]!}${churn}`);
    const wanted = { workload: "proxy", number: 2 };
    const explanation = await explainConnection({ scenario, wanted, replications: [0], pause: async () => {} });
    if (explanation.kind !== "story") throw new Error(explanation.kind);
    const { connection, server } = explanation.story;
    expect([connection.node, connection.client, server]).toEqual(["network", "network", "node-2"]);
    expect([connection.localPorts, connection.source]).toEqual([[40001], parseIpv4("172.28.128.50")]);
    expect(connection.outcome.cause).toBe("connection-refused");
  });

  it("names the workloads that there are if it does not know one", async () => {
    expect(await explain("pod-cidr-conflict", firstFailure("there"))).toEqual({
      kind: "no-such-workload",
      workloads: ["same-node", "out-of-the-overlap", "into-the-overlap"],
    });
  });
});
