import { describe, expect, it } from "vitest";
import { denoDoc, HAS_DENO } from "./deno_doc.ts";
import { publicExports } from "./public_api.ts";

interface DenoSymbol {
  readonly name: string;
  readonly declarations: readonly { readonly kind: string; readonly jsDoc?: { readonly doc?: string } }[];
}

interface DenoDoc {
  readonly nodes: Readonly<Record<string, { readonly symbols: readonly DenoSymbol[] }>>;
}

/** Deno's words for what stands at the top of a declaration. */
const KINDS: Readonly<Record<string, string>> = { typeAlias: "type", variable: "const" };

// Goal: src/docs/api.md names what a compiler finds in the doors, no more and no less, with the same first words.
// Method: `deno doc --json`, which follows the imports, against the reader of declarations that makes the page.
describe("The library's reference", () => {
  it("has the names, kinds and docstrings that deno doc finds", (context) => {
    if (!HAS_DENO) {
      console.warn("The reference is not compared with deno doc: run npm ci --prefix notebooks");
      context.skip("the notebooks' Deno is not installed");
    }
    const { nodes }: DenoDoc = JSON.parse(denoDoc("--json"));
    const found = Object.values(nodes).flatMap(({ symbols }) =>
      symbols.map(({ name, declarations: [first] }) => {
        const kind = first?.kind ?? "";
        return `${KINDS[kind] ?? kind} ${name}: ${firstWords(first?.jsDoc?.doc ?? "")}`;
      }),
    );
    const told = publicExports().map(({ name, kind, text }) => `${kind} ${name}: ${firstWords(text)}`);
    expect(told.toSorted()).toEqual(found.toSorted());
  });
});

function firstWords(text: string): string {
  return text.replaceAll(/\s+/g, " ").slice(0, 60).trim();
}
