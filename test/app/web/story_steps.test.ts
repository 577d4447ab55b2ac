import { beforeAll, describe, expect, it } from "vitest";
import type { PageStory } from "../../../src/app/web/page_story.ts";
import { type StoryStep, storySteps, turningPoint } from "../../../src/app/web/story_steps.ts";
import { explainDocument } from "../../../src/report/explain_document.ts";
import { sequenceRows } from "../../../src/report/sequence_rows.ts";
import { explainConnection } from "../../../src/study/explain_connection.ts";
import { smallNode } from "../../cluster/small_node.ts";

// Goal: the steps of the page tell all that `sim explain` tells, in its order.
// Method: one probe that is given the node's NodePort, by a range that holds little else.

async function storyOf(): Promise<PageStory> {
  const scenario = smallNode(`sysctls:
  net.ipv4.ip_local_port_range: 36680 36759
pods:
  - { name: default/app, listen: [80], livenessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 } }
`);
  const wanted = { number: "first-failure" } as const;
  const explanation = await explainConnection({ scenario, wanted, replications: [0], pause: async () => {} });
  if (explanation.kind !== "story") throw new Error(explanation.kind);
  const { story } = explanation;
  const settings = { seed: "small", kernel: "5.4.188", portWalk: "4.6-5.11", durationSeconds: 300, overrides: {} };
  const document = explainDocument(story, { scenario: { file: "", digest: "", about: "" }, settings });
  return { document, finding: "", rows: sequenceRows(story), lanes: [], startedAt: story.connection.startedAt };
}

describe("storySteps", () => {
  let story: PageStory;
  let steps: readonly StoryStep[];
  beforeAll(async () => {
    story = await storyOf();
    steps = storySteps(story);
  });

  it("tells each decision once, with its reason", () => {
    const decisions = story.document.events.filter(({ kind }) => kind === "decision");
    const notes = steps.flatMap((step) => step.notes);
    expect(notes).toHaveLength(decisions.length);
    expect(notes.every(({ why }) => why.length > 5)).toBe(true);
  });

  it("turns where IPVS takes the SYN-ACK", () => {
    const turn = steps[turningPoint(steps) ?? 0]!;
    expect(turn.title).toBe("node, hook LOCAL_IN");
    expect(turn.notes.find(({ isHit }) => isHit)?.text).toMatch(/^ip_vs_in STOLEN: scheduled to/);
  });

  it("shows the rows of the chart one after another, and all of them at the end", () => {
    const shown = steps.map(({ rows }) => rows);
    expect(shown).toEqual(shown.toSorted((a, b) => a - b));
    expect(shown[0]).toBe(1);
    expect(shown.at(-1)).toBe(story.rows.length);
    const turn = turningPoint(steps) ?? 0;
    const remark = story.rows[shown[turn]! - 1];
    expect(remark).toMatchObject({ kind: "remark", isHijack: true });
  });

  it("ends with what the kubelet writes", () => {
    expect(steps.at(-1)).toMatchObject({ title: "The kubelet gives up after 1 s: nodeport-collision" });
    expect(steps.at(-1)!.text).toContain('"Probe failed"');
  });
});
