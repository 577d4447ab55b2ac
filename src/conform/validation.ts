import type { KernelCase } from "./case_file.ts";
import type { CaseVerdict } from "./judge_case.ts";

/** A recorded case and what came of it. */
export interface JudgedCase {
  readonly kernelCase: KernelCase;
  readonly verdict: CaseVerdict;
  /** Fields of the file that the description of the format does not name. */
  readonly unknownFields: readonly string[];
}

/** A rule of the model that was turned off, and the recording that then disagrees. */
export interface ProvedRule {
  readonly rule: string;
  /** What the changed model did instead. */
  readonly instead: string;
  /** `6.1/C02`, or `derived/D01` if no recording tells; absent if the changed model agrees with every case. */
  readonly caughtBy?: string;
}

/** Rules of one part of the model. */
export interface RuleGroup {
  readonly title: string;
  readonly rules: readonly ProvedRule[];
}

/** All that the validation page tells. */
export interface ValidationReport {
  readonly version: string;
  readonly cases: readonly JudgedCase[];
  /** Cases that were worked out from the kernel's source; nobody recorded them. */
  readonly derived: readonly JudgedCase[];
  readonly rules: readonly RuleGroup[];
  /** In how many places the source says that the model leaves something out. */
  readonly gaps: number;
}

type Cell = string | number;
type Outcome = "agrees" | "differs" | "not expressible";

const INTRODUCTION = `Every recording of a real kernel that the project holds (\`test/conformance/\`) is replayed in the simulated one and
compared. This page is written by \`npm run validate\`, never by hand; a test fails when it is stale.`;

const COMPARISON = `- **Packets**: on each interface and in each direction the same packets in the same order, equal in addresses, ports,
  flags, sequence and acknowledgement numbers (by name, since the first ones are random), length and TTL; none missing,
  none more. \`in\` and \`other\` are one direction.
- **Times**: each within the tolerance of its recording, which comes from the kernel's timer wheel and from the machine
  that the recording was made on.
- **Results**: how each probe ended, exactly; when, within the tolerance.
- **Snapshots**: \`ss\`, conntrack, IPVS connections, services and counts as sets, at some moment within the tolerance.
  Whole-second timers within 2 s, those of \`ss\` within 0.1 s or 6 % of the snapshot's time.
- **Lists and laws**: what connect() returned. Ports depend on a boot secret, so those cases have laws that hold for
  every secret; where there are no laws the texts must be equal and a port stands where one was recorded.
- **Races**: two events that fall on the same instant may go either way. If the model takes the other order than the
  recording, what comes before the race is compared and nothing after it; the table below says where that was so.
- **Not compared**: the raw listings of the tools (\`tools\`), which show again what the snapshots show, and
  \`kernel_log\`. Ports that the kernel chose may be any, the same ones everywhere.`;

/**
 * Renders the validation page as Markdown: which recordings the model agrees with, what was compared and what was
 * excused, which recording tells each rule of the model.
 *
 * @returns the page, its tables not aligned.
 */
export function renderValidation(report: ValidationReport): string {
  const { version, cases } = report;
  const agreeing = cases.filter(({ verdict }) => outcomeOf(verdict) === "agrees").length;
  return [
    "# Validation",
    INTRODUCTION,
    `portfall ${version} agrees with **${agreeing} of ${cases.length}** recordings.`,
    "## Kernels",
    renderKernels(cases),
    "## Cases",
    renderCases(cases),
    ...renderDifferences(cases),
    "## What was compared",
    COMPARISON,
    renderComparisons(cases),
    ...renderUnread(cases),
    ...renderRules(report.rules),
    ...renderDerived(report.derived),
    "## Not modelled",
    `The source names ${report.gaps} gaps; [limitations](docs/limitations.md) lists them and says what they would change.`,
    "",
  ].join("\n\n");
}

/** A row for each kernel, with its counts. */
function renderKernels(cases: readonly JudgedCase[]): string {
  const rows = buildsOf(cases).map((build) => {
    const here = cases.filter(({ kernelCase }) => kernelCase.kernel.build === build);
    const { release = "", hz = 0, port_walk: walk = "" } = here[0]?.kernelCase.kernel ?? {};
    const count = (outcome: Outcome): number => here.filter(({ verdict }) => outcomeOf(verdict) === outcome).length;
    return [build, release, hz, walk, here.length, count("agrees"), count("differs"), count("not expressible")];
  });
  const header = ["Recordings", "Kernel", "HZ", "Port walk", "Cases", "Agree", "Differ", "Not expressible"];
  return renderTable(header, rows);
}

/** A row for each experiment, a column for each kernel. */
function renderCases(cases: readonly JudgedCase[]): string {
  const builds = buildsOf(cases);
  const ids = [...new Set(cases.map(({ kernelCase }) => kernelCase.id))].toSorted();
  const rows = ids.map((id) => {
    const same = cases.filter(({ kernelCase }) => kernelCase.id === id);
    const cells = builds.map((build) => {
      const found = same.find(({ kernelCase }) => kernelCase.kernel.build === build);
      return found === undefined ? "" : outcomeOf(found.verdict);
    });
    return [id, same[0]?.kernelCase.title ?? "", ...cells];
  });
  return renderTable(["Case", "What it shows", ...builds], rows);
}

/** The first difference of each case that does not agree, and what the model lacks for it. */
function renderDifferences(cases: readonly JudgedCase[]): string[] {
  const rows = cases.flatMap(({ kernelCase, verdict }) => {
    const [first] = verdict.differences;
    if (first === undefined) return [];
    return [[nameOf(kernelCase), first.where, first.expected, first.actual]];
  });
  if (rows.length === 0) return [];
  return ["## Differences", "The first of each case.", renderTable(["Case", "Where", "Recorded", "Simulated"], rows)];
}

/** What was compared of each case, within which tolerance, and up to which race. */
function renderComparisons(cases: readonly JudgedCase[]): string {
  const rows = cases.map(({ kernelCase, verdict }) => {
    const { excused } = verdict;
    const until =
      excused === undefined ? "" : `${excused.race}; compared until ${excused.comparedUntilMs.toFixed(0)} ms`;
    return [nameOf(kernelCase), comparedOf(kernelCase), toleranceOf(kernelCase), until];
  });
  return renderTable(["Case", "Compared", "Times within", "Excused"], rows);
}

function comparedOf({ observed, laws }: KernelCase): string {
  const lists = Object.keys(observed.groups).length;
  const parts: readonly (readonly [number, string, string])[] = [
    [observed.packets?.length ?? 0, "packet", "packets"],
    [observed.results.length, "result", "results"],
    [observed.snapshots.length, "snapshot", "snapshots"],
    [laws.length === 0 ? lists : 0, "list", "lists"],
    [laws.length, "law", "laws"],
  ];
  const told = parts.filter(([count]) => count > 0);
  return told.map(([count, one, many]) => `${count} ${count === 1 ? one : many}`).join(", ");
}

function toleranceOf({ observed }: KernelCase): string {
  const tolerance = observed.time_tolerance;
  if (tolerance === undefined) return "";
  return `${tolerance.ms} ms or ${Math.round(tolerance.ratio * 1000) / 10} %`;
}

function renderUnread(cases: readonly JudgedCase[]): string[] {
  const unread = cases.filter(({ unknownFields }) => unknownFields.length > 0);
  if (unread.length === 0) return [];
  const rows = unread.map(({ kernelCase, unknownFields }) => [nameOf(kernelCase), unknownFields.join(", ")]);
  return [
    "Fields that the description of the recordings does not name were left out:",
    renderTable(["Case", "Fields"], rows),
  ];
}

/** The rules that a recording tells, part by part, those that a derived case tells, and those that nothing tells. */
function renderRules(groups: readonly RuleGroup[]): string[] {
  const all = groups.flatMap(({ title, rules }) => rules.map((rule) => ({ title, ...rule })));
  const recorded = all.filter(({ caughtBy }) => caughtBy !== undefined && !isDerived(caughtBy));
  const derived = all.filter(({ caughtBy }) => caughtBy !== undefined && isDerived(caughtBy));
  const untold = all.filter(({ caughtBy }) => caughtBy === undefined);
  const tables = groups.flatMap(({ title }) => {
    const rows = recorded.filter((rule) => rule.title === title);
    const cells = rows.map(({ rule, instead, caughtBy = "" }) => [rule, instead, caughtBy]);
    return rows.length === 0 ? [] : [`### ${title}`, renderTable(["Rule", "Turned off", "Fails"], cells)];
  });
  return [
    "## Rules that recordings tell",
    `Each of these ${recorded.length} rules was turned off by changing one expression of the model, and the recording named ` +
      "then disagrees (one with laws under one of several boot secrets). Others may, too.",
    ...tables,
    "## Rules that derived cases tell",
    `With each of these ${derived.length} rules turned off the model still agrees with every recording above, but no longer with the ` +
      "derived case named. **A derived case is no recording**: it says what follows from the kernel's source, see below.",
    renderTable(
      ["Part", "Rule", "Turned off", "Fails"],
      derived.map(({ title, rule, instead, caughtBy = "" }) => [title, rule, instead, caughtBy]),
    ),
    ...renderUntold(untold),
  ];
}

/** The rules that rest on nothing above; nothing if there are none. */
function renderUntold(
  untold: readonly { readonly title: string; readonly rule: string; readonly instead: string }[],
): string[] {
  if (untold.length === 0) return [];
  return [
    "## Rules that no case tells",
    `With each of these ${untold.length} rules turned off the model agrees with everything above: they rest on the ` +
      "kernel's source and on the project's own tests alone. Either no case comes near, or what follows depends on chance.",
    renderTable(
      ["Part", "Rule", "Turned off"],
      untold.map(({ title, rule, instead }) => [title, rule, instead]),
    ),
  ];
}

/** The derived cases: what each shows, whether the model does it, and the source that it was derived from. */
function renderDerived(cases: readonly JudgedCase[]): string[] {
  const rows = cases.map(({ kernelCase, verdict }) => {
    const notes = [kernelCase.notes].flat().join(" ");
    return [kernelCase.id, kernelCase.title, notes, kernelCase.kernel.release, outcomeOf(verdict)];
  });
  const agreeing = cases.filter(({ verdict }) => outcomeOf(verdict) === "agrees").length;
  return [
    "## Derived cases",
    "Nobody recorded these (`test/conformance/derived/`). What each expects was worked out by hand from the kernel's source, " +
      `not taken from the model; the model does what ${agreeing} of ${cases.length} expect.`,
    renderTable(["Case", "What follows", "Derived from", "As kernel", "Model"], rows),
  ];
}

function isDerived(caughtBy: string): boolean {
  return caughtBy.startsWith("derived/");
}

function outcomeOf({ differences, reason }: CaseVerdict): Outcome {
  if (reason !== undefined) return "not expressible";
  return differences.length === 0 ? "agrees" : "differs";
}

function nameOf({ id, kernel }: KernelCase): string {
  return `${kernel.build}/${id}`;
}

/** The kernels in the order in which their first cases come. */
function buildsOf(cases: readonly JudgedCase[]): string[] {
  return [...new Set(cases.map(({ kernelCase }) => kernelCase.kernel.build))];
}

function renderTable(header: readonly Cell[], rows: readonly (readonly Cell[])[]): string {
  return [header, header.map(() => "---"), ...rows].map(renderRow).join("\n");
}

function renderRow(cells: readonly Cell[]): string {
  return `| ${cells.map((cell) => String(cell).replaceAll("|", "\\|")).join(" | ")} |`;
}
