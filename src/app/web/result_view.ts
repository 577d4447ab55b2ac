import { byId } from "./element.ts";
import type { PageResult } from "./messages.ts";

/** Whether the numbers are those of the command, in words. */
const WAITING = "When the run is done, the command that prints the same numbers stands here.";
const DONE = "This command prints the numbers above, bit for bit; save the scenario first if it is your own.";

/** The result as the command line has it: to read, to copy and to save. */
export class ResultView {
  readonly #buttons = ["copy-command", "save-json", "save-yaml"].map((id) => byId(id, HTMLButtonElement));
  #result: PageResult | undefined;

  /** @param link the address of the page with its settings. */
  constructor(link: () => string) {
    onClick("copy-command", () => void this.#copy(this.#result?.command ?? "", "The command is copied."));
    onClick(
      "copy-link",
      () => void this.#copy(link(), "The link is copied. It opens this page with these settings and this seed."),
    );
    onClick("save-json", () => this.#save("result.json", this.#result?.json, "application/json"));
    onClick("save-yaml", () => this.#save("scenario.yaml", this.#result?.scenario, "application/yaml"));
    this.clear();
  }

  /** Shows that there is no result yet. */
  clear(): void {
    this.#result = undefined;
    for (const button of this.#buttons) button.disabled = true;
    byId("same-text", HTMLElement).textContent = WAITING;
    byId("command", HTMLElement).hidden = true;
    byId("report", HTMLElement).textContent = WAITING;
    byId("copied", HTMLElement).textContent = "";
  }

  /** Shows the result of a run that is done. */
  show(result: PageResult): void {
    this.#result = result;
    for (const button of this.#buttons) button.disabled = false;
    byId("same-text", HTMLElement).textContent = DONE;
    const command = byId("command", HTMLElement);
    command.hidden = false;
    command.textContent = result.command;
    byId("report", HTMLElement).textContent = result.text;
  }

  async #copy(text: string, done: string): Promise<void> {
    const said = byId("copied", HTMLElement);
    try {
      await navigator.clipboard.writeText(text);
      said.textContent = done;
    } catch {
      said.textContent = `This browser lets no page copy from a file. Here it is: ${text}`;
    }
  }

  #save(name: string, content: string | undefined, type: string): void {
    if (content === undefined) return;
    const address = URL.createObjectURL(new Blob([content], { type }));
    const link = document.createElement("a");
    link.href = address;
    link.download = name;
    link.click();
    // The browser reads it after this turn.
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }
}

function onClick(id: string, act: () => void): void {
  byId(id, HTMLButtonElement).addEventListener("click", act);
}
