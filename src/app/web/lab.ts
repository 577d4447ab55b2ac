import { overrideRecord } from "../../scenario/override_record.ts";
import { formatDiagnostic, type Diagnostic } from "../../scenario/diagnostic.ts";
import { parseScenario, type ParsedScenario } from "../../scenario/scenario.ts";
import { runReplication } from "../../cluster/replication.ts";
import { exactForRun } from "../../study/exact_twin.ts";
import type { ExactDocument } from "../../study/run_document.ts";
import { BootPool } from "./boot_pool.ts";
import { LabStudy } from "./lab_study.ts";
import type { FromLab, PageProblem, ToLab } from "./messages.ts";
import { nodePortValues } from "./node_port_values.ts";
import { overridesOf, type PageSettings } from "./page_settings.ts";
import { settingsView } from "./settings_view.ts";

/** Reads the page's settings, has them simulated, and says what comes of it. The page itself never waits. */
export class Lab {
  readonly #page: MessagePort;
  readonly #version: string;
  readonly #boots: BootPool;
  readonly #tellers: BootPool;
  /** The exact values of texts without settings, by text. */
  readonly #unchanged = new Map<string, ExactDocument>();
  #number = 0;
  #study: LabStudy | undefined;

  constructor(page: MessagePort, version: string) {
    this.#page = page;
    this.#version = version;
    this.#boots = new BootPool((index) => this.#say({ kind: "stuck", index, tells: false }));
    this.#tellers = new BootPool((index) => this.#say({ kind: "stuck", index, tells: true }));
    page.addEventListener("message", ({ data }: MessageEvent<ToLab>) => this.#follow(data));
    page.start();
  }

  #follow(asked: ToLab): void {
    switch (asked.kind) {
      case "worker":
        (asked.tells ? this.#tellers : this.#boots).add(asked.index, asked.port);
        return;
      case "stop":
        this.#study?.stop();
        this.#say({ kind: "stopped" });
        return;
      case "settings":
        this.#number = asked.number;
        this.#take(asked.settings);
    }
  }

  /** Begins a study of the settings if they are right; if not, the older one goes on. */
  #take(settings: PageSettings): void {
    const { file, text } = settings;
    const wished = settings.nodePorts === undefined ? {} : nodePortValues(text, settings.nodePorts);
    const overrides = overridesOf({ ...settings.values, ...wished });
    const parsed = parseScenario(text, file, overrides);
    if (!parsed.ok) {
      this.#say({ kind: "refused", problems: parsed.diagnostics.map((one) => problemOf(one, file)) });
      return;
    }
    const { scenario, warnings } = parsed;
    this.#study?.stop();
    const unchanged = overrides.length === 0 ? undefined : this.#exactOf(text, file);
    const view = { ...settingsView(scenario, overrides), ...(unchanged === undefined ? {} : { unchanged }) };
    this.#say({ kind: "taken", view, warnings: warnings.map(formatDiagnostic) });
    const number = this.#number;
    this.#study = new LabStudy(
      { scenario, text, file, version: this.#version, overrides: overrideRecord(overrides), texts: overrides },
      {
        boots: this.#boots,
        tellers: this.#tellers,
        say: (message) => this.#page.postMessage({ number, ...message }, []),
      },
    );
    void this.#study.run();
  }

  /** The exact value of a scenario as its file has it, for the ports of its first boot. */
  #exactOf(text: string, file: string): ExactDocument | undefined {
    const known = this.#unchanged.get(text);
    if (known !== undefined) return known;
    const parsed: ParsedScenario = parseScenario(text, file, []);
    if (!parsed.ok) return undefined;
    const { scenario } = parsed;
    const exact = exactForRun(scenario, [runReplication(scenario, 0, { until: 0 })]);
    this.#unchanged.clear();
    this.#unchanged.set(text, exact);
    return exact;
  }

  #say(message: Said): void {
    this.#page.postMessage({ number: this.#number, ...message } satisfies FromLab, []);
  }
}

/** A message to the page, before it has the number of its settings. */
export type Said = FromLab extends infer One ? (One extends FromLab ? Omit<One, "number"> : never) : never;

function problemOf(diagnostic: Diagnostic, file: string): PageProblem {
  const { message, line, column, length } = diagnostic;
  return { text: formatDiagnostic(diagnostic), message, isInText: diagnostic.file === file, line, column, length };
}
