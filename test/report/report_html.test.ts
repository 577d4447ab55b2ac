import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { htmlName, htmlProse, htmlText, scriptJson, scriptText } from "../../src/report/html/html_text.ts";
import { reportHtml } from "../../src/report/html/report_html.ts";
import { reportOf } from "../../src/report/write_up/report.ts";
import type { RunDocument } from "../../src/study/run_document.ts";
import { hostileText } from "./hostile_text.ts";
import { digestOf, reportOfDocuments } from "./report_parts.ts";
import { failingRun } from "./run_documents.ts";

const OPTIONS = { script: "window.x = '<!-- </script>';", digest: digestOf };

/** The failing run with a text of the user's in every place that takes one. */
function runSaying(text: string): RunDocument {
  const run = failingRun();
  return {
    ...run,
    scenario: { file: text, digest: text, about: text },
    settings: { ...run.settings, seed: text, overrides: { [`set.${text}`]: text } },
    warnings: [text],
    workloads: run.workloads.map((workload) => ({ ...workload, name: text })),
    firstFailures: run.firstFailures.map((failure) => ({ ...failure, series: text, logLine: `x${text}` })),
    expectations: [{ that: text, want: text, got: 1, ok: false }],
  };
}

/** The names of all tags in order, without those that only keep words together. */
async function skeleton(text: string): Promise<string[]> {
  const results = [{ result: { path: "x", document: runSaying(text), scenario: `x${text}` }, charts: [] }];
  const html = await reportHtml(reportOf(results, { version: "1", title: text }), OPTIONS);
  const plain = html.replaceAll(/<span class="nb">([^<]*)<\/span>|<wbr>/g, "$1");
  return [...plain.matchAll(/<[/!]?[a-z-]+/gi)].map(([tag]) => tag);
}

describe("reportHtml", () => {
  it("has the same elements whatever the user's texts say", async () => {
    const plain = await skeleton("plain");
    await fc.assert(
      fc.asyncProperty(hostileText, async (text) => {
        // A blank text has no paragraph to stand in.
        fc.pre(text.trim() !== "");
        expect(await skeleton(text)).toEqual(plain);
      }),
      { numRuns: 60 },
    );
  });

  it("allows its own script and nothing else", async () => {
    const html = await reportHtml(reportOf([], { version: "1", title: "x" }), OPTIONS);
    const code = /<script>([^]*?)<\/script>\n<\/body>/.exec(html)![1]!;
    const digest = Buffer.from(digestOf(code).slice("sha256:".length), "hex").toString("base64");
    expect(html).toContain(`content="default-src 'none'; script-src 'sha256-${digest}'; style-src 'unsafe-inline'; `);
    expect(html).not.toMatch(/unsafe-eval|(?:src|href)="(?!#)/);
  });

  it("gives the same bytes for the same result, whatever the run took", async () => {
    const run = failingRun();
    const later = { ...run, engine: { ...run.engine, cpuSeconds: 999, wallSeconds: 999 } };
    const [first, second] = await Promise.all([run, later].map((one) => reportHtml(reportOfDocuments(one), OPTIONS)));
    expect(second).toBe(first);
  });

  it("parts the clips of its pictures by name", async () => {
    const html = await reportHtml(reportOfDocuments(failingRun(), failingRun()), OPTIONS);
    const names = [...html.matchAll(/ id="([^"]+)"/g)].map(([, name]) => name);
    expect(new Set(names).size).toBe(names.length);
    const known = new Set(names);
    const asked = [...html.matchAll(/(?:url\(|href=")#([^)"]+)/g)].map(([, name]) => name!);
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe("HTML text", () => {
  it("escapes what is markup and shows what cannot be shown", () => {
    expect(htmlText(`<a href="x">&'`)).toBe("&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
    expect(htmlText("a\u0000b\u001bc\ud800d\u202ee\r\nf\tg")).toBe("a\ufffdb\ufffdc\ufffdd\ufffde\nf\tg");
  });

  it("keeps numbers and ranges on one line and breaks names at their dots", () => {
    expect(htmlProse("p is 2.19e-4 at 1024-65000, app-26 and 5.4.188")).toBe(
      'p is <span class="nb">2.19e-4</span> at <span class="nb">1024-65000</span>, app-26 and 5.4.188',
    );
    expect(htmlName("net.ipv4.ip_local, 2.5")).toBe("net.<wbr>ipv4.<wbr>ip_<wbr>local, 2.5");
  });

  it("lets no string end a script element", () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const json = scriptJson({ text });
        expect(json).not.toMatch(/[<>&\u2028\u2029]/);
        expect(JSON.parse(json)).toEqual({ text });
        expect(scriptText(text)).not.toMatch(/<\/script|<!--/i);
      }),
    );
  });
});
