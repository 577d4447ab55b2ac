let isBuilt = true;

/**
 * A module of the engine as the build made it, by its path below `src/`: that is what users run, and the loader of
 * these files compiles otherwise. Name the module's type: `built<typeof EventLoopModule>("sim/event_loop.ts")`.
 */
export async function built<Module>(path: string): Promise<Module> {
  const file = isBuilt ? `../../dist/${path.replace(/\.ts$/, ".js")}` : `../../src/${path}`;
  const module: Module = await import(new URL(file, import.meta.url).href);
  return module;
}

/** From now on `built` loads sources, for tests of the cases, which have loaded them anyway and time nothing. */
export function useSources(): void {
  isBuilt = false;
}
