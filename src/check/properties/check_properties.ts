import type { NodeConfig } from "./node_config.ts";
import type { NodeProperty } from "./node_property.ts";
import { judgeProbeShare } from "./probe_share.ts";
import type { PropertyResult } from "./property_result.ts";
import type { SearchBounds } from "./search_bounds.ts";
import { searchProperty } from "./search_property.ts";

/** What is searched, and how long. */
export interface PropertiesRequest {
  readonly properties: readonly NodeProperty[];
  readonly bounds: SearchBounds;
  readonly seed: number;
  /** The place of one counterexample; then there is one property and one node. */
  readonly path?: string;
  /** Milliseconds for everything. */
  readonly budgetMs: number;
  /** A limit for the share of probes that fail because of NodePorts, if that is asked for. */
  readonly atMost?: number;
  /** The command line that finds a property's counterexample again, without its replay option. */
  readonly command: (config: NodeConfig, property: NodeProperty) => string;
  /** Milliseconds from any moment. */
  readonly clock: () => number;
}

/**
 * What becomes of every property on every node. What is decided without simulation costs next to nothing; the others
 * share what is left of the budget.
 */
export function checkProperties(configs: readonly NodeConfig[], request: PropertiesRequest): readonly PropertyResult[] {
  const { properties, bounds, seed, path, budgetMs, atMost, clock } = request;
  const begun = clock();
  const left = (shares: number): number => Math.max(1, (budgetMs - (clock() - begun)) / shares);
  const pairs = configs.flatMap((config) => properties.map((property) => ({ config, property })));
  const limits = atMost === undefined ? [] : configs;
  const open = pairs.filter(({ config, property }) => property.judge(config, bounds).kind === "open");
  const shares = new Map(open.map((pair, index) => [pair, open.length - index + limits.length]));
  const results = pairs.map((pair) => {
    const { config, property } = pair;
    return searchProperty(property, config, {
      bounds,
      seed,
      budgetMs: left(shares.get(pair) ?? 1),
      command: request.command(config, property),
      ...(path === undefined ? {} : { path }),
    });
  });
  const limited = limits.map((config, index) =>
    judgeProbeShare(config, { atMost: atMost ?? 0, bounds, seed, budgetMs: left(limits.length - index), clock }),
  );
  return [...results, ...limited];
}
