import { describe, expect, it } from "vitest";
import { API_EXAMPLES } from "./api_examples.ts";
import { runExample } from "./run_example.ts";

describe("The examples of the library that simulate", () => {
  it.each(API_EXAMPLES.filter(({ isSlow }) => isSlow))("print what they say: $name", async ({ code, prints }) => {
    expect((await runExample(code)).slice(0, prints.length)).toEqual(prints);
  });
});
