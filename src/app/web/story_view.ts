import { byId, make } from "./element.ts";
import type { PageStory } from "./page_story.ts";
import { sequenceView, type SequenceView } from "./sequence_view.ts";
import { type StepNote, type StoryStep, storySteps, turningPoint } from "./story_steps.ts";

/** The part of the page that tells one connection, step by step. */
export class StoryView {
  readonly #finding = byId("story-finding", HTMLElement);
  readonly #body = byId("story-body", HTMLElement);
  readonly #step = byId("step", HTMLElement);
  readonly #range = byId("step-range", HTMLInputElement);
  readonly #sequence = byId("sequence", HTMLElement);
  #story: PageStory | undefined;
  #steps: readonly StoryStep[] = [];
  #chart: SequenceView | undefined;
  #index = 0;

  constructor() {
    const moves: Readonly<Record<string, () => number>> = {
      "step-first": () => 0,
      "step-back": () => this.#index - 1,
      "step-next": () => this.#index + 1,
      "step-last": () => this.#steps.length - 1,
      "step-turn": () => turningPoint(this.#steps) ?? 0,
    };
    for (const [id, place] of Object.entries(moves)) {
      byId(id, HTMLButtonElement).addEventListener("click", () => this.#go(place()));
    }
    this.#range.addEventListener("input", () => this.#go(this.#range.valueAsNumber));
    byId("story", HTMLElement).addEventListener("keydown", (event) => this.#key(event));
  }

  /** Says that another story is looked for; the older one stays until then, and looks it. */
  wait(): void {
    this.#finding.textContent = "The first failure under these settings is looked for …";
    this.#body.classList.add("waiting");
  }

  /** Says why there is no story. */
  clear(why: string): void {
    this.#story = undefined;
    this.#finding.textContent = why;
    this.#body.hidden = true;
  }

  /** Tells a story from its beginning. */
  tell(story: PageStory): void {
    this.#story = story;
    this.#steps = storySteps(story);
    this.#finding.textContent = story.finding;
    this.#body.hidden = false;
    this.#body.classList.remove("waiting");
    // What matters is shown at once; the way there is a key away.
    const turn = turningPoint(this.#steps);
    this.#index = turn ?? 0;
    byId("step-turn", HTMLButtonElement).hidden = turn === undefined;
    this.#range.max = String(this.#steps.length - 1);
    this.redraw();
  }

  /** Draws the chart for the width that the page has now. */
  redraw(): void {
    if (this.#story === undefined) return;
    this.#chart = sequenceView(this.#story, this.#sequence.clientWidth);
    this.#sequence.replaceChildren(this.#chart.drawing);
    this.#go(Math.min(this.#index, this.#steps.length - 1));
  }

  #key(event: KeyboardEvent): void {
    const way = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    // The slider has these keys already.
    if (way === 0 || event.target === this.#range || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.#go(this.#index + way);
  }

  #go(wanted: number): void {
    this.#index = Math.max(0, Math.min(this.#steps.length - 1, wanted));
    const step = this.#steps[this.#index];
    if (step === undefined) return;
    const before = this.#steps[this.#index - 1]?.rows ?? 0;
    this.#range.value = String(this.#index);
    const where = `Step ${this.#index + 1} of ${this.#steps.length}`;
    this.#range.setAttribute("aria-valuetext", `${where}: ${step.title}`);
    this.#step.classList.toggle("notable", step.isHit);
    this.#step.replaceChildren(
      make("p", { class: "hint" }, `${where}, ${step.atSeconds.toFixed(6)} s after the first SYN`),
      make("h3", {}, step.title),
      ...(step.text ?? "")
        .split("\n")
        .flatMap((line) => (line === "" ? [] : [make("code", { class: "packet" }, line)])),
      ...(step.notes.length === 0 ? [] : [make("ul", {}, ...step.notes.map(noteItem))]),
    );
    this.#chart?.show(step.rows, before);
    byId("step-back", HTMLButtonElement).disabled = this.#index === 0;
    byId("step-next", HTMLButtonElement).disabled = this.#index === this.#steps.length - 1;
  }
}

function noteItem({ text, why, details, source, isHit, hasEffect }: StepNote): HTMLElement {
  return make(
    "li",
    { class: isHit ? "hit" : hasEffect ? "" : "idle" },
    make("strong", {}, `${text}.`),
    ` ${why}`,
    ...details.map((detail) => make("code", { class: "packet" }, detail)),
    ...(source === "" || !hasEffect ? [] : [make("div", { class: "source" }, `Source: ${source}`)]),
  );
}
