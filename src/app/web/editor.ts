import { byId, make } from "./element.ts";
import { onTyped } from "./knobs.ts";
import type { PageProblem } from "./messages.ts";
import { nameOf } from "./share_link.ts";
import { OWN_FILE } from "./page_settings.ts";

/** Problems that are shown at once. */
const PROBLEMS_MOST = 8;

/** Milliseconds without a key before the text is read. */
const READING_MS = 600;

/** The choice of a scenario, its text, and what is wrong with it. */
export class Editor {
  readonly #choice = byId("scenario", HTMLSelectElement);
  readonly #text = byId("text", HTMLTextAreaElement);
  readonly #problems = byId("problems", HTMLElement);
  readonly #shipped: ReadonlyMap<string, string>;

  /** @param take hears of another scenario: its file and text. */
  constructor(shipped: ReadonlyMap<string, string>, take: (file: string, text: string) => void) {
    this.#shipped = shipped;
    const names = [...shipped.keys()].map((file) => make("option", { value: file }, nameOf(file)));
    this.#choice.append(...names, make("option", { value: OWN_FILE }, "your own: paste it below"));
    this.#choice.addEventListener("change", () => {
      const { value } = this.#choice;
      if (value === OWN_FILE) {
        const editor = byId("editor", HTMLDetailsElement);
        editor.open = true;
        this.#text.focus();
        this.#text.select();
      } else take(value, shipped.get(value) ?? "");
    });
    onTyped(this.#text, (text) => take(this.#fileOf(text), text), READING_MS);
    this.#text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.ctrlKey) this.#text.dispatchEvent(new Event("change"));
    });
  }

  /** Shows a scenario; a text that the user is in stays. */
  show(file: string, text: string): void {
    this.#choice.value = file;
    if (this.#text.value !== text) this.#text.value = text;
  }

  /** Shows what is wrong; the page stays with the last settings that were right. */
  refuse(problems: readonly PageProblem[]): void {
    const count = problems.length === 1 ? "One problem" : `${problems.length} problems`;
    this.#problems.hidden = false;
    this.#problems.replaceChildren(
      make("strong", {}, `${count}; the page still shows the last settings that were right.`),
      ...problems.slice(0, PROBLEMS_MOST).map((problem) => this.#problem(problem)),
      ...(problems.length > PROBLEMS_MOST ? [make("p", {}, `… and ${problems.length - PROBLEMS_MOST} more`)] : []),
    );
    this.#text.setAttribute("aria-invalid", String(problems.some(({ isInText }) => isInText)));
  }

  /** Says that nothing is wrong. */
  accept(): void {
    this.#problems.hidden = true;
    this.#problems.replaceChildren();
    this.#text.setAttribute("aria-invalid", "false");
  }

  #problem(problem: PageProblem): HTMLElement {
    const text = make("pre", { tabindex: "0" }, problem.text);
    if (!problem.isInText) return make("div", {}, text);
    const go = make("button", { type: "button", class: "small" }, `Go to line ${problem.line}`);
    go.addEventListener("click", () => this.#goTo(problem));
    return make("div", {}, text, go);
  }

  /** Selects the place of a problem in the text. */
  #goTo({ line, column, length }: PageProblem): void {
    byId("editor", HTMLDetailsElement).open = true;
    const lines = this.#text.value.split("\n");
    const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    // Columns count characters, the field counts UTF-16 units.
    const characters = Array.from(lines[line - 1] ?? "");
    const start = before + characters.slice(0, column - 1).join("").length;
    const end = start + characters.slice(column - 1, column - 1 + Math.max(1, length)).join("").length;
    this.#text.focus();
    this.#text.setSelectionRange(start, end);
    const lineHeight = this.#text.scrollHeight / Math.max(1, lines.length);
    this.#text.scrollTop = Math.max(0, (line - 4) * lineHeight);
  }

  #fileOf(text: string): string {
    for (const [file, known] of this.#shipped) if (known === text) return file;
    return OWN_FILE;
  }
}
