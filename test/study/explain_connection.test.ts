import { describe, expect, it } from "vitest";
import type { Decision } from "../../src/kernel/decisions/decision.ts";
import { sequenceChart, sequenceSvg } from "../../src/report/sequence_chart.ts";
import { sequenceRows } from "../../src/report/sequence_rows.ts";
import { explainDocument, type ExplainDocument } from "../../src/report/explain_document.ts";
import { explainConnection, type ConnectionStory } from "../../src/study/explain_connection.ts";
import { smallNode } from "../cluster/small_node.ts";

const WEB = `
pods:
  - { name: default/web, address: 10.23.77.140, listen: [80], readinessProbe: { tcpSocket: { port: PROBED }, periodSeconds: 10 } }
`;

/** The story of the first probe of a node with one pod that listens on port 80. */
async function firstProbe(probedPort: number, ...overrides: readonly string[]): Promise<ConnectionStory> {
  const scenario = smallNode(WEB.replace("PROBED", `${probedPort}`), overrides);
  const explanation = await explainConnection({
    scenario,
    wanted: { number: 1 },
    replications: [0],
    pause: async () => {},
  });
  if (explanation.kind !== "story") throw new Error(explanation.kind);
  return explanation.story;
}

function decisionsOf(story: ConnectionStory, name: string): readonly Decision[] {
  return story.events.flatMap((event) =>
    event.kind === "decision" && event.decision.name === name ? [event.decision] : [],
  );
}

function documentOf(story: ConnectionStory): ExplainDocument {
  return explainDocument(story, {
    scenario: { file: "small.yaml", digest: "sha256:0", about: "A small node." },
    settings: { seed: "small", kernel: "5.4.188", portWalk: "4.6-5.11", durationSeconds: 300, overrides: {} },
  });
}

/** The port range that leaves connect() the NodePort of the small node alone. */
const COLLIDING = "sysctls.net.ipv4.ip_local_port_range=36704 36704";

describe("explainConnection", async () => {
  const refused = await firstProbe(81);
  const colliding = await firstProbe(80, COLLIDING);

  it("tells why TCP refuses: no socket stands there, so a RST answers", () => {
    expect(refused.connection.outcome).toMatchObject({ isSuccess: false, cause: "connection-refused" });
    expect(decisionsOf(refused, "tcp").map(({ netns, changes, why }) => [netns, changes, why])).toEqual([
      ["default/web", ["RST sent"], "no socket stands on 10.23.77.140:81"],
      ["node", ["socket SYN-SENT -> none"], "a RST that acknowledges the SYN: connection refused"],
    ]);
  });

  it("tells each candidate of the port's search and why it was passed over", async () => {
    const range = "sysctls.net.ipv4.ip_local_port_range=40000 40003";
    const story = await firstProbe(80, range, "sysctls.net.ipv4.ip_local_reserved_ports=40000,40002,40003");
    const [connect] = decisionsOf(story, "connect");
    expect(connect!.verdict).toBe("port 40001");
    const found = connect!.port!.candidates.map(({ port, verdict }) => `${port} ${verdict}`);
    expect(found.slice(0, 2).toSorted((a, b) => (a < b ? -1 : 1))).toEqual(["40000 passed over", "40002 passed over"]);
    expect(found.at(-1)).toBe("40001 taken");
    expect(connect!.port!.examined).toBe(found.length);
  });

  it("tells of a search without a port, and of nothing after it", async () => {
    const range = "sysctls.net.ipv4.ip_local_port_range=40000 40001";
    const story = await firstProbe(80, range, "sysctls.net.ipv4.ip_local_reserved_ports=40000-40001");
    expect(decisionsOf(story, "connect").map(({ verdict, why }) => [verdict, why])).toEqual([
      ["-EADDRNOTAVAIL", "every one of 2 candidates is unusable"],
    ]);
    expect(story.events.filter(({ kind }) => kind === "packet")).toEqual([]);
  });

  it("tells what a decision caused behind it: IPVS's own way out follows its verdict", () => {
    const names = colliding.events.flatMap((event) =>
      event.kind === "decision" && event.decision.place === "hook"
        ? [`${event.decision.hook} ${event.decision.name} ${event.decision.verdict}`]
        : [],
    );
    const stolen = names.indexOf("LOCAL_IN ip_vs_in STOLEN");
    expect(names.slice(stolen + 1, stolen + 3)).toEqual(["LOCAL_OUT conntrack ACCEPT", "LOCAL_OUT nat ACCEPT"]);
  });

  it("says when the timer goes off and when the next one will", async () => {
    const story = await firstProbe(80, COLLIDING, "pods.default/web.readinessProbe.timeoutSeconds=2");
    expect(decisionsOf(colliding, "timer")).toEqual([]);
    expect(decisionsOf(story, "timer").map(({ changes }) => changes)).toEqual([
      [expect.stringMatching(/^retransmission 1, the next one 2(\.\d+)? s later$/)],
    ]);
  });

  it("answers how many probes there were when none has that number", async () => {
    const scenario = smallNode(WEB.replace("PROBED", "80"));
    const wanted = { scenario, wanted: { number: 1000 }, replications: [0], pause: async () => {} };
    expect(await explainConnection(wanted)).toEqual({ kind: "no-such-connection", connections: 30, replication: 0 });
  });

  it("looks for a failure in one replication after the other", async () => {
    const scenario = smallNode(WEB.replace("PROBED", "80"), ["replications=2", "duration=1m"]);
    const looked = new Set<number>();
    const pause = async ({ replication }: { readonly replication: number }): Promise<void> =>
      void looked.add(replication);
    const explanation = await explainConnection({
      scenario,
      wanted: { number: "first-failure" },
      replications: [0, 1],
      pause,
    });
    expect([explanation, [...looked]]).toEqual([{ kind: "no-failure", connections: 12 }, [0, 1]]);
  });
});

describe("The sequence chart", async () => {
  const story = await firstProbe(80, COLLIDING);
  const document = documentOf(story);

  it("has a row for each packet and each remark", () => {
    const rows = sequenceRows(story).map((row) =>
      row.kind === "flight"
        ? `${row.from} -> ${row.to ?? "nobody"}: ${row.label}${row.isDiverted ? " (diverted)" : ""}`
        : row.text,
    );
    expect(rows).toEqual([
      "connect(): port 36704, NodePort of default/web",
      "node -> default/web: SYN  36704 > 80",
      "default/web -> node: SYN-ACK  80 > 36704",
      "IPVS takes the SYN-ACK for a client's and sends it to 10.23.78.12:8080",
      "node -> network: SYN-ACK  80 > 8080 (diverted)",
      "network -> node: RST  8080 > 80 (diverted)",
      "node -> default/web: RST  36704 > 80 (diverted)",
      "timeout: the probe has failed",
    ]);
  });

  it("states the finding in its title", () => {
    expect(JSON.stringify(sequenceChart(story, document).title)).toContain(
      "Source port 36704 is a NodePort: IPVS takes the pod's SYN-ACK, and the probe fails after 1 second",
    );
  });

  it("is the same text each time, and holds the words of each lane", async () => {
    const svg = await sequenceSvg(story, document);
    expect(await sequenceSvg(story, document)).toBe(svg);
    for (const word of ["real server 10.23.78.12:8080", "default/web", "cni0", "+0.000010 s", "RST  36704 > 80"])
      expect(svg).toContain(word.replaceAll(">", "&gt;"));
  });
});
