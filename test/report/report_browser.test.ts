import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as fc from "fast-check";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { build } from "vite";
import { reportHtml } from "../../src/report/html/report_html.ts";
import type { Report } from "../../src/report/write_up/report.ts";
import { clusteredDiff } from "./diff_documents.ts";
import { hostileText } from "./hostile_text.ts";
import { digestOf, reportOfDocuments, sweepOfFour } from "./report_parts.ts";
import { failingRun } from "./run_documents.ts";

// Goal: a report works where people open it: from a file, without a network, on narrow screens, with and without script.
// Method: reports of made-up results, with the script as the build bundles it, opened in Debian's Chromium. Every
// request and every message of the console is kept.

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
const WHY_NOT = "no Chromium in /usr/bin: reports are not opened in a browser";
const FOLDER = mkdtempSync(join(tmpdir(), "portfall-report-"));
const SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update"];
const MOST_BYTES = 1_500_000;

const REPORTS: Readonly<Record<string, Report>> = {
  run: reportOfDocuments(failingRun()),
  sweep: reportOfDocuments(sweepOfFour()),
  diff: reportOfDocuments(clusteredDiff()),
};

let script = "";
let context: BrowserContext | undefined;

beforeAll(async () => {
  if (CHROMIUM === undefined) console.warn(`skipped: ${WHY_NOT}`);
  else {
    script = await bundledScript();
    const args = [...SWITCHES, "--disable-background-networking", "--disable-sync"];
    context = await chromium.launchPersistentContext(join(FOLDER, "profile"), { executablePath: CHROMIUM, args });
  }
}, 60_000);

afterAll(async () => {
  await context?.close();
  rmSync(FOLDER, { recursive: true, force: true });
});

/** The script of reports, bundled anew from its source. */
async function bundledScript(): Promise<string> {
  const outDir = join(FOLDER, "bundle");
  const configFile = join(import.meta.dirname, "../../src/app/web/report/vite.config.ts");
  const result = await build({ configFile, logLevel: "error", build: { outDir, write: false } });
  const [only] = Array.isArray(result) ? result : [];
  const [chunk] = only?.output ?? [];
  return chunk?.type === "chunk" ? chunk.code : "";
}

interface Opened {
  readonly page: Page;
  readonly requests: string[];
  readonly messages: string[];
  readonly bytes: number;
}

/** Writes a report to a file and opens it. */
async function open(name: string, report: Report): Promise<Opened> {
  const html = await reportHtml(report, { script, digest: digestOf });
  const path = join(FOLDER, `${name}.html`);
  writeFileSync(path, html);
  const page = await context!.newPage();
  const requests: string[] = [];
  const messages: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("console", (message) => messages.push(message.text()));
  page.on("pageerror", (error) => messages.push(String(error)));
  await page.setViewportSize({ width: 360, height: 800 });
  await page.goto(pathToFileURL(path).href);
  await page.locator("html[data-charts=live]").waitFor({ state: "attached" });
  return { page, requests, messages, bytes: Buffer.byteLength(html) };
}

const pages = new Map<string, Promise<Opened>>();

/** One of the reports in a page that all tests of it share. */
async function opened(name: string): Promise<Opened> {
  const page = pages.get(name) ?? open(name, REPORTS[name]!);
  pages.set(name, page);
  return page;
}

/** A number that an expression comes to in the page. */
async function numberIn(page: Page, expression: string): Promise<number> {
  return Number(await page.evaluate(expression));
}

describe("A report in a browser", () => {
  it.for(Object.keys(REPORTS))(
    "of a %s opens from a file with nothing but itself, every chart live, at any width",
    { timeout: 60_000 },
    async (name, task) => {
      task.skip(context === undefined, WHY_NOT);
      const { page, requests, messages, bytes } = await opened(name);
      expect(requests).toEqual([pathToFileURL(join(FOLDER, `${name}.html`)).href]);
      expect(messages).toEqual([]);
      expect(bytes).toBeLessThan(MOST_BYTES);
      for (const width of [360, 1_200]) {
        await page.setViewportSize({ width, height: 800 });
        expect(await numberIn(page, "document.documentElement.scrollWidth")).toBe(width);
      }
      const marks =
        "[...document.querySelectorAll('figure.chart')].map((f) => f.querySelectorAll('.live svg text').length)";
      const texts: unknown = await page.evaluate(marks);
      expect(texts).toHaveLength(
        REPORTS[name]!.writeUps[0]!.sections.flatMap(({ blocks }) => blocks).filter(({ kind }) => kind === "chart")
          .length,
      );
      expect(texts).toSatisfy((counts: readonly number[]) => counts.length > 0 && counts.every((count) => count > 5));
    },
  );

  it("shows every chart as a picture where scripts are off, named and described", async (task) => {
    task.skip(context === undefined, WHY_NOT);
    const html = await reportHtml(REPORTS["run"]!, { script: "", digest: digestOf });
    const page = await context!.newPage();
    await page.setContent(html);
    const pictures = "[...document.querySelectorAll('figure.chart svg[role=img]')]";
    const named = `${pictures}.filter((svg) => ['aria-labelledby', 'aria-describedby'].every((a) => document.getElementById(svg.getAttribute(a))?.textContent)).length`;
    expect(await numberIn(page, named)).toBe(await numberIn(page, "document.querySelectorAll('figure.chart').length"));
    expect(
      await numberIn(page, `Math.min(...${pictures}.map((svg) => svg.getBoundingClientRect().width))`),
    ).toBeGreaterThan(200);
    await page.close();
  });

  it("saves a chart as a file", async (task) => {
    task.skip(context === undefined, WHY_NOT);
    const { page } = await opened("run");
    for (const type of ["svg", "png"]) {
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.locator(`button[data-type=${type}]`).first().click(),
      ]);
      expect(download.suggestedFilename()).toMatch(new RegExp(`^[a-z-]+-1\\.${type}$`));
    }
  }, 60_000);

  it("lets no text of a user become an element", async (task) => {
    task.skip(context === undefined, WHY_NOT);
    const hostile = fc.sample(hostileText, { numRuns: 3, seed: 6 }).map((text) => {
      const said = `x</title></svg><img src=x onerror=alert(1)>${text}`;
      const run = failingRun();
      return {
        ...run,
        scenario: { ...run.scenario, file: said, about: said },
        settings: { ...run.settings, seed: said },
        workloads: run.workloads.map((workload) => ({ ...workload, name: said })),
      };
    });
    const { page, requests, messages } = await open("hostile", reportOfDocuments(...hostile));
    const strangers = "img, iframe, object, link, a[href]:not([href^='#']), script:not([type]):not(body > script)";
    expect(await numberIn(page, `document.querySelectorAll(${JSON.stringify(strangers)}).length`)).toBe(0);
    const about = await page.locator("article .about").allInnerTexts();
    expect(about.map((text) => text.startsWith("x</title></svg><img src=x onerror=alert(1)>"))).toEqual([
      true,
      true,
      true,
    ]);
    expect(requests).toHaveLength(1);
    expect(messages).toEqual([]);
    await page.close();
  }, 60_000);
});
