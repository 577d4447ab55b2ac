import type { PortChoice } from "../kernel/decisions/decision.ts";
import { visible } from "../scenario/diagnostic.ts";
import type { ExplainDocument, ExplainedDecision, ExplainedLine, ExplainedPacket } from "./explain_document.ts";
import { explainFinding, hasTimedOut, tookText } from "./explain_finding.ts";
import { formatCount, plural } from "./number_text.ts";
import type { RunTextOptions } from "./run_text.ts";
import { commandLines, overrideWords, shellWord } from "./shell_command.ts";
import { item, printable, textStyle, wrapText } from "./text_layout.ts";
import type { TextStyle } from "./text_layout.ts";
import { capitalised } from "../scenario/wording.ts";

/** Candidates of a port search that the text names. */
const CANDIDATES_SHOWN = 8;

const LOG_NAMES: Readonly<Record<ExplainedLine["log"], string>> = {
  kernel: "the kernel's log",
  "kube-proxy": "kube-proxy's log",
  nginx: "the access log of its server, if that is nginx",
};

/**
 * The story of a connection as text for a terminal, with a line feed at its end: the finding, then each packet on each
 * interface with what was decided about it, then what the kubelet says, and how to see it again.
 *
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const source = { file, text: readFileSync(file, "utf8") };
 * const { document } = await explainScenario(source, ["duration=20s"], { number: 1 });
 * console.log(explainText(document, { color: false, columns: 100 }).includes("SYN-ACK")); // true
 * ```
 */
export function explainText(document: ExplainDocument, options: RunTextOptions): string {
  const columns = Math.min(120, Math.max(60, options.columns));
  const style = textStyle(options.color);
  const paint = document.connection.ok ? style.good : style.bad;
  const blocks = [
    headerLines(document, columns),
    wrapText(explainFinding(document), columns).map((line) => style.bold(paint(line))),
    [style.bold("Packet by packet (seconds since the first SYN)"), ...storyLines(document, columns, style)],
    [style.bold("The end"), ...endLines(document, columns)],
    ...stateBlocks(document, style),
    [style.bold("The same again"), ...commandLines(commandWords(document), columns)],
  ];
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function headerLines({ scenario, settings, connection }: ExplainDocument, columns: number): string[] {
  const said =
    `${scenario.file}: kernel ${settings.kernel} (port walk ${settings.portWalk}), seed ${settings.seed}, ` +
    `replication ${settings.replication}, ${connection.startedAtSeconds} s after the start of the run`;
  return [...wrapText(scenario.about, columns), ...wrapText(said, columns)];
}

function storyLines({ events, isTruncated }: ExplainDocument, columns: number, style: TextStyle): string[] {
  const lines: string[] = [];
  let place = "";
  for (let index = 0; index < events.length; index += 1) {
    const event = events[index]!;
    if (event.kind === "packet") {
      const sightings = sameFrom(events, index);
      lines.push(...packetLines(sightings, columns, style));
      index += sightings.length - 1;
      place = "";
      continue;
    }
    if (event.kind === "log") {
      // A line of a log can be searched for: it is not wrapped.
      lines.push(
        `${time(event.atSeconds)}  ${printable(event.of)}: ${LOG_NAMES[event.log]}`,
        `  ${printable(event.text)}`,
      );
      place = "";
      continue;
    }
    // A heading whenever the story goes on elsewhere.
    const here = printable(`${event.netns} ${event.hook ?? ""}`);
    if (here !== place) lines.push(`${time(event.atSeconds)}  ${here}`);
    place = here;
    lines.push(...decisionLines(event, columns, style));
  }
  if (isTruncated) lines.push("  … and more, which was not kept");
  return lines;
}

/** A packet on its way from interface to interface, from the event `first` on, while nothing is decided about it. */
export function sameFrom(events: ExplainDocument["events"], first: number): readonly ExplainedPacket[] {
  const sightings: ExplainedPacket[] = [];
  for (let index = first; index < events.length; index += 1) {
    const event = events[index]!;
    if (event.kind !== "packet" || (sightings[0] !== undefined && event.text !== sightings[0].text)) break;
    sightings.push(event);
  }
  return sightings;
}

/** The interfaces, then the packet as one line that can be searched for, and another one for what is in it: they are not wrapped. */
function packetLines(sightings: readonly ExplainedPacket[], columns: number, style: TextStyle): string[] {
  const ways = sightings.map(({ atSeconds, direction, interface: name }, index) => {
    const isLater = index > 0 && atSeconds !== sightings[index - 1]!.atSeconds;
    return `${isLater ? `at ${time(atSeconds)} ` : ""}${direction} by ${name}`;
  });
  const first = time(sightings[0]!.atSeconds);
  const heading = wrapText(ways.join(", "), columns - 11);
  return [
    ...heading.map((line, index) => `${index === 0 ? first : " ".repeat(first.length)}  ${line}`),
    ...sightings[0]!.text.split("\n").map((line) => `  ${style.bold(printable(line))}`),
  ];
}

function decisionLines(event: ExplainedDecision, columns: number, style: TextStyle): string[] {
  const hasEffect = event.changes.length > 0 || event.place !== "hook" || event.verdict === "DROP";
  const priority = event.priority === undefined ? "" : ` (${priorityText(event.priority)})`;
  const verdict = event.verdict === "" || event.verdict === "receive" ? "" : ` ${event.verdict}`;
  const changes = event.changes.length === 0 ? "" : `${event.changes.join("; ")}. `;
  const source = hasEffect && event.source !== "" ? ` [${event.source}]` : "";
  const text = `${event.function}${priority}${verdict}: ${changes}${sentence(event.why)}${source}`;
  const lines = item("        -", text, columns);
  for (const rule of event.rules) lines.push(...item("          rule", rule, columns));
  if (event.port !== undefined) lines.push(...portLines(event.port, columns));
  const isNotable = event.isHijack === true || event.verdict === "DROP";
  return isNotable ? lines.map((line) => style.bad(line)) : lines;
}

/** The port's choice: where the walk began, and why each candidate was passed over. */
function portLines(choice: PortChoice, columns: number): string[] {
  const { low, high, cursor, row, hashLow, hashHigh, candidates, examined } = choice;
  const table = row === 0 ? "" : ` in row ${row}`;
  // Only the walk with the table of 65536 cursors, which shows by its row, uses the high half.
  const hash = row === 0 ? hex(hashLow) : `${hex(hashHigh)}${hex(hashLow).slice(2)}`;
  const begin =
    `range ${low}-${high}, cursor ${cursor >>> 0}${table}, hash ${hash} of source, destination and port; ` +
    `${plural(formatCount(examined), "candidate")} examined`;
  const shown = candidates.slice(0, CANDIDATES_SHOWN);
  const rest = examined - shown.length;
  return [
    ...item("          walk", begin, columns),
    ...shown.flatMap(({ port, verdict, why }) => item("          port", `${port} ${verdict}: ${why}`, columns)),
    ...(rest > 0 ? item("          port", `… and ${formatCount(rest)} more`, columns) : []),
  ];
}

function endLines({ connection }: ExplainDocument, columns: number): string[] {
  const { probe, timeoutSeconds, tookSeconds } = connection;
  const what = probe === null ? "connection" : "probe";
  const at = `${time(tookSeconds)}  `;
  if (connection.ok) return [`${at}the ${what} has succeeded, in ${tookText(tookSeconds)}`];
  const who = probe === null ? "client" : "kubelet";
  const limit = probe === null ? "its patience is" : "timeoutSeconds";
  const end = hasTimedOut(connection)
    ? `the ${who} gives up (${limit} ${timeoutSeconds}${probe === null ? " s" : ""})`
    : "connect() has failed";
  if (probe === null) return [`${at}${end}`];
  const its = hasTimedOut(connection) ? "its" : "the kubelet's";
  return [
    `${at}${end}; ${its} log line:`,
    visible(probe.logLine ?? ""),
    "The pod's Event:",
    ...wrapText(probe.event ?? "", columns),
  ];
}

function stateBlocks({ states }: ExplainDocument, style: TextStyle): string[][] {
  if (states === undefined) return [];
  return states.texts.map(({ title, text }) => [
    style.bold(`${time(states.atSeconds)}  ${printable(title)}`),
    ...text.replace(/\n$/, "").split("\n").map(visible),
  ]);
}

/** The command that tells this story again. */
function commandWords({ scenario, settings, connection }: ExplainDocument): string[] {
  const words = ["npx", "--no", "sim", "explain", shellWord(scenario.file), "--seed", shellWord(settings.seed)];
  const { workload, number } = connection;
  const which =
    workload === null ? ["--probe", `${number}`] : ["--workload", shellWord(workload), "--connect", `${number}`];
  const place = ["--replication", `${settings.replication}`, ...which];
  return [...words, ...overrideWords(settings.overrides), ...place];
}

function time(atSeconds: number): string {
  return `${atSeconds < 0 ? "" : "+"}${atSeconds.toFixed(6)}`;
}

function priorityText(priority: number): string {
  return priority === 2_147_483_647 ? "last" : `${priority}`;
}

function sentence(text: string): string {
  return `${capitalised(text)}.`;
}

function hex(word: number): string {
  return `0x${(word >>> 0).toString(16).padStart(8, "0")}`;
}
