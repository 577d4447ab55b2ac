import { describe, expect, it } from "vitest";
import { runCli } from "../../src/app/cli/run_cli.ts";
import { memoryIo } from "./memory_io.ts";

const WORDS = ["page", "--out", "my lab.html"];

describe("sim page", () => {
  it("writes the page that was built with the program, and says how large it is", async () => {
    const io = memoryIo({}, { readWebFile: async () => ({ ok: true, text: "é".repeat(700) }) });
    expect(await runCli(WORDS, io)).toBe(0);
    expect(await io.readFile("my lab.html")).toMatchObject({ ok: true });
    expect(io.out()).toBe("");
    expect(io.err()).toBe("wrote 'my lab.html' (2 kB); open it in a browser: it needs no network\n");
  });

  it("says why there is no page, or why it cannot be written", async () => {
    const unbuilt = memoryIo({}, { readWebFile: async () => ({ ok: false, why: "there is no such file" }) });
    expect(await runCli(WORDS, unbuilt)).toBe(2);
    expect(unbuilt.err()).toBe(
      "sim: Cannot find the page that was built with this program: there is no such file; run npm run build\n",
    );
    const full = memoryIo({}, { writeWholeFile: async () => "no space is left on the device" });
    expect(await runCli(WORDS, full)).toBe(2);
    expect(full.err()).toBe('sim: Cannot write "my lab.html": no space is left on the device\n');
  });
});
