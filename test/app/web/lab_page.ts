import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { BrowserContext, Page } from "playwright-core";
import { build } from "vite";
import { openBrowser } from "../../support/browser.ts";

/** The page, built from the sources, in a browser. */
export interface BuiltLab {
  readonly file: string;
  readonly context: BrowserContext;
  readonly close: () => Promise<void>;
}

/** Builds the page and starts a browser. */
export async function buildLab(): Promise<BuiltLab> {
  const folder = mkdtempSync(join(tmpdir(), "portfall-lab-"));
  await build({ configFile: "src/app/web/vite.config.ts", build: { outDir: folder }, logLevel: "error" });
  const browser = await openBrowser();
  return {
    file: join(folder, "lab.html"),
    context: browser.context,
    close: async () => {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The page in a tab, and all that it asked of others or complained about. */
export interface OpenLab {
  readonly page: Page;
  readonly requests: string[];
  readonly complaints: string[];
}

/** Opens the page in a new tab, with the fragment of a link. */
export async function openLab({ file, context }: BuiltLab, fragment: string): Promise<OpenLab> {
  const page = await context.newPage();
  // Where other work takes most of the machine, a minute is short.
  page.setDefaultTimeout(240_000);
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(`${pathToFileURL(file).href}#${fragment}`);
  return { page, requests, complaints };
}

/** The fragment of a link to a shipped scenario. */
export function linkTo(scenario: string, settings: readonly string[]): string {
  const words = new URLSearchParams([
    ["scenario", scenario],
    ...settings.map((setting): [string, string] => ["set", setting]),
  ]);
  words.set("portfall", packageVersion());
  return words.toString();
}

/** The version in package.json. */
export function packageVersion(): string {
  const manifest: { readonly version: string } = JSON.parse(readFileSync("package.json", "utf8"));
  return manifest.version;
}

/** Waits until the run is done. */
export async function untilFinal(page: Page): Promise<void> {
  await page.locator("#save-json:enabled").waitFor();
}

/** Waits until the story of this run is told: that of the run before stands, marked as waiting, until then. */
export async function untilTold(page: Page): Promise<void> {
  await page.locator("#story-body:not(.waiting)").waitFor();
}

/** What a button saves. */
export async function savedBy(page: Page, button: string): Promise<string> {
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator(button).click()]);
  return readFileSync(await download.path(), "utf8");
}
