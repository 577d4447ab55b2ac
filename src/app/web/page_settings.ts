/** NodePorts that take the place of the scenario's own. */
export interface NodePortWish {
  readonly placement: "random" | "contiguous" | "listed";
  /** How many; of no meaning for `listed`. */
  readonly count: number;
  /** Ports and ranges as one writes them, such as `30080-30097, 32443`; empty unless `listed`. */
  readonly list: string;
}

/** All that decides what the page shows: a scenario's text and what is changed of it. */
export interface PageSettings {
  /** The path of a shipped scenario, or `OWN_FILE`. */
  readonly file: string;
  readonly text: string;
  /** Values by path of `--set`. */
  readonly values: Readonly<Record<string, string>>;
  readonly nodePorts?: NodePortWish;
}

/** The name of a scenario that the user wrote or changed. */
export const OWN_FILE = "scenario.yaml";

/** Paths that `sim run` has an option for: it applies them behind all `--set`, in this order. */
const KEY_PATHS = ["seed", "replications", "duration", "kernel"] as const;

/** Values as `PATH=VALUE` texts, in the order in which `sim run` applies them. */
export function overridesOf(values: Readonly<Record<string, string>>): string[] {
  const isKey = (path: string): boolean => KEY_PATHS.some((key) => key === path);
  const keys = KEY_PATHS.flatMap((path) => (values[path] === undefined ? [] : [[path, values[path]] as const]));
  const others = Object.entries(values).filter(([path]) => !isKey(path));
  return [...others, ...keys].map(([path, value]) => `${path}=${value}`);
}
