import { describe, expect, it } from "vitest";
import type { PageSettings } from "../../../src/app/web/page_settings.ts";
import { fragmentOf, settingsOf } from "../../../src/app/web/share_link.ts";

const SHIPPED = new Map([["scenarios/a.yaml", "about: A\n"]]);

async function thereAndBack(settings: PageSettings): Promise<unknown> {
  return settingsOf(`#${await fragmentOf({ settings, version: "0.1.0" }, SHIPPED)}`, SHIPPED);
}

describe("A share link", () => {
  it("names a shipped scenario and what is changed of it", async () => {
    const values = { "sysctls.net.ipv4.ip_local_port_range": "1024 65000", seed: "a=b&c#d" };
    const nodePorts = { placement: "listed", count: 0, list: "80, 90-95" } as const;
    const settings = { file: "scenarios/a.yaml", text: "about: A\n", values, nodePorts };
    expect(await thereAndBack(settings)).toEqual({ settings, version: "0.1.0" });
    expect(await fragmentOf({ settings, version: "0.1.0" }, SHIPPED)).toMatch(/^scenario=a&set=/);
  });

  it("carries the text of any other scenario", async () => {
    const settings = {
      file: "scenario.yaml",
      text: `about: \u00fcber \u2013 \u{1f980}\n${"x: 1\n".repeat(5000)}`,
      values: {},
    };
    expect(await thereAndBack(settings)).toEqual({ settings, version: "0.1.0" });
    expect((await fragmentOf({ settings, version: "0.1.0" }, SHIPPED)).length).toBeLessThan(300);
  });

  it("says what is wrong with a link, and leaves alone what is none", async () => {
    expect(await settingsOf("#results", SHIPPED)).toBeUndefined();
    expect(await settingsOf("#scenario=b", SHIPPED)).toBe(
      'The link names the scenario "b", which this page does not have.',
    );
    const fragment = await fragmentOf(
      { settings: { file: "x", text: "about: X\n".repeat(9), values: {} }, version: "" },
      SHIPPED,
    );
    expect(await settingsOf(fragment.replace(/text=.{9}/, "text="), SHIPPED)).toMatch(/^The link is damaged/);
  });
});
