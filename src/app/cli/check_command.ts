import { baselineOf, readBaseline } from "../../check/baseline.ts";
import { readFacts } from "../../check/build_node.ts";
import { checkDocument, isAllOk, propertyFindings, type CheckResult } from "../../check/check_document.ts";
import { byImportance, judgeNodes } from "../../check/check_nodes.ts";
import { readTarget } from "../../check/check_target.ts";
import type { CheckedNode } from "../../check/checked_node.ts";
import { checkGithub } from "../../check/output/check_github.ts";
import { checkJunit } from "../../check/output/check_junit.ts";
import { checkSarif } from "../../check/output/check_sarif.ts";
import { checkText } from "../../check/output/check_text.ts";
import { checkedConfig, type NodeConfig } from "../../check/properties/node_config.ts";
import { propertyText } from "../../check/properties/property_text.ts";
import { commentSuppressions, suppress, type Suppression } from "../../check/suppression.ts";
import type { SysctlFile } from "../../check/sysctl_file.ts";
import type { Diagnostic } from "../../scenario/diagnostic.ts";
import { jsonText } from "../../report/json_text.ts";
import { gatherTargets } from "./check_files.ts";
import { checkFix } from "./check_fix.ts";
import type { CheckOptions } from "./check_options.ts";
import type { CliIo } from "./cli_io.ts";
import { EXIT_CODE } from "./exit_code.ts";
import { complain } from "./complain.ts";
import { refuse } from "./refuse.ts";
import { textOptions } from "./text_options.ts";

/**
 * `sim check`: judges configurations of nodes by rules, without simulation.
 *
 * @returns the exit code: 0 if no finding is as bad as `--fail-on`, 1 if one is, 2 if a target or an option is wrong.
 */
export async function checkCommand(options: CheckOptions, io: CliIo): Promise<number> {
  const facts = readFacts(options.facts);
  if (typeof facts === "string") return complain(facts, io);
  const gathered = await gatherTargets(options.targets, options.cluster, io);
  const problems: Diagnostic[] = [...gathered.problems];
  const nodes: CheckedNode[] = [];
  const configs: NodeConfig[] = [];
  const texts = new Map<string, SysctlFile>();
  for (const target of gathered.targets) {
    const read = readTarget(target, facts, gathered.snapshot);
    if (!read.ok) problems.push(...read.diagnostics);
    else {
      nodes.push(...read.nodes);
      configs.push(...read.nodes.map((node, index) => checkedConfig(node, read.scenario, index)));
      for (const file of read.texts) texts.set(file.path, file);
    }
  }
  if (problems.length > 0) return refuse(problems, io);
  const known = await baselineSuppressions(options.baseline, io);
  if (typeof known === "string") return complain(known, io);
  const suppressions = [...[...texts.values()].flatMap(commentSuppressions), ...known];
  const judged = suppress(judgeNodes(nodes), suppressions, io.today());
  const searched = await searchedProperties(configs, options, io);
  if (typeof searched === "string") return complain(searched, io);
  const result: CheckResult = {
    ...searched,
    nodes,
    findings: byImportance(judged.findings),
    suppressed: judged.suppressed,
    failOn: options.failOn,
  };
  if (options.writeBaseline !== undefined) return writeBaseline(result, options.writeBaseline, io);
  const ok = isAllOk(result);
  if (options.fix !== undefined) {
    const failed = await checkFix(result, { texts: [...texts.values()], ...options, fix: options.fix }, io);
    if (failed !== undefined) return complain(failed, io);
  } else io.stdout.write(resultText(result, options, io));
  return ok ? EXIT_CODE.done : EXIT_CODE.expectationFailed;
}

function resultText(result: CheckResult, { format }: CheckOptions, io: CliIo): string {
  switch (format) {
    case "text":
      return `${checkText(result, textOptions(io))}${propertyBlock(result, io)}`;
    case "json":
      return jsonText(checkDocument(result));
    case "junit":
      return checkJunit(result);
    case "sarif":
      return jsonText(checkSarif(withProperties(result), io.version, io.digest));
    case "github":
      return checkGithub(withProperties(result));
  }
}

async function searchedProperties(configs: readonly NodeConfig[], options: CheckOptions, io: CliIo) {
  if (options.search === undefined) return {};
  // The generators are loaded only here: no other command needs them.
  const { searchProperties } = await import("./check_properties_command.ts");
  return searchProperties(configs, options, options.search, io);
}

function withProperties(result: CheckResult): CheckResult {
  return { ...result, findings: [...result.findings, ...propertyFindings(result)] };
}

function propertyBlock({ properties = [] }: CheckResult, io: CliIo): string {
  return properties.length === 0 ? "" : `\n${propertyText(properties, textOptions(io))}`;
}

async function baselineSuppressions(file: string | undefined, io: CliIo): Promise<readonly Suppression[] | string> {
  if (file === undefined) return [];
  const read = await io.readFile(file);
  const suppressions = read.ok ? readBaseline(read.text, file) : read.why;
  return typeof suppressions === "string"
    ? `Cannot use --baseline ${JSON.stringify(file)}: ${suppressions}`
    : suppressions;
}

async function writeBaseline(
  { findings }: CheckResult,
  { file, reason, until }: NonNullable<CheckOptions["writeBaseline"]>,
  io: CliIo,
): Promise<number> {
  const document = baselineOf(findings, reason, until);
  const problem = await io.writeNewFile(file, jsonText(document));
  if (problem !== undefined) return complain(`Cannot write ${JSON.stringify(file)}: ${problem}`, io);
  io.stderr.write(`wrote ${document.findings.length} accepted findings to ${file}; use it with --baseline ${file}\n`);
  return EXIT_CODE.done;
}
