import type { ReplayPlace } from "../../cluster/replication.ts";
import type { ReplicationResult } from "../../cluster/replication_result.ts";
import type { NodePortClasses } from "../../report/exposure_text.ts";
import type { ExplainRequest } from "../../study/explain_connection.ts";
import type { ReplicationTask } from "../../study/replication_pool.ts";
import type { ExactDocument, RunDocument } from "../../study/run_document.ts";
import type { RunProgress } from "../../study/run_study.ts";
import type { Micros } from "../../units.ts";
import type { PageSettings } from "./page_settings.ts";
import type { PageStory } from "./page_story.ts";

/** The first message to a worker: what it is from now on, and the line on which it is spoken to. */
export type Hello =
  | { readonly kind: "lab"; readonly page: MessagePort; readonly version: string }
  | { readonly kind: "boot"; readonly lab: MessagePort };

/** What the page asks of the lab. A later `number` takes the place of all that was asked before. */
export type ToLab =
  | { readonly kind: "settings"; readonly number: number; readonly settings: PageSettings }
  | { readonly kind: "stop" }
  /** A worker that runs replications, or one that tells stories; it takes the place of an older one of its number. */
  | { readonly kind: "worker"; readonly index: number; readonly tells: boolean; readonly port: MessagePort };

/** A problem of the settings, as people see it, and where it stands. */
export interface PageProblem {
  /** As `formatDiagnostic` prints it. */
  readonly text: string;
  readonly message: string;
  /** Whether it stands in the scenario's text; else it is in one of the other settings. */
  readonly isInText: boolean;
  /** From 1, in characters. */
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

/** What the settings come to, for the controls. */
export interface SettingsView {
  readonly about: string;
  readonly kernel: string;
  readonly portWalk: string;
  readonly portRange: readonly [low: number, high: number];
  readonly reservedPorts: string;
  readonly nodePorts: {
    /** How many there are in all, and those that are given; the others are drawn by each boot. */
    readonly count: number;
    readonly given: readonly number[];
    readonly placement: "random" | "contiguous" | "listed" | "mixed";
    readonly range: readonly [low: number, high: number];
  };
  readonly churn: readonly { readonly name: string; readonly from: string; readonly ratePerSecond: number }[];
  readonly kubeProxy: { readonly version: string; readonly mode: string };
  readonly seed: string;
  readonly durationSeconds: number;
  readonly replications: number;
  readonly variants: readonly string[];
  /** All settings beside the text, as `--set` takes them. */
  readonly overrides: readonly string[];
  /** The exact value of the scenario without them; absent if they are none. */
  readonly unchanged?: ExactDocument;
}

/** What the figures rest on. */
export interface FiguresBasis {
  readonly finished: number;
  readonly replications: number;
  /** Simulated time of the boot that the figures show, while none has finished. */
  readonly simulatedSeconds?: number;
  /** Whether nothing is left to run. */
  readonly isFinal: boolean;
  /** Whether the figures are final, although variants may still run. */
  readonly isStandingFinal: boolean;
}

/** The figures so far, or those at the end. */
export interface PageFigures {
  readonly document: RunDocument;
  readonly finding: readonly string[];
  readonly classes: NodePortClasses;
  readonly basis: FiguresBasis;
}

/** What the command line gives for the settings. */
export interface PageResult {
  readonly json: string;
  readonly text: string;
  readonly command: string;
  /** The scenario with the settings worked in. */
  readonly scenario: string;
}

/** What the lab tells the page, about the settings of a number. */
export type FromLab = { readonly number: number } & (
  | { readonly kind: "refused"; readonly problems: readonly PageProblem[] }
  | { readonly kind: "taken"; readonly view: SettingsView; readonly warnings: readonly string[] }
  | { readonly kind: "progress"; readonly progress: RunProgress }
  | { readonly kind: "figures"; readonly figures: PageFigures }
  | { readonly kind: "result"; readonly result: PageResult }
  | { readonly kind: "story"; readonly story: PageStory }
  | { readonly kind: "no-story"; readonly why: string }
  | { readonly kind: "stopped" }
  | { readonly kind: "broken"; readonly message: string }
  | { readonly kind: "stuck"; readonly index: number; readonly tells: boolean }
);

/** What the lab asks of a worker; one thing at a time. */
export type ToBoot =
  | { readonly kind: "run"; readonly id: number; readonly task: ReplicationTask; readonly isShown: boolean }
  | { readonly kind: "tell"; readonly id: number; readonly request: TellRequest }
  | { readonly kind: "drop"; readonly id: number };

/** Which connection is to be told, and what stands around it. */
export interface TellRequest extends Pick<ExplainRequest, "scenario" | "wanted" | "replications"> {
  readonly file: string;
  readonly digest: string;
  readonly overrides: Readonly<Record<string, string>>;
}

/** What a worker answers. */
export type FromBoot = { readonly id: number } & (
  | { readonly kind: "slice"; readonly simulated: Micros; readonly failed: number }
  /** The result that a shown replication would have if it ended now. */
  | { readonly kind: "so-far"; readonly result: ReplicationResult }
  | { readonly kind: "result"; readonly result: ReplicationResult }
  | { readonly kind: "story"; readonly story: PageStory | undefined }
  | { readonly kind: "dropped" }
  | { readonly kind: "error"; readonly message: string; readonly place: Partial<ReplayPlace> }
);
