import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium } from "playwright-core";

/** Debian's Chromium. */
const CHROMIUM = "/usr/bin/chromium";

/** Why tests in a browser are skipped here; empty if they are not. */
export const NO_BROWSER = existsSync(CHROMIUM) ? "" : ` (skipped: there is no ${CHROMIUM} on this machine)`;

/** A browser of its own, which sees nothing of the user's. */
export interface TestBrowser {
  readonly context: BrowserContext;
  readonly close: () => Promise<void>;
}

const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-sync",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
];

/** Starts a browser that can be traced; whoever starts it closes it. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, headless: true, args: QUIET });
}

/** Starts a browser that asks nobody for anything by itself. */
export async function openBrowser(viewport = { width: 1280, height: 900 }): Promise<TestBrowser> {
  const folder = mkdtempSync(join(tmpdir(), "portfall-browser-"));
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: CHROMIUM,
    headless: true,
    viewport,
    args: QUIET,
  });
  return {
    context,
    close: async () => {
      await context.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
