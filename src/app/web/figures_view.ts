import { causesByCount } from "../../report/finding.ts";
import {
  formatCount,
  formatFigure,
  formatProbability,
  formatRate,
  formatSpan,
  plural,
} from "../../report/number_text.ts";
import type { NodePortClasses } from "../../report/exposure_text.ts";
import type { ExactDocument, RunDocument } from "../../study/run_document.ts";
import { make } from "./element.ts";
import type { FiguresBasis, PageFigures, SettingsView } from "./messages.ts";

/** The figures as tiles: what is asked for first, each with what it rests on. */
export function figureTiles({ document }: PageFigures, view: SettingsView): readonly HTMLElement[] {
  const { probes, restarts, readiness } = document;
  const { interval, exact } = probes;
  const gap = "probability" in exact ? exact.gapStandardErrors : undefined;
  const exactNote =
    "declined" in exact
      ? exact.declined
      : gap === undefined || gap === null
        ? "by enumeration, without chance"
        : gapText(gap);
  const before = changedFrom(view, exact);
  const beforeText = before === undefined ? "" : ` As the scenario is: ${formatProbability(before)}.`;
  const every = probes.meanSecondsBetweenFailures;
  return [
    tile(
      "A probe fails with probability",
      probes.total === 0 ? "–" : formatProbability(probes.probability),
      `${percentOf(interval.level)} interval ${formatProbability(interval.low)} to ${formatProbability(interval.high)}`,
    ),
    tile(
      "Exact value",
      "declined" in exact ? "none" : formatProbability(exact.probability),
      `${exactNote.replace(/\.$/, "")}.${beforeText}`,
    ),
    tile(
      "Failed probes",
      formatCount(probes.failed),
      `of ${formatCount(probes.total)}${every === null ? "" : `; one every ${formatSpan(every)}`}`,
    ),
    tile(
      "Restarts of containers",
      `${formatRate(restarts.perNodeWeek)} a week`,
      `of one node; ${formatCount(restarts.count)} counted; interval ${formatRate(restarts.interval.low)} to ${formatRate(restarts.interval.high)}`,
    ),
    tile(
      "Longest run of failures",
      formatCount(probes.longestRunOfFailures),
      `of one probe in a row; readiness changed ${plural(formatCount(readiness.flips), "time")}`,
    ),
  ];
}

/** The exact value of the scenario without the settings, where they change it. */
export function changedFrom({ unchanged }: SettingsView, exact: ExactDocument): number | undefined {
  if (unchanged === undefined || !("probability" in unchanged)) return undefined;
  const isSame = "probability" in exact && exact.probability === unchanged.probability;
  return isSame ? undefined : unchanged.probability;
}

function gapText(gap: number): string {
  const size = Math.abs(gap).toFixed(1);
  if (size === "0.0") return "by enumeration; the estimate agrees";
  return `by enumeration; the estimate is ${size} standard errors ${gap < 0 ? "below" : "above"}`;
}

function tile(name: string, value: string, more: string): HTMLElement {
  return make(
    "dl",
    { class: "tile" },
    make("dt", {}, name),
    make("dd", { class: "value" }, value),
    make("dd", { class: "more hint" }, more),
  );
}

function percentOf(level: number): string {
  return `${formatFigure(100 * level)} %`;
}

/** What the figures rest on, and whether they are final, in plain words. */
export function basisText(
  basis: FiguresBasis,
  view: SettingsView,
): { readonly badge: string; readonly text: string; readonly isFinal: boolean } {
  const boots = plural(formatCount(basis.replications), "boot");
  const all = basis.replications === 1 ? "the one boot" : `all ${boots}`;
  const each = formatSpan(view.durationSeconds);
  if (basis.isFinal)
    return {
      badge: "Final",
      text: `${all} of ${each}: these are the numbers of the command below`,
      isFinal: true,
    };
  if (basis.isStandingFinal) {
    return {
      badge: "Final",
      text: `${all} of ${each}; only the scenario's variants (${view.variants.join(", ")}) still run`,
      isFinal: true,
    };
  }
  if (basis.simulatedSeconds !== undefined) {
    return {
      badge: "First look",
      text: `${formatSpan(basis.simulatedSeconds)} of ${basis.replications === 1 ? "the one boot" : `the first of ${boots}`}: not final`,
      isFinal: false,
    };
  }
  return { badge: "Not final", text: `${formatCount(basis.finished)} of ${boots} done`, isFinal: false };
}

/** Causes of failed probes, and the other workloads with theirs. */
export function causesTable({ probes, workloads }: RunDocument): HTMLElement {
  const rows = [
    { name: "probes", connects: probes.total, failed: probes.failed, byCause: probes.byCause },
    ...workloads,
  ].map(({ name, connects, failed, byCause }) => {
    const causes = causesByCount(byCause).map(({ cause, count }) => `${cause} ${formatCount(count)}`);
    return make(
      "tr",
      {},
      make("th", { scope: "row" }, name),
      make("td", { class: "number" }, formatCount(connects)),
      make("td", { class: "number" }, formatCount(failed)),
      make("td", { class: "number" }, connects === 0 ? "–" : formatProbability(failed / connects)),
      make("td", {}, causes.length === 0 ? "none" : causes.join(", ")),
    );
  });
  const heads = [
    ["Who connects", ""],
    ["Connects", "number"],
    ["Failed", "number"],
    ["Share", "number"],
    ["By cause", ""],
  ];
  const head = heads.map(([name = "", kind = ""]) => make("th", { scope: "col", class: kind }, name));
  return make(
    "div",
    { class: "scrolled", tabindex: "0", role: "region", "aria-label": "Failures by cause" },
    make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows)),
  );
}

/** What becomes of each class of NodePorts. */
const CLASS_TEXTS: Readonly<Record<keyof NodePortClasses, string>> = {
  reachable: "connect() can be given it",
  outOfRange: "outside the port range",
  heldByKubeProxy: "kube-proxy listens on it, so connect() skips it",
  otherParity: "of the parity that comes second",
  reserved: "reserved",
  elsewhere: "held by another process, or not served on the node's own address",
};

/** The NodePorts, each with its class; the first thousand. */
export function nodePortTable(classes: NodePortClasses): HTMLElement {
  const keys: readonly (keyof NodePortClasses)[] = [
    "reachable",
    "reserved",
    "otherParity",
    "heldByKubeProxy",
    "outOfRange",
    "elsewhere",
  ];
  const ports = keys.flatMap((key) =>
    classes[key].map((port) => ({ port, text: CLASS_TEXTS[key], isHit: key === "reachable" })),
  );
  const rows = ports
    .toSorted((a, b) => a.port - b.port)
    .slice(0, 1000)
    .map(({ port, text, isHit }) =>
      make(
        "tr",
        {},
        make("th", { scope: "row" }, String(port)),
        make("td", {}, isHit ? make("strong", {}, text) : text),
      ),
    );
  const head = make(
    "tr",
    {},
    make("th", { scope: "col" }, "NodePort"),
    make("th", { scope: "col" }, "What connect() does with it"),
  );
  return make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows));
}
