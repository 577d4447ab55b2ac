import { describe, expect, it } from "vitest";
import { API_EXAMPLES, WITHOUT_EXAMPLE } from "./api_examples.ts";
import { runExample } from "./run_example.ts";

// Goal: each function and class that can be imported has an example, and the example does what its comments say.
// Method: the code is run as it stands, with the names of the library in scope; what it prints is compared. Those that
// simulate are in api_examples.long.test.ts.

describe("The examples of the library", () => {
  it("are there for every function and class", () => {
    expect(WITHOUT_EXAMPLE).toEqual([]);
  });

  it.each(API_EXAMPLES.filter(({ isSlow }) => !isSlow))("print what they say: $name", async ({ code, prints }) => {
    expect(await runExample(code)).toEqual(prints);
  });
});
