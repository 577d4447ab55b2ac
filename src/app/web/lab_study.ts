import type { ReplicationResult } from "../../cluster/replication_result.ts";
import { jsonText } from "../../report/json_text.ts";
import { sha256OfBytes } from "../../cluster/kube_proxy/sha256.ts";
import { classifyNodePorts } from "../../report/exposure_text.ts";
import { findingParagraphs } from "../../report/finding.ts";
import { runText } from "../../report/run_text.ts";
import { commandLines, overrideWords, shellWord } from "../../report/shell_command.ts";
import type { Scenario } from "../../scenario/scenario.ts";
import { scenarioAsRun } from "../../scenario/scenario_as_run.ts";
import { documentOf, runStudyOnPool } from "../../study/run_study.ts";
import type { RunDocument } from "../../study/run_document.ts";
import { SECOND } from "../../units.ts";
import type { BootPool } from "./boot_pool.ts";
import type { Said } from "./lab.ts";
import type { FiguresBasis } from "./messages.ts";
import { LabStory } from "./lab_story.ts";

/** What is studied. */
export interface StudiedScenario {
  readonly scenario: Scenario;
  readonly text: string;
  readonly file: string;
  readonly version: string;
  readonly overrides: Readonly<Record<string, string>>;
  /** The same as `PATH=VALUE` texts. */
  readonly texts: readonly string[];
}

/** Who works for a study, and who hears of it. */
export interface StudyPlace {
  readonly boots: BootPool;
  readonly tellers: BootPool;
  readonly say: (message: Said) => void;
}

/** One study of the page: `sim run` on the browser's workers, with figures on the way. */
export class LabStudy {
  readonly #studied: StudiedScenario;
  readonly #place: StudyPlace;
  readonly #digest: string;
  readonly #story: LabStory;
  readonly #stop = new AbortController();
  /** The scenario as it stands, in the form in which the pool gets it. */
  #standing: Scenario | undefined;
  /** Results by replication. */
  readonly #finished = new Map<number, ReplicationResult>();

  constructor(studied: StudiedScenario, place: StudyPlace) {
    this.#studied = studied;
    this.#place = place;
    this.#digest = digestOf(studied.text);
    this.#story = new LabStory({ ...studied, digest: this.#digest }, place);
  }

  /** Ends the study where it is. */
  stop(): void {
    this.#stop.abort();
    this.#story.stop();
  }

  /** Runs to the end, or to `stop`; says all the way what there is. */
  async run(): Promise<void> {
    const { scenario, file, version, overrides } = this.#studied;
    const { say } = this.#place;
    try {
      const document = await runStudyOnPool({
        scenario,
        file,
        digest: this.#digest,
        version,
        overrides,
        pool: this.#pool(),
        signal: this.#stop.signal,
        clocks: { wallSeconds: secondsNow, cpuSeconds: secondsNow },
        onProgress: (progress) => say({ kind: "progress", progress }),
      });
      this.#show(document, { ...this.#basis(), isFinal: true, isStandingFinal: true });
      this.#sayResult(document);
      this.#story.tellAtEnd(document);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      say({ kind: "broken", message: error instanceof Error ? error.message : String(error) });
    }
  }

  /** The page's workers, overheard: figures are shown whenever there are better ones. */
  #pool(): Parameters<typeof runStudyOnPool>[0]["pool"] {
    const { boots } = this.#place;
    return {
      drop: (watch) => boots.drop(watch),
      run: async (task, watch = {}) => {
        // The pool hears of the scenario as it stands before it hears of variants.
        this.#standing ??= task.scenario;
        if (task.scenario !== this.#standing) return boots.run(task, watch);
        const heard = task.replication === 0 ? { onSoFar: (result: ReplicationResult) => this.#soFar(result) } : {};
        // The watch stays the same object: it is the name by which a task is dropped.
        const result = await boots.run(task, Object.assign(watch, heard));
        this.#finished.set(task.replication, result);
        this.#show(this.#documentOf(this.#results()), this.#basis());
        return result;
      },
    };
  }

  #soFar(result: ReplicationResult): void {
    if (this.#finished.size > 0 || this.#stop.signal.aborted) return;
    this.#show(this.#documentOf([result]), { ...this.#basis(), simulatedSeconds: result.duration / SECOND });
  }

  #results(): readonly ReplicationResult[] {
    return [...this.#finished.values()].toSorted((a, b) => a.replication - b.replication);
  }

  #basis(): FiguresBasis {
    const { replications } = this.#studied.scenario;
    const finished = this.#finished.size;
    return { finished, replications, isFinal: false, isStandingFinal: finished === replications };
  }

  #documentOf(results: readonly ReplicationResult[]): RunDocument {
    return documentOf({ ...this.#studied, digest: this.#digest }, results, { wallSeconds: 0, cpuSeconds: 0 });
  }

  #show(document: RunDocument, basis: FiguresBasis): void {
    if (this.#stop.signal.aborted) return;
    this.#place.say({
      kind: "figures",
      figures: {
        document,
        finding: findingParagraphs(document),
        classes: classifyNodePorts(document),
        basis,
      },
    });
    this.#story.tellIfFailed(document);
  }

  #sayResult(document: RunDocument): void {
    const { text, texts } = this.#studied;
    this.#place.say({
      kind: "result",
      result: {
        json: jsonText(document),
        text: runText(document, { color: false, columns: 90 }),
        command: commandOf(document),
        scenario: scenarioAsRun(text, texts),
      },
    });
  }
}

/** A browser tells no CPU time: the time that passes stands for it. */
function secondsNow(): number {
  return performance.now() / 1000;
}

/** The command with the same settings, and no more: what it prints is what the page shows. */
function commandOf({ scenario, settings }: RunDocument): string {
  const { seed } = settings.overrides;
  const words = ["npx", "--no", "sim", "run", shellWord(scenario.file), ...overrideWords(settings.overrides)];
  return commandLines(seed === undefined ? words : [...words, "--seed", shellWord(seed)], 90).join("\n");
}

/** The SHA-256 of a text as `sha256:` and hexadecimal digits, as the command line writes it. */
function digestOf(text: string): string {
  const digest = sha256OfBytes(new TextEncoder().encode(text));
  return `sha256:${[...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
