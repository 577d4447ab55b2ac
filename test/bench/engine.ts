import type * as EngineParts from "./engine_parts.ts";

/** What `npm run bench` has built. */
export const BUILT_ENGINE = new URL("../../dist/app/bench/engine.js", import.meta.url);

let isBuilt = true;

/**
 * The engine as `npm run bench` has built it: in the form in which the command has it (`buildEngine`), since the
 * loader of these files compiles otherwise.
 */
export async function engine(): Promise<typeof EngineParts> {
  const module: typeof EngineParts = await (isBuilt ? import(BUILT_ENGINE.href) : import("./engine_parts.ts"));
  return module;
}

/** From now on `engine` loads sources, for tests of the cases, which have loaded them anyway and time nothing. */
export function useSources(): void {
  isBuilt = false;
}
