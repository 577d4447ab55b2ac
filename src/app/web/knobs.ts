import { kernelBuilds } from "../../kernel/eras.ts";
import { blockText, portBlocks } from "../../study/port_blocks.ts";
import { plural } from "../../report/number_text.ts";
import { ChurnKnobs } from "./churn_knobs.ts";
import { byId, make } from "./element.ts";
import type { SettingsView } from "./messages.ts";
import type { NodePortWish, PageSettings } from "./page_settings.ts";

const RANGE = "sysctls.net.ipv4.ip_local_port_range";
const RESERVED = "sysctls.net.ipv4.ip_local_reserved_ports";

/** Releases of kube-proxy at which its behaviour changes, for the list of proposals. */
const PROXY_VERSIONS = [
  "1.10.0",
  "1.11.5",
  "1.12.2",
  "1.13.1",
  "1.15.0",
  "1.18.20",
  "1.21.0",
  "1.22.0",
  "1.23.10",
  "1.24.0",
  "1.30.0",
];

/** Text fields that stand for one path each. */
const TEXT_KNOBS: Readonly<Record<string, string>> = {
  reserved: RESERVED,
  "node-port-range": "kubeProxy.nodePortRange",
  kernel: "kernel",
  "proxy-version": "kubeProxy.version",
  seed: "seed",
  duration: "duration",
  replications: "replications",
};

/** Milliseconds without a key before a text is taken. */
const TYPING_MS = 350;

/** What a control changes: values by path, `undefined` to take one away; NodePorts, `undefined` for the scenario's own. */
export interface SettingsChange {
  readonly values?: Readonly<Record<string, string | undefined>>;
  readonly nodePorts?: { readonly wish: NodePortWish | undefined };
}

/** The controls of the page beside the scenario's text. */
export class Knobs {
  readonly #change: (change: SettingsChange) => void;
  readonly #churn: ChurnKnobs;
  #view: SettingsView | undefined;

  /** @param change hears of each change that the user makes. */
  constructor(change: (change: SettingsChange) => void) {
    this.#change = change;
    this.#churn = new ChurnKnobs((path, value) => change({ values: { [path]: value } }));
    byId("kernels", HTMLDataListElement).append(...kernelBuilds().map((value) => make("option", { value })));
    byId("proxies", HTMLDataListElement).append(...PROXY_VERSIONS.map((value) => make("option", { value })));
    for (const [id, path] of Object.entries(TEXT_KNOBS)) {
      onTyped(input(id), (text) => change({ values: { [path]: text === "" && path !== RESERVED ? undefined : text } }));
    }
    for (const id of ["low", "high"]) {
      input(id).addEventListener("input", () => this.#moveRange(id, input(id).valueAsNumber));
      onTyped(input(`${id}-number`), (text) => this.#moveRange(id, Number(text)));
    }
    const mode = byId("proxy-mode", HTMLSelectElement);
    mode.addEventListener("change", () => change({ values: { "kubeProxy.mode": mode.value } }));
    byId("reserve-all", HTMLButtonElement).addEventListener("click", () => {
      const range = this.#view?.nodePorts.range.join("-");
      if (range !== undefined) change({ values: { [RESERVED]: range } });
    });
    this.#listenToNodePorts();
  }

  /** Shows what settings come to; what the user is typing in stays as it is. */
  show(view: SettingsView, settings: PageSettings): void {
    this.#view = view;
    const [low, high] = view.portRange;
    for (const [id, port] of [
      ["low", low],
      ["high", high],
    ] as const) {
      put(id, String(port));
      put(`${id}-number`, String(port));
      mark(id, RANGE in settings.values);
    }
    const texts: Readonly<Record<string, string>> = {
      reserved: view.reservedPorts,
      "node-port-range": view.nodePorts.range.join("-"),
      kernel: view.kernel,
      "proxy-version": view.kubeProxy.version,
      seed: view.seed,
      duration: settings.values["duration"] ?? durationText(view.durationSeconds),
      replications: String(view.replications),
    };
    for (const [id, text] of Object.entries(texts)) {
      put(id, text);
      mark(id, Object.hasOwn(settings.values, TEXT_KNOBS[id] ?? ""));
    }
    byId("walk", HTMLElement).textContent = `port walk ${view.portWalk}`;
    byId("proxy-mode", HTMLSelectElement).value = view.kubeProxy.mode;
    mark("proxy-mode", "kubeProxy.mode" in settings.values);
    this.#churn.show(view.churn, settings.values);
    this.#showNodePorts(view, settings.nodePorts);
  }

  #moveRange(id: string, port: number): void {
    if (this.#view === undefined || !Number.isInteger(port)) return;
    const [low, high] = [input("low").valueAsNumber, input("high").valueAsNumber];
    // The other end gives way.
    const range = id === "low" ? [port, Math.max(port, high)] : [Math.min(low, port), port];
    this.#change({ values: { [RANGE]: range.join(" ") } });
    for (const [place, name] of ["low", "high"].entries()) {
      put(name, String(range[place]));
      put(`${name}-number`, String(range[place]));
    }
  }

  #listenToNodePorts(): void {
    const placement = byId("placement", HTMLSelectElement);
    placement.addEventListener("change", () => this.#change({ nodePorts: { wish: this.#wish() } }));
    const count = input("count");
    count.addEventListener("input", () => {
      put("count-number", count.value);
      this.#change({ nodePorts: { wish: this.#wish() } });
    });
    onTyped(input("count-number"), (text) => {
      count.value = text;
      this.#change({ nodePorts: { wish: this.#wish() } });
    });
    onTyped(input("list"), () => this.#change({ nodePorts: { wish: this.#wish() } }));
  }

  /** The NodePorts that the controls ask for. */
  #wish(): NodePortWish | undefined {
    const { value } = byId("placement", HTMLSelectElement);
    const typed = Number(input("count-number").value);
    const count = Number.isInteger(typed) && typed >= 0 ? typed : 0;
    const list = input("list").value;
    if (value === "listed") return { placement: "listed", count: 0, list };
    return value === "random" || value === "contiguous" ? { placement: value, count, list: "" } : undefined;
  }

  #showNodePorts({ nodePorts }: SettingsView, wish: NodePortWish | undefined): void {
    byId("placement", HTMLSelectElement).value = wish?.placement ?? "file";
    byId("count-field", HTMLElement).hidden = wish === undefined || wish.placement === "listed";
    byId("list-field", HTMLElement).hidden = wish?.placement !== "listed";
    put("count", String(wish?.count ?? nodePorts.count));
    put("count-number", String(wish?.count ?? nodePorts.count));
    if (wish?.placement !== "listed") put("list", portBlocks(nodePorts.given).map(blockText).join(", "));
    else put("list", wish.list);
    const given = portBlocks(nodePorts.given).map(blockText);
    const named =
      given.length === 0
        ? nodePorts.placement
        : given.length > 24
          ? `${given.slice(0, 24).join(", ")} …`
          : given.join(", ");
    byId("node-ports-now", HTMLElement).textContent =
      `${plural(String(nodePorts.count), "NodePort")}${nodePorts.count === 0 ? "" : `: ${named}`}`;
    mark("placement", wish !== undefined);
  }
}

/** Hears a text field once the user stops typing, leaves it or presses Enter. */
export function onTyped(
  field: HTMLInputElement | HTMLTextAreaElement,
  take: (text: string) => void,
  wait = TYPING_MS,
): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let taken = field.value;
  const takeNow = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (field.value !== taken) take((taken = field.value));
  };
  field.addEventListener("focus", () => (taken = field.value));
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(takeNow, wait);
  });
  field.addEventListener("change", takeNow);
}

function input(id: string): HTMLInputElement {
  return byId(id, HTMLInputElement);
}

/** Puts a value into a field, unless the user is in it. */
function put(id: string, value: string): void {
  const field = input(id);
  const isTyped = document.activeElement === field && field.type !== "range";
  if (!isTyped && field.value !== value) field.value = value;
}

/** Marks a field whose value is not the scenario's. */
function mark(id: string, isChanged: boolean): void {
  byId(id, HTMLElement).closest(".field")?.classList.toggle("changed", isChanged);
}

/** Seconds as a scenario writes a time: `12h`, `90m`, `45s`. */
function durationText(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}
