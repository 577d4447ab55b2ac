import type { FuzzTarget } from "./fuzz_target.ts";
import { BASELINE_FILE, SNAPSHOT, SYSCTL } from "./targets/check_target.ts";
import { COMMAND_LINE, FOLDER, LINK, MERGE } from "./targets/command_targets.ts";
import { ENGINE } from "./targets/engine_target.ts";
import { IMPORT, LISTINGS } from "./targets/import_target.ts";
import { REPORT, RESULT } from "./targets/result_targets.ts";
import { BOUND, CASE, IPTABLES, NFT, SYSCTL_VALUE } from "./targets/rule_targets.ts";
import { OVERRIDE, SCENARIO, VARY } from "./targets/scenario_targets.ts";

/** All parsers, and the engine. */
export const TARGETS: readonly FuzzTarget[] = [
  SCENARIO,
  OVERRIDE,
  VARY,
  SYSCTL_VALUE,
  SYSCTL,
  SNAPSHOT,
  BASELINE_FILE,
  BOUND,
  ...LISTINGS,
  IMPORT,
  IPTABLES,
  NFT,
  CASE,
  RESULT,
  REPORT,
  MERGE,
  LINK,
  COMMAND_LINE,
  FOLDER,
  ENGINE,
];
