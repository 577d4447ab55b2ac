import { placeIn, replicationInSlices } from "../../cluster/replication.ts";
import { explainDocument } from "../../report/explain_document.ts";
import { elsewhereText, explainFinding } from "../../report/explain_finding.ts";
import { lanesOf } from "../../report/sequence_lanes.ts";
import { sequenceRows } from "../../report/sequence_rows.ts";
import { explainConnection } from "../../study/explain_connection.ts";
import { SECOND, type Micros } from "../../units.ts";
import type { FromBoot, TellRequest, ToBoot } from "./messages.ts";
import type { PageStory } from "./page_story.ts";

/** Simulated time between two looks at the clock. */
const SLICE: Micros = 20 * SECOND;

/** Milliseconds of work between two looks at the messages. */
const WORK_MS = 12;

/** Milliseconds between two results of a replication that is shown: first, and at most. */
const FIRST_GAP_MS = 60;
const LAST_GAP_MS = 1500;

/** Runs replications and tells stories as the lab asks, one thing at a time, and hears between two slices that it may stop. */
export class Boot {
  readonly #lab: MessagePort;
  readonly #dropped = new Set<number>();

  constructor(lab: MessagePort) {
    this.#lab = lab;
    lab.addEventListener("message", ({ data }: MessageEvent<ToBoot>) => void this.#follow(data));
    lab.start();
  }

  async #follow(asked: ToBoot): Promise<void> {
    if (asked.kind === "drop") {
      this.#dropped.add(asked.id);
      return;
    }
    const { id } = asked;
    try {
      if (asked.kind === "run") await this.#run(asked);
      else this.#say({ kind: "story", id, story: await this.#tell(id, asked.request) });
    } catch (error) {
      const isError = error instanceof Error;
      if (error instanceof Dropped) this.#say({ kind: "dropped", id });
      else this.#say({ kind: "error", id, message: isError ? error.message : String(error), place: placeIn(error) });
    }
    this.#dropped.delete(id);
  }

  async #run({ id, task, isShown }: ToBoot & { kind: "run" }): Promise<void> {
    const { scenario, replication, ...extent } = task;
    const slices = replicationInSlices(scenario, replication, { ...extent, slice: SLICE });
    const pacer = new Pacer(() => this.#dropped.has(id));
    let shownAt = -Infinity;
    let gap = 0;
    for (let step = slices.next(); ; step = slices.next()) {
      if (step.done === true) {
        this.#say({ kind: "result", id, result: step.value });
        return;
      }
      const { simulated, failed, resultSoFar } = step.value;
      if (isShown && pacer.now - shownAt > gap) {
        gap = Math.min(LAST_GAP_MS, Math.max(FIRST_GAP_MS, 2 * gap));
        this.#say({ kind: "so-far", id, result: resultSoFar() });
        shownAt = pacer.now;
      }
      // oxlint-disable-next-line no-await-in-loop -- slices of one run come one after another.
      if (await pacer.pause()) this.#say({ kind: "slice", id, simulated, failed });
    }
  }

  async #tell(id: number, request: TellRequest): Promise<PageStory | undefined> {
    const { scenario, file, digest, overrides } = request;
    const pacer = new Pacer(() => this.#dropped.has(id));
    const explanation = await explainConnection({ ...request, pause: async () => void (await pacer.pause()) });
    if (explanation.kind !== "story") return undefined;
    const { story } = explanation;
    const document = explainDocument(story, {
      scenario: { file, digest, about: scenario.about },
      settings: {
        seed: scenario.seed,
        kernel: scenario.kernel.build,
        portWalk: scenario.kernel.era.portWalk,
        durationSeconds: scenario.duration / SECOND,
        overrides,
      },
    });
    const rows = sequenceRows(story);
    return {
      document,
      finding: explainFinding(document),
      rows,
      lanes: lanesOf(rows, story, elsewhereText(story, document)),
      startedAt: story.connection.startedAt,
    };
  }

  #say(message: FromBoot): void {
    this.#lab.postMessage(message, []);
  }
}

/** A task that is no longer wanted. */
class Dropped extends Error {}

/** Gives way to messages now and then. */
class Pacer {
  readonly #isDropped: () => boolean;
  readonly #channel = new MessageChannel();
  #workedSince = performance.now();

  constructor(isDropped: () => boolean) {
    this.#isDropped = isDropped;
  }

  /** Milliseconds from any moment. */
  get now(): number {
    return performance.now();
  }

  /**
   * Lets messages in if the last time is long ago.
   *
   * @returns whether it did.
   * @throws Dropped when the task is no longer wanted.
   */
  async pause(): Promise<boolean> {
    if (performance.now() - this.#workedSince < WORK_MS) return false;
    // A timer would wait for 4 ms each time.
    const { port1, port2 } = this.#channel;
    await new Promise<void>((resolve) => {
      port1.addEventListener("message", () => resolve(), { once: true });
      port1.start();
      port2.postMessage(undefined, []);
    });
    if (this.#isDropped()) throw new Dropped();
    this.#workedSince = performance.now();
    return true;
  }
}
