import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { markdownText, reportMarkdown } from "../../src/report/write_up/report_markdown.ts";
import { clusteredDiff } from "./diff_documents.ts";
import { hostileText } from "./hostile_text.ts";
import { reportOfDocuments, sweepOfFour } from "./report_parts.ts";
import { failingRun, heldRun } from "./run_documents.ts";

/** The report without the one figure that every new gap in the model changes. */
const goldenText = (text: string): string => text.replace(/named in \d+ places/, "named in N places");

describe("reportMarkdown", () => {
  it("reads as a finding, advice with its cost, and figures; the rest is folded", async () => {
    await expect(goldenText(reportMarkdown(reportOfDocuments(failingRun())))).toMatchFileSnapshot(
      "golden/report_run.txt",
    );
  });

  it("reads a sweep by its points, and says which value to take", async () => {
    await expect(goldenText(reportMarkdown(reportOfDocuments(sweepOfFour())))).toMatchFileSnapshot(
      "golden/report_sweep.txt",
    );
  });

  it("reads a comparison by its verdict, and says which side to take", async () => {
    await expect(goldenText(reportMarkdown(reportOfDocuments(clusteredDiff())))).toMatchFileSnapshot(
      "golden/report_diff.txt",
    );
  });

  it("counts a reservation among the costs of the better side", () => {
    const { a, b } = clusteredDiff();
    const exposure = { ...a.exposure, reservedBlocks: [], heldBlocks: [] };
    const reserved = { ...exposure, reservedBlocks: [[30000, 32767]] as const };
    const diff = clusteredDiff({ verdict: "better", a: { ...b, exposure }, b: { ...a, exposure: reserved } });
    expect(reportMarkdown(reportOfDocuments(diff))).toContain("Source ports that connect() may pick: 63,977 → 61,209.");
  });

  it("begins with the findings of all results where there are several", () => {
    const text = reportMarkdown(reportOfDocuments(heldRun(), failingRun()));
    expect(text).toContain("# 2 results\n\n- ✅ **Run of nodelocaldns.yaml**: None of 9,780,000 probes failed");
    expect(text).toContain("\n- ❌ **Run of nodelocaldns.yaml**: 2,144 of 9,780,000 probes failed");
    expect(text.match(/^## Run of nodelocaldns\.yaml$/gm)).toHaveLength(2);
  });

  it("closes a block of code with a longer fence than any that its lines hold", () => {
    const run = failingRun();
    const [failure] = run.firstFailures;
    const text = reportMarkdown(
      reportOfDocuments({ ...run, firstFailures: [{ ...failure!, logLine: "a\n````\n# breaks out" }] }),
    );
    expect(text).toContain("`````text\na ```` # breaks out\n`````\n");
  });
});

describe("markdownText", () => {
  it("leaves the words of the field as they are", () => {
    const words = "net.ipv4.ip_local_port_range 1024-65000, 2.19e-4 (5.4.188), default/app-26: 95 %";
    expect(markdownText(words)).toBe(words);
  });

  it("takes the meaning from what Markdown and GitHub would act on", () => {
    expect(markdownText("# a <b> & `c` [d](e) *f* _g_ | ~h~ $i$ \\j")).toBe(
      String.raw`\# a &lt;b&gt; &amp; \`c\` \[d\](e) \*f\* \_g\_ \| \~h\~ \$i\$ \\j`,
    );
    expect(markdownText("1. see https://x.org, www.x.org, @team and #12")).toBe(
      String.raw`1\. see https&#58;//x.org, www\.x.org, @<!-- -->team and #<!-- -->12`,
    );
  });

  it("never lets a text make markup, a link or a line", () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const written = markdownText(text).replaceAll("<!-- -->", "");
        expect(written).not.toMatch(/[<>\n\r\p{Cc}]|(?<!\\)(?:\\\\)*[`*[\]|~$]|:\/\//u);
      }),
    );
  });
});
