import { describe, expect, it } from "vitest";
import { Cluster } from "../../src/cluster/cluster.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";
import { EventLoop } from "../../src/sim/event_loop.ts";
import { RandomStreams } from "../../src/sim/random.ts";
import { explainConnection } from "../../src/study/explain_connection.ts";
import { findIn } from "../../src/study/find_connection.ts";
import { type LogLine, StoryLogs } from "../../src/study/story_log.ts";
import { SECOND } from "../../src/units.ts";
import { NODE_PORT, smallNode } from "../cluster/small_node.ts";

const WEB = `
pods:
  - { name: default/web, address: 10.23.77.140, listen: [80], readinessProbe: { httpGet: { port: 80 }, periodSeconds: 10 } }
`;
const COLLIDING = `sysctls.net.ipv4.ip_local_port_range=${NODE_PORT} ${NODE_PORT}`;

/** What the logs say in the story of one probe. */
async function linesOf(number: number | "first-failure", ...overrides: readonly string[]): Promise<readonly LogLine[]> {
  const scenario = smallNode(WEB, overrides);
  const explanation = await explainConnection({
    scenario,
    wanted: { number },
    replications: [0],
    pause: async () => {},
  });
  if (explanation.kind !== "story") throw new Error(explanation.kind);
  return explanation.story.events.filter((event) => event.kind === "log");
}

/** A node on which another process listens on the NodePort for 50 s, and what is said of the probe that gets the port then. */
function linesAfterLostClaim(scenario: Scenario): readonly LogLine[] {
  const loop = new EventLoop();
  const cluster = new Cluster(scenario, loop, new RandomStreams(scenario.seed, 0));
  const finder = findIn(cluster, { number: 6 }, { replication: 0, version: scenario.kubelet.version });
  const logs = new StoryLogs(cluster);
  const { machine, netns } = cluster.nodes[0]!.node;
  const other = machine.tcp.socket(netns, undefined, 0);
  machine.tcp.bind(other, { address: 0, port: NODE_PORT });
  machine.tcp.listen(other);
  cluster.start();
  loop.runUntil(50 * SECOND);
  machine.tcp.close(other);
  loop.runUntil(59 * SECOND);
  return logs.linesOf(finder.found!, [], scenario.kubeProxy.version);
}

describe("StoryLogs", () => {
  it("has nginx's line for a probe that reached the server", async () => {
    const [line, ...others] = await linesOf(1);
    expect(others).toEqual([]);
    expect(line).toMatchObject({ log: "nginx", of: "default/web" });
    expect(line!.text).toMatch(/^10\.23\.77\.129 - - \[.*\] "GET \/ HTTP\/1\.1" 200 615 "-" "kube-probe\/1\.23" "-"$/);
  });

  it("has status 499 where the kubelet gave up waiting for the answer", async () => {
    const [line] = await linesOf("first-failure", "pods.default/web.responseDelay=3s");
    expect(line!.text).toContain('"GET / HTTP/1.1" 499 0');
  });

  it("has none for a probe whose SYN-ACK was taken away", async () => {
    expect(await linesOf("first-failure", COLLIDING)).toEqual([]);
  });

  it("has the kernel's line at the moment at which a full table drops the SYN", async () => {
    const lines = await linesOf("first-failure", "sysctls.net.netfilter.nf_conntrack_max=1");
    expect(lines.map(({ log, of }) => [log, of])).toContainEqual(["kernel", "node"]);
    expect(lines[0]!.text).toMatch(/^\[ *\d+\.\d{6}\] nf_conntrack: nf_conntrack: table full, dropping packet$/);
  });

  it("has kube-proxy's latest line about the source port, which says why nobody held it", () => {
    const scenario = smallNode(WEB, ["kubeProxy.version=1.18.20", COLLIDING]);
    expect(linesAfterLostClaim(scenario)).toEqual([
      {
        kind: "log",
        time: 30 * SECOND,
        log: "kube-proxy",
        of: "node",
        text:
          'E0101 00:00:30.000000       1 proxier.go:1] can\'t open "nodePort for default/web" (:36704/tcp), skipping this ' +
          "nodePort: listen tcp4 :36704: bind: address already in use",
      },
    ]);
  });
});
