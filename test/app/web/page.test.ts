import { readFileSync, statSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { runCli } from "../../../src/app/cli/run_cli.ts";
import { studyHere } from "../../study/study_here.ts";
import { NO_BROWSER } from "../../support/browser.ts";
import { memoryIo } from "../memory_io.ts";
import {
  type BuiltLab,
  buildLab,
  linkTo,
  type OpenLab,
  openLab,
  packageVersion,
  savedBy,
  untilFinal,
  untilTold,
} from "./lab_page.ts";

// Goal: the page is the simulator of the command line, in a file that needs nothing else, and people can use it.
// Method: it is built from the sources and opened from the disk in Chromium; what it says is held against `sim run`.

if (NO_BROWSER !== "") console.warn(`page.test.ts${NO_BROWSER}`);

const SHORT = ["duration=2m", "replications=2"];
const QUICK = linkTo("nodelocaldns", SHORT);

/** The document of `sim run`, less its two times. */
function timeless(text: string): unknown {
  const document: { readonly engine: object } = JSON.parse(text);
  return { ...document, engine: { ...document.engine, cpuSeconds: 0, wallSeconds: 0 } };
}

async function documentOf(scenario: string, words: readonly string[]): Promise<string> {
  const file = `scenarios/${scenario}.yaml`;
  const io = memoryIo({ [file]: readFileSync(file, "utf8") }, { runStudy: studyHere, version: packageVersion() });
  await runCli(["run", file, "--format", "json", ...words], io);
  return io.out();
}

describe(`The page${NO_BROWSER}`, { timeout: 300_000 }, () => {
  let lab: BuiltLab | undefined;
  /** The page that most tests share; each leaves it as it found it, the last one apart. */
  let quick: OpenLab | undefined;
  beforeAll(async () => {
    if (NO_BROWSER !== "") return;
    lab = await buildLab();
    quick = await openLab(lab, QUICK);
    await untilFinal(quick.page);
    await untilTold(quick.page);
  }, 300_000);
  beforeEach(({ skip }) => skip(NO_BROWSER !== "", NO_BROWSER));
  afterAll(() => lab?.close());

  it("is one file of less than 2 MB that asks for nothing else and complains of nothing", () => {
    expect(statSync(lab!.file).size).toBeLessThan(2_000_000);
    const { requests, complaints } = quick!;
    expect(requests.filter((url) => !url.startsWith("blob:"))).toEqual([expect.stringMatching(/^file:.*lab\.html/)]);
    expect(complaints).toEqual([]);
  });

  it("gives the document of sim run, for three scenarios on three kernels", async () => {
    let page: Page | undefined;
    for (const [scenario, kernel] of [
      ["nodelocaldns", "3.10.0-1160.el7"],
      ["clustered-nodeports", "6.1"],
      ["port-opener-removed", "5.4.188"],
    ] as const) {
      const keys = ["seed=page", "replications=2", "duration=1m", `kernel=${kernel}`];
      const link = linkTo(scenario, ["kubeProxy.version=1.23.9", ...keys]);
      if (page === undefined) ({ page } = await openLab(lab!, link));
      else await follow(page, link);
      await page
        .locator("#command", { hasText: `${scenario}.yaml` })
        .filter({ hasText: `--kernel ${kernel}` })
        .waitFor();
      const words = keys.flatMap((key) => [`--${key.split("=")[0]}`, key.split("=")[1]!]);
      const expected = await documentOf(scenario, ["--set", "kubeProxy.version=1.23.9", ...words]);
      expect(timeless(await savedBy(page, "#save-json"))).toEqual(timeless(expected));
    }
    await page!.close();
  });

  it("keeps the last good state under a scenario with errors, and says where they are", async () => {
    const { page } = quick!;
    const figures = await page.locator("#tiles").textContent();
    await page.locator("#editor > summary").click();
    const text = await page.locator("#text").inputValue();
    await page.locator("#text").fill(text.replace("ip_local_port_range: 1024", "ip_local_port_rnge: 1024"));
    await page.locator("#problems").waitFor();
    const problem = page.locator(".problem").first();
    expect(await problem.locator("p").first().textContent()).toMatch(/^scenario\.yaml:\d+:3: .*ip_local_port_rnge/);
    expect(await problem.locator("pre").textContent()).toMatch(/ip_local_port_rnge: 1024 65000\n +\^+$/);
    expect(await problem.textContent()).toMatch(/expected: .*to mend: /);
    expect(await page.locator("#badge").textContent()).toBe("Older settings");
    expect(await page.locator("#tiles").textContent()).toBe(figures);
    await page.locator("#problems button").click();
    expect(await page.evaluate("getSelection().toString()")).toContain("ip_local_port_rnge");
    await page.locator("#text").fill(text);
    await page.locator("#problems").waitFor({ state: "hidden" });
    await page.locator("#editor > summary").click();
  });

  it("fits a screen of 360 px, names every control, and steps through the handshake by the arrow keys", async () => {
    const { page } = quick!;
    const wide = page.viewportSize()!;
    await page.setViewportSize({ width: 360, height: 740 });
    await untilFinal(page);
    await untilTold(page);
    // Pictures are drawn anew once the browser has told the page its new width.
    await expect.poll(() => page.evaluate("document.documentElement.scrollWidth"), { timeout: 10_000 }).toBe(360);
    const nameless = `[...document.querySelectorAll("input, select, textarea, button")].filter((control) =>
      !(control.labels?.length > 0 || control.ariaLabel || control.textContent.trim())).map(({ id }) => id)`;
    expect(await page.evaluate(nameless)).toEqual([]);
    await page.locator("#step-first").focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    expect(await page.locator("#step").textContent()).toMatch(/^Step 3 of \d+/);
    await page.setViewportSize(wide);
  });

  it("carries scenario, settings and seed in its link, of an edited scenario its text as well", async () => {
    const { page } = quick!;
    await page.locator("#low-number").fill("41000");
    await page.locator("#seed").fill("other seed");
    await page.locator("#seed").blur();
    await page.locator("#editor > summary").click();
    const text = `${await page.locator("#text").inputValue()}# \u00fcber\n`;
    await page.waitForURL(/other/);
    await page.locator("#text").fill(text);
    await page.waitForURL(/#text=/);
    const fresh = await openLab(lab!, new URL(page.url()).hash.slice(1));
    await fresh.page.locator("#walk:not(:empty)").waitFor();
    expect(await fresh.page.locator("#text").inputValue()).toBe(text);
    expect(await fresh.page.locator("#seed").inputValue()).toBe("other seed");
    expect(await fresh.page.locator("#low").inputValue()).toBe("41000");
    await fresh.page.close();
  });
});

/** Goes to another link of the page that is open. */
async function follow(page: Page, fragment: string): Promise<void> {
  await page.evaluate((hash) => void Reflect.set(Reflect.get(globalThis, "location"), "hash", hash), fragment);
}
