import type {
  ExpectationDocument,
  IntervalDocument,
  LifeDocument,
  RunDocument,
  RunOfFailures,
  ShareDocument,
  SurvivalDocument,
} from "../study/run_document.ts";
import { kubeProxyLines, loadBalancerLines } from "./dynamics_text.ts";
import { assumptionLines, exactRestartLines, exactText } from "./exact_text.ts";
import { causesByCount, findingParagraphs } from "./finding.ts";
import {
  formatCount,
  formatFigure,
  formatPercent,
  formatProbability,
  formatRate,
  formatSpan,
  plural,
} from "./number_text.ts";
import { remedies } from "./remedies.ts";
import { commandLines, runCommandWords } from "./shell_command.ts";
import { item, labelled, printable, textStyle, wrapText } from "./text_layout.ts";
import type { TextStyle } from "./text_layout.ts";
import { auditLines } from "./audit_text.ts";
import { variantLines } from "./variants_text.ts";

/** How a report is to be set. */
export interface RunTextOptions {
  /** Whether to use ANSI colours. */
  readonly color: boolean;
  /** The reader's terminal; the report uses 60 to 100 columns of it. */
  readonly columns: number;
}

/**
 * The report of a run as text for a terminal, with a line feed at its end: the finding first, then the figures, what to
 * change, and how to get the same run again. Text is wrapped; a shell word is never cut, so a command copies whole.
 *
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const run = runScenario({ file, text: readFileSync(file, "utf8") }, ["duration=20s", "replications=1"]);
 * console.log(runText(run, { color: false, columns: 100 }).split("\n")[0]);
 * // Probes fail on a node whose port range 1024-65000 overlaps its NodePorts 20000-40000 (incident 001).
 * ```
 */
export function runText(document: RunDocument, options: RunTextOptions): string {
  const columns = Math.min(100, Math.max(60, options.columns));
  const style = textStyle(options.color);
  const sections: (readonly [title: string, lines: readonly string[]])[] = [
    ["Variants", variantLines(document, columns)],
    ["Probes", probeLines(document, columns)],
    ["First failures", firstFailureLines(document, columns)],
    ["Ports and conntrack", tableLines(document, columns)],
    ["Data plane", dataPlaneLines(document, columns)],
    ["Workloads", workloadLines(document, columns)],
    ["Load balancers", loadBalancerLines(document, columns)],
    ["kube-proxy", kubeProxyLines(document, columns)],
    ["What to change", remedyLines(document, columns)],
    ["Expectations", expectationLines(document, columns, style)],
    ["Warnings", document.warnings.flatMap((warning) => item("!", warning, columns))],
    ["The same run again", commandLines(runCommandWords(document), columns)],
    ["Audit", auditLines(document, columns)],
  ];
  const blocks = [headerLines(document, columns), ...findingBlocks(document, columns, style)];
  for (const [title, lines] of sections) {
    if (lines.length > 0) blocks.push([style.bold(title), ...lines]);
  }
  blocks.push(engineLines(document, columns));
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

/** What was simulated: the scenario's own words, then its file and settings. */
function headerLines(document: RunDocument, columns: number): string[] {
  const { kernel, portWalk, replications, durationSeconds, warmUpSeconds } = document.settings;
  const settings = [
    `${document.scenario.file}: kernel ${kernel} (port walk ${portWalk})`,
    `${plural(formatCount(replications), "replication")} of ${formatSpan(durationSeconds)}`,
    ...(warmUpSeconds === undefined ? [] : [`the first ${formatSpan(warmUpSeconds)} of each left out`]),
  ].join(", ");
  const lines = [...wrapText(document.scenario.about, columns), ...wrapText(settings, columns)];
  const changes = changesOf(document);
  return changes.length === 0 ? lines : [...lines, ...wrapText(`changed: ${changes.join(", ")}`, columns)];
}

/** Overrides that the settings line does not show already. */
const SHOWN_SETTINGS: ReadonlySet<string> = new Set(["seed", "replications", "duration", "kernel"]);

/** What the run changed in its scenario, as one writes it behind `--set`. */
function changesOf(document: RunDocument): string[] {
  return Object.entries(document.settings.overrides)
    .filter(([path]) => !SHOWN_SETTINGS.has(path))
    .map(([path, value]) => `${path}=${value}`);
}

/** The finding's paragraphs, the headline in bold and red if something failed. */
function findingBlocks(document: RunDocument, columns: number, style: TextStyle): string[][] {
  return findingParagraphs(document).map((paragraph, index) => {
    const lines = wrapText(paragraph, columns);
    if (index > 0) return lines;
    const paint = document.probes.failed > 0 ? style.bad : style.good;
    return lines.map((line) => style.bold(document.probes.total === 0 ? line : paint(line)));
  });
}

/** The figures of the probes; none if no probe was sent. */
function probeLines(document: RunDocument, columns: number): string[] {
  const { probes, readiness, restarts } = document;
  if (probes.total === 0) return [];
  const row = (label: string, text: string): string[] => labelled(label, text, columns);
  const lines = [
    ...row("failure probability", probabilityText(document)),
    ...precisionLines(document, columns),
    ...row("exact value", exactText(probes)),
    ...assumptionLines(probes.exact, columns),
  ];
  if (probes.failed > 0) {
    const causes = causesByCount(probes.byCause).map(({ cause, count }) => `${cause} ${formatCount(count)}`);
    lines.push(
      ...row("causes", causes.join(", ")),
      ...row("between failures", betweenText(document)),
      ...row(
        "longest run",
        `${plural(formatCount(probes.longestRunOfFailures), "failure")} in a row of the same probe`,
      ),
    );
  }
  if (probes.longestRunOfFailures > 1) lines.push(...row("failures in a row", runsText(probes.runsOfFailures ?? [])));
  lines.push(...row("readiness", readinessText(readiness)), ...row("restarts", restartsText(restarts)));
  const isSaidAlready = "declined" in probes.exact;
  if (!isSaidAlready) lines.push(...exactRestartLines(document, columns));
  if (document.life !== undefined && probes.failed > 0) {
    lines.push(
      ...row("first failure", firstText(document.life.firstFailure)),
      ...row("nodes in a week", weekText(document.life.nodesHitInAWeek)),
    );
  }
  return lines;
}

/** Estimate, and its interval with the method. */
function probabilityText(document: RunDocument): string {
  const { probability, interval, failed, total } = document.probes;
  const oneIn = failed === 0 ? "" : `, or 1 probe in ${formatCount(Math.round(total / failed))}`;
  return `${formatProbability(probability)}${oneIn}; ${intervalText(interval, formatProbability)} (${interval.method})`;
}

/** The precision that was asked for and is reached; a warning says where it is not. */
function precisionLines({ settings: { precision } }: RunDocument, columns: number): string[] {
  if (precision?.isReached !== true) return [];
  const { asked, looks, why } = precision;
  const after = `after ${plural(formatCount(looks), "look")}`;
  return labelled("precision", `${formatPercent(asked)} asked, reached ${after}: ${why}`, columns);
}

/** Mean time between failures and their rate on one node. */
function betweenText(document: RunDocument): string {
  const { meanSecondsBetweenFailures, failuresPerHour } = document.probes;
  const rate = `${formatRate(failuresPerHour)} failures per hour of one node`;
  return meanSecondsBetweenFailures === null ? rate : `${formatSpan(meanSecondsBetweenFailures)} on average, ${rate}`;
}

/** How many runs of failures lengths of one, two and so on came to. */
const SHOWN_RUNS = 6;

function runsText(runs: readonly RunOfFailures[]): string {
  const shown = runs.slice(0, SHOWN_RUNS).map(({ length, isAtLeast, count, perNodeWeek }) => {
    const rate = length === 1 ? "" : ` (${formatRate(perNodeWeek)} per node and week)`;
    return `${formatCount(length)}${isAtLeast ? " or more" : ""}: ${plural(formatCount(count), "time")}${rate}`;
  });
  const more = runs.length - shown.length;
  return `${shown.join(", ")}${more > 0 ? `, and ${plural(formatCount(more), "other length")}` : ""}`;
}

/** When a node and a pod see their first failed probe. */
function firstText({ perNode, perPod }: LifeDocument["firstFailure"]): string {
  return `of a node ${medianText(perNode)}; of a pod ${medianText(perPod)}`;
}

function medianText({ medianSeconds, watched, events }: SurvivalDocument): string {
  const hit = `${formatCount(events)} of ${formatCount(watched)} ${events === 1 ? "was" : "were"} hit`;
  return medianSeconds === null
    ? `not within the run for half of them: ${hit}`
    : `after ${formatSpan(medianSeconds)} (median; ${hit})`;
}

/** What share of nodes a week brings a failed probe, and a restart. */
function weekText({ failure, restart }: LifeDocument["nodesHitInAWeek"]): string {
  return `${shareText(failure, "a failed probe")}, ${shareText(restart, "a restart")}`;
}

function shareText({ share, interval }: ShareDocument, what: string): string {
  return `${formatPercent(share)} see ${what} (${intervalText(interval, formatPercent)})`;
}

/** How often pods left and entered Ready, and for how long they were out. */
function readinessText(readiness: RunDocument["readiness"]): string {
  if (readiness.flips === 0) return "no pod lost Ready through a probe";
  return `${plural(formatCount(readiness.flips), "flip")} of Ready, ${formatSpan(readiness.unreadySeconds)} unready in all`;
}

/** Restarts of containers, and their rate. */
function restartsText(restarts: RunDocument["restarts"]): string {
  const interval = intervalText(restarts.interval, formatRate);
  if (restarts.count === 0) return `none; ${interval} per node and week`;
  return `${formatCount(restarts.count)}, or ${formatRate(restarts.perNodeWeek)} per node and week; ${interval}`;
}

/** `95 % interval 2.1e-4 to 2.29e-4`. */
function intervalText(interval: IntervalDocument, format: (value: number) => string): string {
  return `${formatPercent(interval.level)} interval ${format(interval.low)} to ${format(interval.high)}`;
}

/** How many first failures the report shows; the first with its log line. */
const SHOWN_FAILURES = 3;

/** The first failures, and what the kubelet logged of the first one. */
function firstFailureLines(document: RunDocument, columns: number): string[] {
  const shown = document.firstFailures.slice(0, SHOWN_FAILURES);
  const lines = shown.flatMap((failure) =>
    labelled(
      `at ${formatFigure(Number(failure.atSeconds.toFixed(3)))} s`,
      `${failure.series}, from port ${failure.localPort}, ${failure.cause} (replication ${failure.replication})`,
      columns,
    ),
  );
  const logLine = shown[0]?.logLine ?? "";
  return logLine === "" ? lines : [...lines, ...labelled("kubelet logged first", logLine, columns)];
}

/** How full the port space and the conntrack table were. */
function tableLines(document: RunDocument, columns: number): string[] {
  const { ports, conntrack } = document;
  const { candidatesPerConnect: candidates } = ports;
  const row = (label: string, text: string): string[] => labelled(label, text, columns);
  const tracked = [`peak ${formatCount(conntrack.peak)} of ${formatCount(conntrack.max)} entries`];
  if (conntrack.dropped > 0) tracked.push(`${formatCount(conntrack.dropped)} packets dropped`);
  if (conntrack.earlyDropped > 0) tracked.push(`${formatCount(conntrack.earlyDropped)} entries dropped early`);
  const [low, high] = document.exposure.portRange;
  return [
    ...row(
      "source ports",
      `at most ${formatCount(ports.inUseMax)} in use, of ${formatCount(high - low + 1)} (${low}-${high})`,
    ),
    ...row("TIME_WAIT", `at most ${formatCount(ports.timeWaitMax)}${timeWaitText(ports.timeWaitByAddress)}`),
    ...row(
      "ports tried",
      `${formatRate(candidates.mean)} per connect on average, ${mostText(candidates.p99)}, never more than ${formatCount(candidates.max)}`,
    ),
    ...row("conntrack", tracked.join(", ")),
  ];
}

/** What kube-proxy's rules hold and cost; times are estimates. */
function dataPlaneLines({ dataPlane }: RunDocument, columns: number): string[] {
  const { mode, rules, entries, sync, sourceNat } = dataPlane;
  const row = (label: string, text: string): string[] => labelled(label, text, columns);
  const units = mode === "ipvs" ? "messages" : "lines";
  const held = entries === 0 ? "" : ` and ${formatCount(entries)} entries found by look-up`;
  const micros = formatFigure(Number(dataPlane.newConnectionMicrosMean.toPrecision(2)));
  return [
    ...row(`kube-proxy ${mode}`, `${formatCount(rules)} rules${held}`),
    ...row(
      "rules tested",
      `${formatRate(dataPlane.rulesPerNewConnectionMean)} per new connection (about ${micros} µs), ` +
        `${formatRate(dataPlane.rulesPerPacketMean)} per packet and filter chain`,
    ),
    ...row(
      "a sync",
      `${formatCount(sync.fullLines)} ${units} for all services (about ${formatSpan(sync.fullSeconds)}), ` +
        `${formatCount(Math.round(sync.changeLines))} for one that changed (about ${formatSpan(sync.changeSeconds)})`,
    ),
    ...(sourceNat.connections === 0
      ? []
      : row(
          "source NAT",
          `${formatCount(sourceNat.connections)} connections, ${formatCount(sourceNat.onNodePort)} of them with the number of a NodePort as their port`,
        )),
  ];
}

/** From this many candidates on connects are gathered in one entry, whose members nobody can tell apart. */
const GATHERED_CANDIDATES = 64;

/** The candidates that 99 % of connects got along with. */
function mostText(p99: number): string {
  if (p99 < GATHERED_CANDIDATES) return `99 % of connects at most ${formatCount(p99)}`;
  return `more than 1 % of connects over ${GATHERED_CANDIDATES - 1}`;
}

/** How many addresses the line of TIME_WAIT names. */
const NAMED_ADDRESSES = 6;

/** TIME_WAIT by local address, the most first, as `ss -tan | grep TIME-WAIT` counts them. */
function timeWaitText(byAddress: Readonly<Record<string, number>>): string {
  const entries = Object.entries(byAddress).toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  if (entries.length === 0) return "";
  const named = entries.slice(0, NAMED_ADDRESSES).map(([address, count]) => `${formatCount(count)} of ${address}`);
  const more = entries.length - named.length;
  return `; at the end ${named.join(", ")}${more > 0 ? ` and ${formatCount(more)} more` : ""}`;
}

/** What connects beside the probes: one line per workload. */
function workloadLines(document: RunDocument, columns: number): string[] {
  return document.workloads.flatMap(({ name, connects, failed, byCause, connectSeconds }) => {
    const causes = causesByCount(byCause).map(({ cause, count }) => `${cause} ${formatCount(count)}`);
    const detail = failed === 0 ? "" : ` (${formatProbability(failed / connects)}; ${causes.join(", ")})`;
    const slow = slowText(connectSeconds);
    return labelled(
      printable(name),
      `${formatCount(connects)} connects, ${formatCount(failed)} failed${detail}${slow}`,
      columns,
    );
  });
}

/** How long handshakes took, if some took so long that a SYN or SYN-ACK was sent again. */
function slowText({ mean, slowShare }: RunDocument["workloads"][number]["connectSeconds"]): string {
  if (mean === null || slowShare === null || slowShare === 0) return "";
  return `; a handshake took ${formatSpan(mean)} on average, a share of ${formatProbability(slowShare)} 1 s or more`;
}

/** Numbered steps, commands at the left edge where they copy cleanly, and caveats. */
function remedyLines(document: RunDocument, columns: number): string[] {
  let steps = 0;
  return remedies(document, columns).flatMap((part) => {
    if (part.kind === "command") return ["", ...part.lines, ""];
    // Costs are weighed at a desk, with a report at hand.
    if (part.kind === "cost") return [];
    if (part.kind === "note") return wrapText(part.text, columns - 2).map((line) => `  ${line}`);
    if (part.kind === "caveat") return item("-", part.text, columns);
    steps += 1;
    return item(`${steps}.`, part.text, columns);
  });
}

/** One line per expectation: held or not, what was wanted, what came. */
function expectationLines(document: RunDocument, columns: number, style: TextStyle): string[] {
  const lines = document.expectations.flatMap((expectation) => expectationItem(expectation, columns, style));
  // What the file expects, it expects of the file as it is, whatever the seed.
  const isOtherRun = Object.keys(document.settings.overrides).some((path) => path !== "seed");
  if (!isOtherRun || document.expectations.every(({ ok }) => ok)) return lines;
  const note = "This is expected of the scenario as it stands; this run changed it.";
  return [...lines, ...wrapText(note, columns - 2).map((line) => `  ${line}`)];
}

function expectationItem({ that, want, got, ok }: ExpectationDocument, columns: number, style: TextStyle): string[] {
  const came = got === null ? "the run has no such figure" : `got ${formatFigure(got)}`;
  const lines = item(ok ? "✓" : "✗", `${that}: want ${want}, ${came}`, columns);
  return lines.map((line) => (ok ? style.good(line) : style.bad(line)));
}

/** The program, the fingerprint and what it took: the only figures that differ between two machines. */
function engineLines(document: RunDocument, columns: number): string[] {
  const { version, events, connections, packets, fingerprint, cpuSeconds, wallSeconds } = document.engine;
  const count = document.variants?.length ?? 0;
  const all = count === 0 ? "" : `, and ${plural(String(count), "variant")},`;
  return wrapText(
    `portfall ${printable(version)}, fingerprint ${fingerprint}: ${formatCount(events)} events, ${formatCount(connections)} connections, ` +
      `${formatCount(packets)} packets${all} in ${formatSpan(wallSeconds)} (${formatSpan(cpuSeconds)} of CPU).`,
    columns,
  );
}
