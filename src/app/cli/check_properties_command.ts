import { checkProperties } from "../../check/properties/check_properties.ts";
import type { NodeConfig } from "../../check/properties/node_config.ts";
import { METAMORPHIC_PROPERTIES, NODE_PROPERTIES } from "../../check/properties/properties.ts";
import type { PropertyResult } from "../../check/properties/property_result.ts";
import { shellWord } from "../../report/shell_command.ts";
import type { CheckOptions } from "./check_options.ts";
import type { CliIo } from "./cli_io.ts";
import type { PropertyOptions } from "./property_options.ts";

/**
 * Judges and searches the properties that `sim check` was asked for, and writes the scenarios of counterexamples.
 *
 * @returns the results, or one sentence about what cannot be done.
 */
export async function searchProperties(
  configs: readonly NodeConfig[],
  options: CheckOptions,
  search: PropertyOptions,
  io: CliIo,
): Promise<{ readonly properties: readonly PropertyResult[] } | string> {
  if (search.path !== undefined && configs.length !== 1) {
    return `Cannot use --replay with ${configs.length} nodes: name the target of the counterexample alone`;
  }
  const { properties, bounds, seed, path, budgetMs, atMost, folder } = search;
  const results = checkProperties(configs, {
    properties: [...NODE_PROPERTIES, ...METAMORPHIC_PROPERTIES].filter(({ name }) => properties.includes(name)),
    bounds,
    seed,
    budgetMs,
    command: (_config, { name }) => [...commandWords(options, search), "--properties", name].join(" "),
    clock: io.clock,
    ...(path === undefined ? {} : { path }),
    ...(atMost === undefined ? {} : { atMost }),
  });
  if (folder !== undefined) {
    for (const [index, { name, counterexample }] of results.entries()) {
      if (counterexample === undefined) continue;
      const isFirst = results.findIndex((other) => other.name === name && !other.ok) === index;
      const file = `${folder.replace(/\/+$/, "")}/${isFirst ? name : `${name}-${index}`}.yaml`;
      const problem = await io.writeWholeFile(file, counterexample.scenario);
      if (problem !== undefined) return `Cannot write ${JSON.stringify(file)}: ${problem}`;
      io.stderr.write(`wrote ${file}\n`);
    }
  }
  return { properties: results };
}

/** The words of the command line that say what the node is and what may be generated. */
function commandWords({ targets, facts, cluster }: CheckOptions, { within }: PropertyOptions): readonly string[] {
  const { kernel, mode, kubeProxy, nodePortRange, nodePorts, listen } = facts;
  const named: readonly (readonly [name: string, value: string | undefined])[] = [
    ["kernel", kernel],
    ["mode", mode],
    ["kube-proxy", kubeProxy],
    ["node-port-range", nodePortRange],
    ["node-ports", nodePorts],
    ["listen", listen],
    ["cluster", cluster],
  ];
  const said = named.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, shellWord(value)]));
  const bounds = within.flatMap((text) => ["--within", shellWord(text)]);
  return ["sim", "check", ...targets.map(shellWord), ...said, ...bounds];
}
