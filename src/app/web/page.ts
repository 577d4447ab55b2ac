import { formatProbability } from "../../report/number_text.ts";
import { byId, make } from "./element.ts";
import { Editor } from "./editor.ts";
import { basisText, causesTable, changedFrom, figureTiles, nodePortTable } from "./figures_view.ts";
import { Knobs, type SettingsChange } from "./knobs.ts";
import { LabClient, VERSION } from "./lab_client.ts";
import type { FromLab, PageFigures, PageResult, SettingsView } from "./messages.ts";
import type { PageSettings } from "./page_settings.ts";
import { type MapZoom, mapText, portMap } from "./port_map.ts";
import { probabilityPlot } from "./probability_plot.ts";
import { ResultView } from "./result_view.ts";
import { fragmentOf, settingsOf } from "./share_link.ts";
import { StoryView } from "./story_view.ts";

/** The page: settings on one side, what comes of them on the other, and the lab between them. */
export class Page {
  readonly #shipped: ReadonlyMap<string, string>;
  readonly #lab: LabClient;
  readonly #knobs: Knobs;
  readonly #editor: Editor;
  readonly #story = new StoryView();
  readonly #result: ResultView;
  #settings: PageSettings;
  /** Those of the figures that are shown. */
  #view: SettingsView | undefined;
  #figures: PageFigures | undefined;
  #zoom: MapZoom = "all";
  #isRefused = false;
  /** Whether figures wait for the next frame. */
  #hasFrame = false;
  #sendTimer: ReturnType<typeof setTimeout> | undefined;
  #sentAt = -Infinity;

  constructor(shipped: ReadonlyMap<string, string>, first: string) {
    this.#shipped = shipped;
    this.#settings = this.#plain(first);
    this.#knobs = new Knobs((change) => this.#change(change));
    this.#editor = new Editor(shipped, {
      choose: (file) => this.#take(this.#plain(file)),
      edit: (file, text) => this.#take({ ...this.#settings, file, text }),
    });
    this.#result = new ResultView(() => location.href);
    this.#lab = new LabClient((message) => this.#hear(message));
    this.#listen();
    void this.#readLink();
  }

  #listen(): void {
    byId("version", HTMLElement).textContent = VERSION;
    byId("reset", HTMLButtonElement).addEventListener("click", () =>
      this.#take({ file: this.#settings.file, text: this.#settings.text, values: {} }),
    );
    const stop = byId("stop", HTMLButtonElement);
    stop.addEventListener("click", () => {
      if (stop.textContent === "Stop") this.#lab.stop();
      else this.#send();
    });
    for (const button of document.querySelectorAll<HTMLButtonElement>("[data-zoom]")) {
      button.addEventListener("click", () => this.#zoomTo(button));
    }
    // The observer tells the first size as well.
    new ResizeObserver(() => this.#redraw()).observe(byId("map", HTMLElement));
    byId("map-list", HTMLDetailsElement).addEventListener("toggle", () => this.#listNodePorts());
    addEventListener("hashchange", () => void this.#readLink());
  }

  /** Takes the settings of the link that the page was opened with. */
  async #readLink(): Promise<void> {
    const shared = await settingsOf(location.hash, this.#shipped);
    if (typeof shared === "string") this.#warn([shared]);
    else if (shared !== undefined) {
      this.#settings = shared.settings;
      if (shared.version !== VERSION) {
        this.#note = `The link was made with portfall ${shared.version || "of an unknown version"}, and this page is ${VERSION}: its numbers may differ.`;
      }
    }
    this.#editor.show(this.#settings.file, this.#settings.text);
    this.#send();
  }

  /** A remark on the link, shown with the warnings of its settings. */
  #note: string | undefined;

  #plain(file: string): PageSettings {
    return { file, text: this.#shipped.get(file) ?? "", values: {} };
  }

  #change({ values, nodePorts }: SettingsChange): void {
    const merged = { ...this.#settings.values };
    for (const [path, value] of Object.entries(values ?? {})) {
      if (value === undefined) delete merged[path];
      else merged[path] = value;
    }
    const { nodePorts: wish, ...rest } = this.#settings;
    const wished = nodePorts === undefined ? wish : nodePorts.wish;
    this.#take({ ...rest, values: merged, ...(wished === undefined ? {} : { nodePorts: wished }) });
  }

  #take(settings: PageSettings): void {
    this.#settings = settings;
    this.#note = undefined;
    this.#editor.show(settings.file, settings.text);
    this.#send();
  }

  /** Sends the settings now, or soon if a slider has sent others a moment ago. */
  #send(): void {
    clearTimeout(this.#sendTimer);
    const wait = this.#sentAt + SEND_GAP_MS - performance.now();
    if (wait > 0) {
      this.#sendTimer = setTimeout(() => this.#send(), wait);
      return;
    }
    this.#sentAt = performance.now();
    this.#lab.send(this.#settings);
  }

  #hear(message: FromLab): void {
    switch (message.kind) {
      case "refused":
        this.#isRefused = true;
        this.#editor.refuse(message.problems);
        this.#announce(`The settings cannot be used: ${message.problems[0]?.message ?? ""}`);
        this.#showBasis();
        return;
      case "taken":
        this.#begin(message.view, message.warnings);
        return;
      case "progress":
        byId("progress", HTMLProgressElement).value = message.progress.simulated / message.progress.total;
        return;
      case "figures":
        this.#show(message.figures);
        return;
      case "result":
        this.#finish(message.result);
        return;
      case "story":
        this.#story.tell(message.story);
        return;
      case "no-story":
        this.#story.clear(message.why);
        return;
      case "stopped":
      case "broken":
        this.#end(message.kind === "broken" ? message.message : undefined);
        return;
      case "stuck":
    }
  }

  /** New settings are being simulated. */
  #begin(view: SettingsView, warnings: readonly string[]): void {
    this.#isRefused = false;
    this.#view = view;
    this.#figures = undefined;
    this.#editor.accept();
    this.#knobs.show(view, this.#settings);
    byId("about", HTMLElement).textContent = view.about;
    byId("progress", HTMLProgressElement).value = 0;
    byId("results", HTMLElement).setAttribute("aria-busy", "true");
    byId("stop", HTMLButtonElement).textContent = "Stop";
    this.#story.wait();
    this.#badge("Simulating", "the numbers below are still those of the settings before");
    this.#result.clear();
    this.#warn([...(this.#note === undefined ? [] : [this.#note]), ...warnings]);
    void this.#writeLink();
  }

  async #writeLink(): Promise<void> {
    const settings = this.#settings;
    const fragment = await fragmentOf({ settings, version: VERSION }, this.#shipped);
    if (settings === this.#settings) history.replaceState(null, "", `#${fragment}`);
  }

  /** Takes figures; they are drawn with the next frame, the latest alone. */
  #show(figures: PageFigures): void {
    if (this.#figures === undefined) this.#announce(`First look: ${figures.finding[0] ?? ""}`);
    this.#figures = figures;
    if (this.#hasFrame) return;
    this.#hasFrame = true;
    requestAnimationFrame(() => {
      this.#hasFrame = false;
      this.#render();
    });
  }

  #render(): void {
    const [figures, view] = [this.#figures, this.#view];
    if (figures === undefined || view === undefined) return;
    const [headline = "", ...others] = figures.finding;
    byId("finding", HTMLElement).textContent = headline;
    byId("paragraphs", HTMLElement).replaceChildren(...others.map((text) => make("p", {}, text)));
    byId("tiles", HTMLElement).replaceChildren(...figureTiles(figures, view));
    byId("causes", HTMLElement).replaceChildren(causesTable(figures.document));
    byId("map-text", HTMLElement).textContent = mapText(figures);
    this.#showBasis();
    this.#drawFigures();
    this.#listNodePorts();
  }

  /** Fills the table of NodePorts, if anybody looks at it. */
  #listNodePorts(): void {
    if (this.#figures === undefined || !byId("map-list", HTMLDetailsElement).open) return;
    byId("map-table", HTMLElement).replaceChildren(nodePortTable(this.#figures.classes));
  }

  #showBasis(): void {
    const { document, basis } = this.#figures ?? {};
    const view = this.#view;
    if (document === undefined || basis === undefined || view === undefined) return;
    const { badge: name, text, isFinal } = basisText(basis, view);
    if (this.#isRefused) this.#badge("Older settings", `The last settings that were right: ${text}`, "stale");
    else this.#badge(name, text, isFinal ? "final" : undefined);
    const { probability, exact } = document.probes;
    const exactText = "probability" in exact ? formatProbability(exact.probability) : "none";
    byId("glance", HTMLElement).textContent = `p = ${formatProbability(probability)}, exact ${exactText} · ${name}`;
  }

  /** Says what the numbers are. */
  #badge(name: string, text: string, kind?: "final" | "stale"): void {
    const badge = byId("badge", HTMLElement);
    badge.textContent = name;
    badge.className = kind === undefined ? "badge" : `badge ${kind}`;
    byId("basis", HTMLElement).textContent = text;
  }

  #finish(result: PageResult): void {
    this.#result.show(result);
    this.#announce(`Final: ${this.#figures?.finding[0] ?? ""}`);
    byId("progress", HTMLProgressElement).value = 1;
    this.#end(undefined);
  }

  #end(broken: string | undefined): void {
    byId("results", HTMLElement).setAttribute("aria-busy", "false");
    byId("stop", HTMLButtonElement).textContent = "Run again";
    if (broken !== undefined)
      this.#warn([
        `The simulation broke off: ${broken}. This is a bug of portfall: please report it with the link to this page.`,
      ]);
  }

  #warn(warnings: readonly string[]): void {
    byId("warnings", HTMLElement).replaceChildren(
      ...warnings.map((text) => make("div", { class: "alert" }, make("pre", { class: "wrapped" }, text))),
    );
  }

  #announce(text: string): void {
    byId("announcement", HTMLElement).textContent = text;
  }

  #zoomTo(pressed: HTMLButtonElement): void {
    const zoom = pressed.dataset["zoom"];
    this.#zoom = zoom === "range" || zoom === "nodePorts" ? zoom : "all";
    for (const button of document.querySelectorAll("[data-zoom]")) {
      button.setAttribute("aria-pressed", String(button === pressed));
    }
    this.#drawFigures();
  }

  #redraw(): void {
    this.#drawFigures();
    this.#story.redraw();
  }

  #drawFigures(): void {
    const [figures, view] = [this.#figures, this.#view];
    if (figures === undefined || view === undefined) return;
    const map = byId("map", HTMLElement);
    const width = Math.max(240, map.clientWidth);
    map.replaceChildren(portMap({ figures, nodePortRange: view.nodePorts.range, zoom: this.#zoom, width }));
    const { probes } = figures.document;
    const plot =
      probes.total === 0
        ? []
        : [
            probabilityPlot(
              {
                probes,
                exact: probes.exact,
                before: changedFrom(view, probes.exact),
                isFinal: figures.basis.isStandingFinal,
              },
              width,
            ),
          ];
    byId("interval", HTMLElement).replaceChildren(...plot);
  }
}

/** Milliseconds between two settings that a moving slider sends. */
const SEND_GAP_MS = 120;
