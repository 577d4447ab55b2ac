import { checkDocument, type CheckResult } from "../../check/check_document.ts";
import { candidates, type Candidate } from "../../check/fix/candidate.ts";
import { filePatches, type FilePatch } from "../../check/fix/file_patch.ts";
import { fixText } from "../../check/fix/fix_text.ts";
import type { CheckedNode } from "../../check/checked_node.ts";
import type { SysctlFile } from "../../check/sysctl_file.ts";
import { jsonText } from "../../report/json_text.ts";
import type { CheckOptions } from "./check_options.ts";
import type { CliIo } from "./cli_io.ts";
import { textOptions } from "./text_options.ts";

/** What `--fix` needs to know. */
export interface FixRequest extends Pick<CheckOptions, "format" | "write"> {
  readonly texts: readonly SysctlFile[];
  /** Which change, from 1. */
  readonly fix: number;
}

interface TargetFix {
  readonly node: CheckedNode;
  readonly all: readonly Candidate[];
  readonly patches: readonly FilePatch[];
  readonly missing: Candidate["settings"];
}

/**
 * Prints the changes that mend the nodes of a result and the patch of one of them; with `--write` makes it.
 *
 * @returns one sentence about what went wrong; `undefined` once all is done.
 */
export async function checkFix(result: CheckResult, request: FixRequest, io: CliIo): Promise<string | undefined> {
  const fixes = result.nodes.map((node) => fixOf(node, result, request));
  const most = Math.max(0, ...fixes.map(({ all }) => all.length));
  if (most > 0 && request.fix > most) return `Cannot use --candidate ${request.fix}: there are ${most}`;
  const patches = new Map(fixes.flatMap((fix) => fix.patches).map((patch) => [patch.file, patch]));
  if (request.format === "json") {
    io.stdout.write(jsonText({ ...checkDocument(result), fixes: fixes.map(fixDocument) }));
  } else {
    const shown = fixes.filter(({ all, patches: own }) => all.length > 0 || own.length > 0);
    const texts = shown.map(({ node, all, patches: own, missing }) =>
      fixText(node.target, all, { number: request.fix, patches: own, missing }, textOptions(io)),
    );
    io.stdout.write(texts.length === 0 ? "no finding has a change to propose\n" : texts.join("\n"));
  }
  if (!request.write) return undefined;
  for (const { file, before, after } of patches.values()) {
    const present = await io.readFile(file);
    if (present.ok && present.text !== before) {
      return `Cannot write ${JSON.stringify(file)}: it was changed meanwhile; run the command again`;
    }
    const problem = await io.writeWholeFile(file, after);
    if (problem !== undefined) return `Cannot write ${JSON.stringify(file)}: ${problem}`;
    io.stderr.write(`wrote ${file}\n`);
  }
  return undefined;
}

function fixOf(node: CheckedNode, { findings }: CheckResult, { texts, fix }: FixRequest): TargetFix {
  const all = candidates(node);
  const own = findings.filter(({ target }) => target === node.target);
  const { patches, missing } = filePatches(node, texts, own, all[fix - 1]?.settings ?? []);
  return { node, all, patches, missing };
}

function fixDocument({ node, all, patches }: TargetFix) {
  return {
    target: node.target,
    candidates: all.map(({ id, title, settings, coversLater, before, after, funnel, remaining }) => ({
      id,
      title,
      settings: Object.fromEntries(settings),
      coversLater,
      before,
      after,
      ...(funnel === undefined ? {} : { funnel }),
      remaining,
    })),
    patches: patches.map(({ file, diff }) => ({ file, diff })),
  };
}
