import { BECAUSE } from "./finding.ts";
import type { ExplainDocument, ExplainedDecision } from "./explain_document.ts";
import { formatCount, formatSpan } from "./number_text.ts";

/** What became of the probe, and why, in one sentence or two: computed from the story. */
export function explainFinding(document: ExplainDocument): string {
  const { probe } = document;
  const subject = `Probe ${formatCount(probe.number)} of this boot, the ${probe.probeType} probe of ${probe.pod} (${probe.destination}),`;
  if (probe.ok) return `${subject} succeeded in ${tookText(probe.tookSeconds)} from source port ${probe.localPort}.`;
  const failed = `${subject} failed ${afterText(probe.tookSeconds)}`;
  const hijack = hijackOf(document);
  if (hijack === undefined || probe.cause !== "nodeport-collision") return `${failed}: ${causeText(document)}`;
  const owner = probe.nodePortOf === null ? "" : `, the NodePort of ${probe.nodePortOf}`;
  return (
    `${failed}: connect() gave it the source port ${probe.localPort}${owner}. IPVS took the pod's SYN-ACK for a new ` +
    `client of that service and sent it to ${serverOf(hijack)}; the kubelet waited in SYN-SENT until its timeout.`
  );
}

/** `after 2 seconds`, or `at once`. */
export function afterText(seconds: number): string {
  return seconds === 0 ? "at once" : `after ${tookText(seconds)}`;
}

/** How long a probe took: microseconds below a millisecond, else as one says it aloud. */
export function tookText(seconds: number): string {
  return seconds < 0.001 ? `${Math.round(seconds * 1_000_000)} µs` : formatSpan(seconds);
}

/** The decision by which IPVS takes the answer away, if there is one. */
export function hijackOf({ events }: ExplainDocument): ExplainedDecision | undefined {
  return events.find((event): event is ExplainedDecision => event.kind === "decision" && event.isHijack === true);
}

/** The real server that IPVS chose: the new destination. */
export function serverOf({ changes }: ExplainedDecision): string {
  return changes.find((change) => change.startsWith("destination "))?.split(" -> ")[1] ?? "a real server";
}

function causeText({ probe }: ExplainDocument): string {
  const because = Object.entries(BECAUSE).find(([cause]) => cause === probe.cause)?.[1];
  return because === undefined || probe.cause === "other" ? "the story below shows where it stopped." : `${because}.`;
}
