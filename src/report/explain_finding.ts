import type { ConnectionStory } from "../study/explain_connection.ts";
import { BECAUSE } from "./finding.ts";
import type { ExplainDocument, ExplainedDecision } from "./explain_document.ts";
import { formatCount, formatSpan } from "./number_text.ts";

/**
 * What became of the connection, and why, in one sentence or two: computed from the story.
 *
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const source = { file, text: readFileSync(file, "utf8") };
 * const { document } = await explainScenario(source, ["duration=20s"], { number: 1 });
 * console.log(explainFinding(document).split(",")[0]); // Probe 1 of this boot
 * ```
 */
export function explainFinding(document: ExplainDocument): string {
  const { connection } = document;
  const subject = subjectOf(connection);
  if (connection.ok)
    return `${subject} succeeded in ${tookText(connection.tookSeconds)} from source port ${connection.localPort}.`;
  const failed = `${subject} failed ${afterText(connection.tookSeconds)}`;
  const hijack = hijackOf(document);
  if (hijack === undefined || connection.cause !== "nodeport-collision") {
    const lost = lostText(document);
    return `${failed}: ${causeText(document)}${lost === undefined ? "" : ` ${lost}`}`;
  }
  const owner = connection.nodePortOf === null ? "" : `, the NodePort of ${connection.nodePortOf}`;
  const who = connection.probe === null ? "client" : "kubelet";
  return (
    `${failed}: connect() gave it the source port ${connection.localPort}${owner}. IPVS took the pod's SYN-ACK for a new ` +
    `client of that service and sent it to ${serverOf(hijack)}; the ${who} waited in SYN-SENT until its timeout.`
  );
}

function subjectOf({ number, workload, client, destination, probe }: ExplainDocument["connection"]): string {
  if (probe !== null)
    return `Probe ${formatCount(number)} of this boot, the ${probe.probeType} probe of ${probe.pod} (${destination}),`;
  return `Connection ${formatCount(number)} of ${workload ?? ""} in this boot, from ${client} to ${destination},`;
}

/** `after 2 seconds`, or `at once`. */
export function afterText(seconds: number): string {
  return seconds === 0 ? "at once" : `after ${tookText(seconds)}`;
}

/** How long a connection took: microseconds below a millisecond, else as one says it aloud. */
export function tookText(seconds: number): string {
  return seconds < 0.001 ? `${Math.round(seconds * 1_000_000)} µs` : formatSpan(seconds);
}

/** Whether the client's patience ended it, and no error that connect() gave. */
export function hasTimedOut({ tookSeconds, timeoutSeconds }: ExplainDocument["connection"]): boolean {
  return tookSeconds >= timeoutSeconds;
}

/** The decision by which IPVS takes the answer away, if there is one. */
export function hijackOf({ events }: ExplainDocument): ExplainedDecision | undefined {
  return events.find((event): event is ExplainedDecision => event.kind === "decision" && event.isHijack === true);
}

/** The real server that IPVS chose: the new destination. */
function serverOf({ changes }: ExplainedDecision): string {
  return changes.find((change) => change.startsWith("destination "))?.split(" -> ")[1] ?? "a real server";
}

/** What is neither node nor pod: the real server to which IPVS sent the answer, if it did. */
export function elsewhereText({ nodes }: Pick<ConnectionStory, "nodes">, document: ExplainDocument): string {
  const hijack = hijackOf(document);
  if (hijack !== undefined) return `real server ${serverOf(hijack)}`;
  return nodes.length > 1 ? "between the nodes" : "other hosts";
}

function causeText({ connection }: ExplainDocument): string {
  const because = Object.entries(BECAUSE).find(([cause]) => cause === connection.cause)?.[1];
  return because === undefined || connection.cause === "other"
    ? "the story below shows where it stopped."
    : `${because}.`;
}

/** How far the first packet got that was lost: dropped, refused, or left to wait for a neighbour that does not answer. */
export interface LostPacket {
  readonly what: "SYN" | "SYN-ACK" | "packet";
  /** What ended its way. */
  readonly end: ExplainedDecision;
}

/** Which packet was lost and where, if a handshake failed for it. */
export function lostPacket({ events, connection }: ExplainDocument): LostPacket | undefined {
  const { cause } = connection;
  if (cause !== "connect-timeout" && cause !== "conntrack-full" && cause !== "host-unreachable") return undefined;
  const first = events.findIndex((event) => event.kind === "decision" && isLoss(event));
  const place = first < 0 ? events.findIndex((event) => event.kind === "decision" && isReset(event)) : first;
  const end = events[place];
  if (end?.kind !== "decision") return undefined;
  const seen = events.slice(0, place).findLast((event) => event.kind === "packet");
  const text = seen?.kind === "packet" ? seen.text : "Flags [S]";
  return { what: text.includes("Flags [S]") ? "SYN" : text.includes("Flags [S.]") ? "SYN-ACK" : "packet", end };
}

function lostText(document: ExplainDocument): string | undefined {
  const lost = lostPacket(document);
  if (lost === undefined) return undefined;
  const { netns, hook, function: name, why } = lost.end;
  if (isReset(lost.end)) return `The ${lost.what} was answered by a RST in ${netns}: ${why}.`;
  return `The ${lost.what} got as far as ${netns}${hook === undefined ? "" : ` on ${hook}`} (${name}): ${why}.`;
}

/** A packet does not get past this: it is dropped, or waits for a neighbour that does not answer. */
function isLoss({ verdict, function: name }: ExplainedDecision): boolean {
  return verdict === "DROP" || name === "neighbour";
}

function isReset({ place, changes }: ExplainedDecision): boolean {
  return place === "tcp" && changes.includes("RST sent");
}
