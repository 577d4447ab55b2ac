import type { AuditDocument, AuditedVariant, RunDocument } from "../study/run_document.ts";
import { formatFigure, formatPercent, formatProbability } from "./number_text.ts";
import { item, printable, wrapText } from "./text_layout.ts";

/** The verdict on the claim, then what each variant did to the figure; nothing without an audit. */
export function auditLines(document: RunDocument, columns: number): string[] {
  const { audit } = document;
  if (audit === undefined) return [];
  return [
    ...verdictSentences(audit).flatMap((sentence) => wrapText(sentence, columns - 2).map((line) => `  ${line}`)),
    ...audit.variants.flatMap((variant) => item("-", auditedText(audit, variant), columns)),
  ];
}

/** The verdict in sentences: on the claim, and which settings explain the figure. All of it comes from the runs. */
export function verdictSentences(audit: AuditDocument): string[] {
  const claimed = audit.variants.find(({ isClaimed }) => isClaimed);
  const claim = `The claim: ${audit.claim.replace(/[.!?]+$/, "")}.`;
  if (audit.variants.every(({ standing }) => standing === 0)) {
    return [`${claim} Undecided: ${audit.figure} is 0 as it stands, and there is nothing to explain.`];
  }
  return [`${claim} ${onClaim(audit, claimed)}`, onOthers(audit)];
}

function onClaim({ isCause, figure }: AuditDocument, claimed: AuditedVariant | undefined): string {
  if (claimed === undefined) return `Not supported: taking the cause away changes nothing, so ${figure} stays.`;
  const without = `without it (${settingsText(claimed)}) ${figure} is ${ratioText(claimed)}`;
  if (isCause === "yes") return `Supported: ${without}.`;
  if (isCause === "no") {
    const more = claimed.change === "lower" ? ", so it explains the smaller part" : ", so it does not explain it";
    return `Not supported: ${without}${more}.`;
  }
  return `Undecided: ${without}. Simulate longer, or more replications.`;
}

function onOthers({ variants, explainedBy, figure }: AuditDocument): string {
  const explaining = variants.filter(({ variant }) => explainedBy.includes(variant));
  const open = variants.filter(({ explains }) => explains === "undecided");
  const tail = open.length === 0 ? "" : ` Undecided: ${open.map(({ variant }) => variant).join(", ")}.`;
  if (explaining.length === 0) return `No variant is shown to explain ${figure}.${tail}`;
  const single = explaining.filter(({ settings }) => Object.keys(settings).length === 1);
  const joint = explaining.filter(({ settings }) => Object.keys(settings).length > 1);
  const sentences = [
    ...(single.length === 0 ? [] : [`${SINGLE[single.length === 1 ? 0 : 1]} ${figure}: ${namesOf(single)}.`]),
    ...(joint.length === 0 ? [] : [`Several settings at once do so: ${namesOf(joint)}.`]),
  ];
  return `${sentences.join(" ")}${tail}`;
}

const SINGLE = ["One single setting explains", "Each of these single settings explains"] as const;

function namesOf(variants: readonly AuditedVariant[]): string {
  return variants.map((variant) => `${variant.variant} (${settingsText(variant)})`).join("; ");
}

/** What one variant did to the figure. */
export function auditedText({ figure }: AuditDocument, variant: AuditedVariant): string {
  const format = figure === "probes.probability" ? formatProbability : formatFigure;
  const values = `${format(variant.standing)} becomes ${format(variant.varied)}`;
  return `${variant.variant}: ${CHANGES[variant.change]}; ${values}, ${ratioText(variant)}`;
}

const CHANGES: Readonly<Record<AuditedVariant["change"], string>> = {
  lower: "lower",
  higher: "higher",
  "no-difference": "no difference at this precision",
  undecided: "undecided",
};

/** `0.98 times what it is (95 % interval 0.85 to 1.13)`. */
function ratioText({ ratio, interval }: AuditedVariant): string {
  const times = ratio === null ? "" : `${shortRatio(ratio)} times what it is `;
  const high = interval.high === null ? "without bound" : shortRatio(interval.high);
  return `${times}(${formatPercent(interval.level)} interval ${shortRatio(interval.low)} to ${high})`;
}

function shortRatio(ratio: number): string {
  return formatFigure(Number(ratio.toPrecision(2)));
}

function settingsText({ settings }: AuditedVariant): string {
  return Object.entries(settings)
    .map(([path, value]) => `${path}=${printable(value)}`)
    .join(", ");
}
