import { eventText } from "../cluster/kubelet/kubelet_events.ts";
import type { PortChoice } from "../kernel/decisions/decision.ts";
import type { ConnectionStory, StoryEvent } from "../study/explain_connection.ts";
import type { FoundConnection, ProbeTexts } from "../study/find_connection.ts";
import type { LogLine } from "../study/story_log.ts";
import { formatEndpoint, formatIpv4, SECOND } from "../units.ts";
import type { StateText } from "./state_dump.ts";
import { TcpdumpText } from "./tcpdump_text.ts";

/** A packet of the story: where and when it was seen, and as `tcpdump` prints it. */
export interface ExplainedPacket {
  readonly kind: "packet";
  /** Since the connection's first SYN. */
  readonly atSeconds: number;
  readonly interface: string;
  readonly direction: "in" | "out";
  readonly text: string;
}

/** A decision of the story. */
export interface ExplainedDecision {
  readonly kind: "decision";
  readonly atSeconds: number;
  readonly netns: string;
  readonly place: string;
  readonly hook?: string;
  readonly priority?: number;
  readonly function: string;
  /** `address:port > address:port` when the decision began. */
  readonly flow: string;
  readonly verdict: string;
  readonly changes: readonly string[];
  readonly rules: readonly string[];
  readonly why: string;
  readonly source: string;
  readonly port?: PortChoice;
  /** Whether IPVS takes an answer to this connection for a client's packet here. */
  readonly isHijack?: true;
}

/** A line of a log in the story. */
export interface ExplainedLine {
  readonly kind: "log";
  readonly atSeconds: number;
  readonly log: LogLine["log"];
  /** The node, or the pod. */
  readonly of: string;
  readonly text: string;
}

/** What a probe asks, and what its kubelet says of it. */
export interface ExplainedProbe {
  readonly pod: string;
  readonly container: string;
  readonly probeType: string;
  readonly handler: string;
  readonly event: string | null;
  readonly logLine: string | null;
}

/** The document of `sim explain --format json`. */
export interface ExplainDocument {
  readonly format: "explain/1";
  readonly scenario: { readonly file: string; readonly digest: string; readonly about: string };
  readonly settings: {
    readonly seed: string;
    readonly kernel: string;
    readonly portWalk: string;
    readonly replication: number;
    readonly durationSeconds: number;
    readonly overrides: Readonly<Record<string, string>>;
  };
  readonly connection: {
    /** Its place among the probes, or the connections of the workload, in the order in which they began, from 1. */
    readonly number: number;
    /** `null` for a probe. */
    readonly workload: string | null;
    readonly node: string;
    /** The namespace that connects. */
    readonly client: string;
    /** The namespace that answered or was meant; `null` where a service's real server is not known. */
    readonly server: string | null;
    readonly destination: string;
    /** The last one, of a client that dialled again. */
    readonly localPort: number;
    readonly timeoutSeconds: number;
    readonly startedAtSeconds: number;
    readonly tookSeconds: number;
    readonly ok: boolean;
    /** `null` for a success. */
    readonly cause: string | null;
    readonly nodePortOf: string | null;
    /** `null` for a connection of a workload. */
    readonly probe: ExplainedProbe | null;
  };
  readonly events: readonly (ExplainedPacket | ExplainedDecision | ExplainedLine)[];
  readonly isTruncated: boolean;
  /** What the tools print at the moment asked for with `--at`. */
  readonly states?: { readonly atSeconds: number; readonly texts: readonly StateText[] };
}

/** What stands around a story. */
export interface ExplainContext {
  readonly scenario: ExplainDocument["scenario"];
  readonly settings: Omit<ExplainDocument["settings"], "replication">;
  readonly states?: ExplainDocument["states"] | undefined;
}

/**
 * The document of a story.
 *
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const { story } = await explainScenario({ file, text: readFileSync(file, "utf8") }, ["duration=20s"], { number: 1 });
 * const settings = { seed: "", kernel: "5.4.188", portWalk: "4.6-5.11", durationSeconds: 20, overrides: {} } as const;
 * console.log(explainDocument(story, { scenario: { file, digest: "", about: "" }, settings }).format); // explain/1
 * ```
 */
export function explainDocument(
  story: ConnectionStory,
  { scenario, settings, states }: ExplainContext,
): ExplainDocument {
  const { connection, events } = story;
  const printer = new TcpdumpText();
  return {
    format: "explain/1",
    scenario,
    settings: { ...settings, replication: connection.replication },
    connection: connectionOf(story),
    events: events.map((event) => explained(event, connection, printer)),
    isTruncated: story.isTruncated,
    ...(states === undefined ? {} : { states }),
  };
}

function connectionOf({ connection, server, hit }: ConnectionStory): ExplainDocument["connection"] {
  const { number, workload, node, client, address, port, timeout, startedAt, endedAt, outcome, probe } = connection;
  return {
    number,
    workload: workload ?? null,
    node,
    client,
    server: server ?? null,
    destination: formatEndpoint(address, port),
    localPort: outcome.localPort,
    timeoutSeconds: timeout / SECOND,
    startedAtSeconds: startedAt / SECOND,
    tookSeconds: (endedAt - startedAt) / SECOND,
    ok: outcome.isSuccess,
    cause: outcome.isSuccess ? null : outcome.cause,
    nodePortOf: hit?.name ?? null,
    probe: probe === undefined ? null : probeOf(probe, formatEndpoint(address, port)),
  };
}

function probeOf({ subject, options, logLine, event }: ProbeTexts, endpoint: string): ExplainedProbe {
  const { pod, container, probeType } = subject;
  const { handler } = options;
  return {
    pod,
    container,
    probeType: probeType.toLowerCase(),
    handler: handler.kind === "httpGet" ? `GET http://${endpoint}${handler.path}` : handler.kind,
    event: event === undefined ? null : eventText(event),
    logLine: logLine ?? null,
  };
}

function explained(
  event: StoryEvent,
  connection: FoundConnection,
  printer: TcpdumpText,
): ExplainDocument["events"][number] {
  const start = connection.startedAt;
  if (event.kind === "log") {
    const { kind, time, log, of, text } = event;
    return { kind, atSeconds: (time - start) / SECOND, log, of, text };
  }
  if (event.kind === "packet") {
    return {
      kind: "packet",
      atSeconds: (event.time - start) / SECOND,
      interface: event.interface,
      direction: event.direction,
      text: printer.line(event),
    };
  }
  const { time, netns, place, hook, priority, name, flow, verdict, changes, rules, why, source, port } = event.decision;
  return {
    kind: "decision",
    atSeconds: (time - start) / SECOND,
    netns,
    place,
    ...(hook === undefined ? {} : { hook }),
    ...(priority === undefined ? {} : { priority }),
    function: name,
    flow:
      flow.protocol === 1
        ? `${formatIpv4(flow.src)} > ${formatIpv4(flow.dst)}`
        : `${formatEndpoint(flow.src, flow.sport)} > ${formatEndpoint(flow.dst, flow.dport)}`,
    verdict,
    changes,
    rules,
    why,
    source,
    ...(port === undefined ? {} : { port }),
    ...(isHijack(event, connection) ? { isHijack: true } : {}),
  };
}

/** Whether IPVS takes a packet here that answers the connection: it comes from where the client has connected to. */
export function isHijack(event: StoryEvent, { address, port }: FoundConnection): boolean {
  if (event.kind !== "decision") return false;
  const { name, changes, flow } = event.decision;
  return name === "ip_vs_in" && changes.length > 0 && flow.src === address && flow.sport === port;
}
