import { FAILURE_CAUSES } from "../cluster/replication_result.ts";
import type { CauseCounts, FailureCause } from "../cluster/replication_result.ts";
import type {
  CursorScope,
  DiffDocument,
  DiffFigure,
  DiffSideDocument,
  MechanismFactors,
} from "../study/diff_document.ts";
import { BECAUSE } from "./finding.ts";
import { formatCount, formatFigure, formatProbability, formatRate } from "./number_text.ts";

/** The walk of a cursor, to stand behind "a" or "an". */
const WALKS: Readonly<Record<CursorScope, string>> = {
  machine: "a walk whose cursor the whole machine shares",
  destination: "a per-destination sequential walk",
  "destination-and-epoch": "a walk that begins anew for each destination every 10 s and then climbs",
};

/** Why a figure is higher on one side, to follow "because": read from what stood on the node and from the causes counted. */
export function reasonText(document: DiffDocument, figure: DiffFigure): string {
  const name = figure.b > figure.a ? "B" : "A";
  const [worse, other] = name === "B" ? [document.b, document.a] : [document.a, document.b];
  const cause = grownCause(figure.figure, worse, other);
  if (cause === undefined) return `${name} has more of them, which no cause of failures explains`;
  if (cause !== "nodeport-collision") return `under ${name} ${BECAUSE[cause]}`;
  if (isOfRows(figure)) return rowReason(name, worse, other);
  return shareReason(name, worse.mechanism, other.mechanism);
}

/** Whether a figure is about failures in a row. */
function isOfRows({ figure }: DiffFigure): boolean {
  return figure.startsWith("restarts.") || figure.startsWith("readiness.");
}

/** The cause whose share among the trials grew most. */
function grownCause(figure: string, worse: DiffSideDocument, other: DiffSideDocument): FailureCause | undefined {
  const ofSide = (side: DiffSideDocument): { readonly byCause: CauseCounts; readonly total: number } => {
    const workload = side.workloads.find(({ name }) => figure === `workloads.${name}.probability`);
    return workload === undefined ? side.probes : { byCause: workload.byCause, total: workload.connects };
  };
  const [high, low] = [ofSide(worse), ofSide(other)];
  const share = ({ byCause, total }: typeof high, cause: FailureCause): number =>
    total === 0 ? 0 : byCause[cause] / total;
  // Where rows grow and the mean does not, the cause of most failures is that of the rows.
  const growth = FAILURE_CAUSES.map((cause) => ({ cause, by: share(high, cause) - share(low, cause) }));
  const most = FAILURE_CAUSES.map((cause) => ({ cause, by: share(high, cause) }));
  const ranked = figure.startsWith("workloads.") || figure.startsWith("probes.") ? growth : most;
  const [first] = ranked.toSorted((x, y) => y.by - x.by);
  return first === undefined || first.by <= 0 ? undefined : first.cause;
}

function rowReason(name: string, worse: DiffSideDocument, other: DiffSideDocument): string {
  const { mechanism } = worse;
  const before = other.mechanism;
  if (mechanism.inARow >= 2) {
    const ports =
      mechanism.adjacent >= 2 ? `${mechanism.adjacent} adjacent NodePorts` : `${mechanism.inARow} NodePorts two apart`;
    const walk = WALKS[mechanism.cursor];
    const pace =
      mechanism.cursor === "destination-and-epoch"
        ? `, with ${formatFigure(mechanism.connectsPerEpoch)} connects to one destination in that time`
        : "";
    return `under ${name} there are ${ports} and ${walk}${pace}`;
  }
  if (mechanism.reachable > before.reachable) return shareReason(name, mechanism, before);
  return `under ${name} failures follow each other, up to ${worse.probes.longestRunOfFailures} in a row`;
}

/** Why connects end at a NodePort more often on the side with this name. */
function shareReason(name: string, worse: MechanismFactors, other: MechanismFactors): string {
  if (worse.startsOfOneNodePort > other.startsOfOneNodePort && worse.startsOfOneNodePort > 1) {
    return (
      `under ${name} the ports closed right before one NodePort hand it their share of the picks: ` +
      `${formatFigure(worse.startsOfOneNodePort)} starting places of the walk lead to it`
    );
  }
  if (worse.reachable > other.reachable) {
    const because = [
      other.reserved > worse.reserved ? "fewer are reserved" : "",
      other.held > worse.held ? "no socket of kube-proxy or another process holds them" : "",
      other.otherParity > worse.otherParity ? "fewer have the parity that comes second" : "",
      worse.nodePorts > other.nodePorts ? "more of them lie in the range" : "",
    ].filter((text) => text !== "");
    const why = because.length === 0 ? "" : `: under ${name} ${because.join(", and ")}`;
    const otherName = name === "A" ? "B" : "A";
    return `under ${name} ${portsOf(worse)} can be picked as a source port, and ${formatRate(other.reachable)} under ${otherName}${why}`;
  }
  const [low, high] = worse.portRange;
  const [otherLow, otherHigh] = other.portRange;
  if (high - low < otherHigh - otherLow) {
    return `under ${name} ${portsOf(worse)} can be picked among ${formatCount(high - low + 1)} ports, and not among ${formatCount(otherHigh - otherLow + 1)}`;
  }
  return `under ${name} connects meet the ${portsOf(worse)} that can be picked more often`;
}

function portsOf({ reachable, nodePorts }: MechanismFactors): string {
  return `${formatRate(reachable)} of ${formatRate(nodePorts)} NodePorts in the range`;
}

/** What differs of all that decides which port a connect is given, and what does not. */
export function mechanismSentences(document: DiffDocument): string[] {
  const { a, b } = document;
  const changes = relevantChanges(document);
  const sentences =
    changes.length === 0
      ? [
          `Nothing that decides which port a connect is given differs: ${portsOf(a.mechanism)} can be picked, by the walk ` +
            `${a.mechanism.portWalk} over ${a.mechanism.portRange.join("-")}, on either side.`,
        ]
      : [`What differs, A → B: ${changes.map((name) => factorText(name, a.mechanism, b.mechanism)).join("; ")}.`];
  const rows = rowsSentence(document);
  if (rows !== undefined) sentences.push(rows);
  sentences.push(...meanSentence(document), exactSentence(document));
  return sentences;
}

/** Factors that differ and matter: connects of an epoch do so on the walk that has epochs. */
function relevantChanges({ changed, a, b }: DiffDocument): readonly (keyof MechanismFactors)[] {
  const hasEpochs = [a, b].some(({ mechanism }) => mechanism.cursor === "destination-and-epoch");
  return changed.filter((name) => name !== "cursor" && (name !== "connectsPerEpoch" || hasEpochs));
}

const FACTOR_NAMES: Readonly<Record<keyof MechanismFactors, string>> = {
  portWalk: "the port walk",
  cursor: "who shares its cursor",
  portRange: "the port range",
  nodePorts: "NodePorts in the range",
  reachable: "NodePorts that can be picked",
  reserved: "reserved NodePorts",
  held: "NodePorts that a socket holds",
  otherParity: "NodePorts of the parity that comes second",
  adjacent: "NodePorts side by side",
  inARow: "NodePorts that a walk meets in a row",
  startsOfOneNodePort: "starting places that lead to one NodePort",
  connectsPerEpoch: "connects to the busiest destination in 10 s",
  livenessThreshold: "failures in a row that restart a container",
};

function factorText(name: keyof MechanismFactors, a: MechanismFactors, b: MechanismFactors): string {
  return `${FACTOR_NAMES[name]} ${factorValue(a[name])} → ${factorValue(b[name])}`;
}

function factorValue(value: MechanismFactors[keyof MechanismFactors]): string {
  if (value === null) return "none";
  if (typeof value === "number") return formatRate(value);
  return typeof value === "string" ? value : value.join("-");
}

function rowsSentence({ a, b }: DiffDocument): string | undefined {
  const [longA, longB] = [a.probes.longestRunOfFailures, b.probes.longestRunOfFailures];
  if (longA === longB && longA <= 1) return undefined;
  const least = b.mechanism.livenessThreshold ?? a.mechanism.livenessThreshold;
  const ends = least === null ? "" : `, and ${least} in a row of a liveness probe restart a container`;
  return `The longest run of failures of one probe is ${longA} → ${longB}${ends}.`;
}

/** Says so where the mean stays and what people notice does not. */
function meanSentence({ figures }: DiffDocument): string[] {
  const mean = figures.find(({ figure }) => figure === "probes.probability");
  const rows = figures.find((figure) => isOfRows(figure) && (figure.change === "higher" || figure.change === "lower"));
  if (mean === undefined || rows === undefined || mean.change === "higher" || mean.change === "lower") return [];
  return [
    `The mean does not show it: the failure probability is ${formatProbability(mean.a)} → ${formatProbability(mean.b)}. ` +
      "What changed is how failures follow each other.",
  ];
}

function exactSentence({ a, b }: DiffDocument): string {
  const [exactA, exactB] = [a.probes.exact, b.probes.exact];
  if ("probability" in exactA && "probability" in exactB) {
    const isAlone = [a, b].some(({ probes }) => probes.failed > probes.byCause["nodeport-collision"]);
    const what = isAlone ? "probability of a NodePort collision" : "failure probability";
    return `By enumeration of the walk, without a packet, the ${what} is ${formatProbability(exactA.probability)} → ${formatProbability(exactB.probability)}.`;
  }
  const declined = "declined" in exactA ? { side: "A", why: exactA.declined } : undefined;
  const why = declined ?? ("declined" in exactB ? { side: "B", why: exactB.declined } : undefined);
  return why === undefined
    ? ""
    : `There is no exact value to hold against this; of ${why.side}: ${why.why.replace(/\.$/, "")}.`;
}
