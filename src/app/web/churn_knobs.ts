import { byId, make } from "./element.ts";
import type { SettingsView } from "./messages.ts";

/** Places of the slider; the first one is no connection at all. */
const PLACES = 200;

/** Connections a second at the second place, and how many times more at the last one. */
const LEAST = 0.1;
const DECADES = 4;

type Churn = SettingsView["churn"][number];

/** One slider and number for each workload that connects beside the probes. */
export class ChurnKnobs {
  readonly #change: (path: string, value: string) => void;
  #names = "";

  /** @param change hears of the path and value that the user sets. */
  constructor(change: (path: string, value: string) => void) {
    this.#change = change;
  }

  /** Shows the rates; the controls stay the same as long as the workloads do. */
  show(churn: readonly Churn[], values: Readonly<Record<string, string>>): void {
    byId("churn-fields", HTMLElement).hidden = churn.length === 0;
    const names = JSON.stringify(churn.map(({ name }) => name));
    if (names !== this.#names) {
      this.#names = names;
      byId("churn", HTMLElement).replaceChildren(...churn.map((one, index) => this.#field(one, index)));
    }
    for (const [index, { name, ratePerSecond }] of churn.entries()) {
      const number = byId(`churn-${index}-number`, HTMLInputElement);
      const range = byId(`churn-${index}`, HTMLInputElement);
      if (document.activeElement !== number) number.value = String(ratePerSecond);
      if (document.activeElement !== range) range.value = String(placeOf(ratePerSecond));
      range.setAttribute("aria-valuetext", `${ratePerSecond} connections a second`);
      number.closest(".field")?.classList.toggle("changed", `churn.${name}.rate` in values);
    }
  }

  #field({ name, from }: Churn, index: number): HTMLElement {
    const number = make("input", {
      id: `churn-${index}-number`,
      type: "number",
      min: "0",
      max: "1000",
      step: "any",
      "aria-label": `${name}: connections a second, as a number`,
    });
    const range = make("input", { id: `churn-${index}`, type: "range", min: "0", max: String(PLACES), step: "1" });
    const set = (rate: number): void => {
      if (Number.isFinite(rate) && rate >= 0) this.#change(`churn.${name}.rate`, `${rate}/s`);
    };
    range.addEventListener("input", () => {
      const rate = rateAt(range.valueAsNumber);
      number.value = String(rate);
      set(rate);
    });
    number.addEventListener("change", () => set(number.valueAsNumber));
    const label = make(
      "label",
      { for: range.id },
      `${name}, connections a second${from === "node" ? "" : ` from ${from}`}`,
    );
    return make("div", { class: "field ranged" }, label, number, range);
  }
}

function rateAt(place: number): number {
  if (place <= 0) return 0;
  const rate = LEAST * 10 ** ((DECADES * (place - 1)) / (PLACES - 1));
  return Number(rate.toPrecision(2));
}

function placeOf(rate: number): number {
  if (rate <= 0) return 0;
  return Math.round(1 + ((PLACES - 1) * Math.log10(rate / LEAST)) / DECADES);
}
