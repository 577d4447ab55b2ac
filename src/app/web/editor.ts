import { byId, make } from "./element.ts";
import { onTyped } from "./knobs.ts";
import type { PageProblem } from "./messages.ts";
import { nameOf } from "./share_link.ts";
import { OWN_FILE } from "./page_settings.ts";

/** Problems that are shown at once. */
const PROBLEMS_MOST = 8;

/** Milliseconds without a key before the text is read. */
const READING_MS = 600;

/** Who hears what the user does with scenarios. */
export interface EditorEvents {
  /** Another shipped scenario. */
  readonly choose: (file: string) => void;
  /** Another text; its file is the shipped one if it is that again. */
  readonly edit: (file: string, text: string) => void;
}

/** The choice of a scenario, its text, and what is wrong with it. */
export class Editor {
  readonly #choice = byId("scenario", HTMLSelectElement);
  readonly #text = byId("text", HTMLTextAreaElement);
  readonly #problems = byId("problems", HTMLElement);
  readonly #shipped: ReadonlyMap<string, string>;

  constructor(shipped: ReadonlyMap<string, string>, heard: EditorEvents) {
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
      } else heard.choose(value);
    });
    onTyped(this.#text, (text) => heard.edit(this.#fileOf(text), text), READING_MS);
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
    const [headline = "", ...lines] = problem.text.split("\n");
    const source = lines.filter((line) => !isAdvice(line));
    const excerpt = make("pre", { tabindex: "0", "aria-label": "Where it stands" }, source.join("\n"));
    const shown = make(
      "div",
      { class: "problem" },
      make("p", {}, headline),
      ...(excerpt.textContent === "" ? [] : [excerpt]),
      ...lines.filter(isAdvice).map((line) => make("p", {}, line.trim())),
    );
    if (!problem.isInText) return shown;
    const go = make("button", { type: "button", class: "small" }, `Go to line ${problem.line}`);
    go.addEventListener("click", () => this.#goTo(problem));
    shown.append(go);
    // The carets are what the excerpt is about.
    requestAnimationFrame(() => {
      const share = (source.at(-1)?.indexOf("^") ?? 0) / Math.max(1, ...source.map(({ length }) => length));
      excerpt.scrollLeft = Math.max(0, share * excerpt.scrollWidth - excerpt.clientWidth / 3);
    });
    return shown;
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

/** Whether a line of a diagnostic says what to do. */
function isAdvice(line: string): boolean {
  return /^ {2}(expected|to mend): /.test(line);
}
