import { placeIn } from "../../cluster/replication.ts";
import { commentedPackets } from "../../report/artefacts/packet_comments.ts";
import { pcapng } from "../../report/artefacts/pcapng.ts";
import { chartFile } from "../../report/charts/chart_file.ts";
import { sequenceChartOf } from "../../report/charts/sequence.ts";
import { sequenceSvg } from "../../report/sequence_chart.ts";
import { explainDocument } from "../../report/explain_document.ts";
import type { ExplainDocument } from "../../report/explain_document.ts";
import { explainText } from "../../report/explain_text.ts";
import { jsonText } from "../../report/json_text.ts";
import { formatCount, formatSpan, plural } from "../../report/number_text.ts";
import { statesAt } from "../../report/state_dump.ts";
import type { StateText } from "../../report/state_dump.ts";
import { parseScenario } from "../../scenario/scenario.ts";
import type { Scenario } from "../../scenario/scenario.ts";
import { closestWord } from "../../scenario/spelling.ts";
import { explainConnection } from "../../study/explain_connection.ts";
import type { Explanation, ExplainProgress, ConnectionStory } from "../../study/explain_connection.ts";
import { SECOND } from "../../units.ts";
import { asTyped } from "./as_typed.ts";
import type { CliIo } from "./cli_io.ts";
import { EXIT_CODE } from "./exit_code.ts";
import type { ExplainOptions } from "./explain_options.ts";
import { internalErrorText } from "./internal_error.ts";
import { missingScenario } from "./missing_scenario.ts";
import { overrideRecord } from "../../scenario/override_record.ts";
import { ProgressLine } from "./progress_line.ts";
import { complain } from "./complain.ts";
import { refuse } from "./refuse.ts";
import { placeLine, replayLine } from "./replay_line.ts";
import { textOptions } from "./text_options.ts";
import { warn } from "./warn.ts";

/**
 * `sim explain`: finds one probe or connection, runs its boot again with a trace around it, and tells what happened packet by packet.
 *
 * @returns the exit code: 0, 2 for a wrong scenario, a connection that there is not or a file that cannot be written, 3 for a
 * bug, 130 when interrupted.
 */
export async function explainCommand(options: ExplainOptions, io: CliIo): Promise<number> {
  const file = await io.readFile(options.scenario);
  if (!file.ok) return refuse([await missingScenario(options.scenario, file.why, io)], io);
  const parsed = parseScenario(file.text, options.scenario, options.overrides);
  if (!parsed.ok) return refuse(asTyped(parsed.diagnostics, options), io);
  warn(asTyped(parsed.warnings, options), io);
  const { scenario } = parsed;
  if (options.replication !== undefined && options.replication >= scenario.replications) {
    return complain(
      `Cannot look in replication ${options.replication}: there are ${scenario.replications}, counted from 0; raise --replications`,
      io,
    );
  }
  const states: StateText[] = [];
  const explanation = await explain(scenario, options, { io, states });
  if (typeof explanation === "number") return explanation;
  if (explanation.kind !== "story") return complain(problemOf(explanation, scenario, options), io);
  const { story } = explanation;
  const problem = interfaceProblem(story, options);
  if (problem !== undefined) return complain(problem, io);
  const document = documentOf(story, { scenario, options, digest: io.digest(file.text), states });
  const failure = await writeFiles(story, document, { options, io });
  if (failure !== undefined) return complain(failure, io);
  io.stdout.write(options.format === "json" ? jsonText(document) : explainText(document, textOptions(io)));
  return EXIT_CODE.done;
}

/** The explanation, or the exit code of a run that was interrupted or broke. */
async function explain(
  scenario: Scenario,
  options: ExplainOptions,
  { io, states }: { readonly io: CliIo; readonly states: StateText[] },
): Promise<Explanation | number> {
  const line = io.stderr.isTerminal && !options.isQuiet ? new ProgressLine(io.stderr, io.clock) : undefined;
  const only = options.replication ?? (options.wanted.number === "first-failure" ? undefined : 0);
  let latest: ExplainProgress | undefined;
  try {
    return await explainConnection({
      scenario,
      wanted: options.wanted,
      replications: only === undefined ? Array.from({ length: scenario.replications }, (_, index) => index) : [only],
      ...(options.at === undefined ? {} : { at: options.at }),
      takeStates: (namespaces) => states.push(...statesAt(namespaces)),
      pause: async (progress) => {
        latest = progress;
        line?.showText(progressText(progress));
        await new Promise((resolve) => setImmediate(resolve));
        io.signal.throwIfAborted();
      },
    });
  } catch (error) {
    if (io.signal.aborted) {
      io.stderr.write("sim: interrupted; nothing was printed\n");
      return EXIT_CODE.interrupted;
    }
    const overrides = overrideRecord(options.overrides);
    const run = { file: options.scenario, seed: scenario.seed };
    const place = { replication: latest?.replication, at: latest?.simulated, ...placeIn(error) };
    const where = placeLine({ ...run, place });
    io.stderr.write(`${internalErrorText(error)}\n${where}${replayLine({ ...run, overrides, ...place })}\n`);
    return EXIT_CODE.internalError;
  } finally {
    line?.clear();
  }
}

function documentOf(
  story: ConnectionStory,
  run: {
    readonly scenario: Scenario;
    readonly options: ExplainOptions;
    readonly digest: string;
    readonly states: readonly StateText[];
  },
): ExplainDocument {
  const { scenario, options, digest, states } = run;
  return explainDocument(story, {
    scenario: { file: options.scenario, digest, about: scenario.about },
    settings: {
      seed: scenario.seed,
      kernel: scenario.kernel.build,
      portWalk: scenario.kernel.era.portWalk,
      durationSeconds: scenario.duration / SECOND,
      overrides: overrideRecord(options.overrides),
    },
    states: options.at === undefined ? undefined : { atSeconds: options.at / SECOND, texts: states },
  });
}

/** Writes the capture and the chart. @returns why one of them cannot be written. */
async function writeFiles(
  story: ConnectionStory,
  document: ExplainDocument,
  { options, io }: { readonly options: ExplainOptions; readonly io: CliIo },
): Promise<string | undefined> {
  const files: (readonly [path: string, content: Uint8Array | string])[] = [];
  if (options.pcap !== undefined) files.push([options.pcap, captureOf(story, options, io)]);
  if (options.svg !== undefined) files.push([options.svg, await sequenceSvg(story, document)]);
  if (options.chart !== undefined) {
    const { path, ending } = options.chart;
    files.push([path, await chartFile(sequenceChartOf(story, document), ending)]);
  }
  for (const [path, content] of files) {
    // oxlint-disable-next-line no-await-in-loop -- the first that fails ends it.
    const problem = await io.writeWholeFile(path, content);
    if (problem !== undefined) return `Cannot write ${JSON.stringify(path)}: ${problem}`;
    io.stderr.write(`wrote ${path}\n`);
  }
  return undefined;
}

function captureOf(story: ConnectionStory, options: ExplainOptions, io: CliIo): Uint8Array {
  return pcapng({
    interfaces: story.interfaces,
    packets: commentedPackets(story.events),
    ...(options.interface === undefined ? {} : { only: options.interface }),
    application: `portfall ${io.version}`,
    comment: `Simulated: ${options.scenario}, ${story.connection.workload ?? "probe"} ${story.connection.number} of replication ${story.connection.replication}.`,
  });
}

function interfaceProblem({ interfaces }: ConnectionStory, { interface: only }: ExplainOptions): string | undefined {
  if (only === undefined || interfaces.includes(only)) return undefined;
  const closest = closestWord(only, interfaces);
  const hint = closest === undefined ? `there are ${interfaces.length}, such as node/eth0` : `did you mean ${closest}?`;
  return `Cannot capture on ${JSON.stringify(only)}: there is no such interface; ${hint}`;
}

/** Why there is no story, and what to do. */
function problemOf(
  explanation: Exclude<Explanation, { kind: "story" }>,
  scenario: Scenario,
  { replication, wanted: { workload } }: ExplainOptions,
): string {
  const what = workload === undefined ? "probe" : "connection";
  const many = (count: number): string => plural(formatCount(count), what);
  const length = formatSpan(scenario.duration / SECOND);
  switch (explanation.kind) {
    case "no-failure": {
      const boots =
        replication === undefined
          ? plural(formatCount(scenario.replications), "replication")
          : `replication ${replication}`;
      return (
        `Cannot explain a failure: none of ${many(explanation.connections)} failed in ${boots} of ${length}; ` +
        `raise --duration or --replications, or name a ${what} with ${workload === undefined ? "--probe N" : "--connect N"}`
      );
    }
    case "no-such-connection":
      return (
        `Cannot explain that ${what}: ${many(explanation.connections)} began in replication ` +
        `${explanation.replication} of ${length}, and the last of them may not have ended; name a lower number, or raise --duration`
      );
    case "no-such-workload": {
      const { workloads } = explanation;
      const closest = closestWord(workload ?? "", workloads);
      const known = workloads.length === 0 ? "the scenario has none" : `there are ${workloads.join(", ")}`;
      const hint = closest === undefined ? known : `did you mean ${closest}?`;
      return `Cannot explain a connection of ${JSON.stringify(workload)}: there is no such workload; ${hint}`;
    }
    case "past-the-end":
      return (
        `Cannot show the states of that moment: the run of ${length} ends ${explanation.left / SECOND} s after the ${what}'s first SYN; ` +
        "name an earlier moment with --at, or raise --duration"
      );
  }
}

function progressText({ doing, replication, simulated, total }: ExplainProgress): string {
  const span = `${formatSpan(Math.round(simulated / SECOND))} of ${formatSpan(Math.round(total / SECOND))}`;
  return `${doing === "looking" ? "looking" : "replaying"}: replication ${replication}, ${span}`;
}
