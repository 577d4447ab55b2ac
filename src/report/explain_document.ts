import type { FlowEvent } from "../cluster/flow_recorder.ts";
import { formatFlags } from "../kernel/packet.ts";
import type { PortChoice } from "../kernel/decisions/decision.ts";
import type { ProbeStory } from "../study/explain_probe.ts";
import type { FoundProbe } from "../study/find_probe.ts";
import { formatEndpoint, formatIpv4, SECOND } from "../units.ts";
import type { StateText } from "./state_dump.ts";
import { TcpdumpText } from "./tcpdump_text.ts";

/** A packet of the story: where and when it was seen, and as `tcpdump` prints it. */
export interface ExplainedPacket {
  readonly kind: "packet";
  /** Since the probe's first SYN. */
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
  /** Whether IPVS takes an answer to this probe for a client's packet here. */
  readonly isHijack?: true;
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
  readonly probe: {
    /** Its place among the probes of the replication in the order in which they began, from 1. */
    readonly number: number;
    readonly pod: string;
    readonly container: string;
    readonly probeType: string;
    readonly handler: string;
    readonly destination: string;
    readonly localPort: number;
    readonly timeoutSeconds: number;
    readonly startedAtSeconds: number;
    readonly tookSeconds: number;
    readonly ok: boolean;
    /** `null` for a success. */
    readonly cause: string | null;
    readonly nodePortOf: string | null;
    readonly event: string | null;
    readonly logLine: string | null;
  };
  readonly events: readonly (ExplainedPacket | ExplainedDecision)[];
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

/** The document of a story. */
export function explainDocument(story: ProbeStory, { scenario, settings, states }: ExplainContext): ExplainDocument {
  const { probe, events } = story;
  const printer = new TcpdumpText();
  return {
    format: "explain/1",
    scenario,
    settings: { ...settings, replication: probe.replication },
    probe: probeOf(story),
    events: events.map((event) => explained(event, probe, printer)),
    isTruncated: story.isTruncated,
    ...(states === undefined ? {} : { states }),
  };
}

function probeOf({ probe, hit }: ProbeStory): ExplainDocument["probe"] {
  const { handler, timeoutSeconds } = probe.probe;
  const { pod, container, probeType, address } = probe.subject;
  const port = handler.kind === "exec" ? 0 : handler.port;
  return {
    number: probe.number,
    pod,
    container,
    probeType: probeType.toLowerCase(),
    handler: handler.kind === "httpGet" ? `GET http://${formatEndpoint(address, port)}${handler.path}` : handler.kind,
    destination: formatEndpoint(address, port),
    localPort: probe.localPort,
    timeoutSeconds,
    startedAtSeconds: probe.startedAt / SECOND,
    tookSeconds: (probe.endedAt - probe.startedAt) / SECOND,
    ok: probe.isSuccess,
    cause: probe.isSuccess ? null : probe.cause,
    nodePortOf: hit?.name ?? null,
    event: probe.isSuccess ? null : eventText(probeType, probe.output),
    logLine: probe.logLine ?? null,
  };
}

/** The Event of a failed probe. Source: pkg/kubelet/prober/prober.go probe, v1.23. */
function eventText(probeType: string, output: string): string {
  return `Warning  Unhealthy  ${probeType} probe failed: ${output}`;
}

function explained(event: FlowEvent, probe: FoundProbe, printer: TcpdumpText): ExplainedPacket | ExplainedDecision {
  const start = probe.startedAt;
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
    ...(isHijack(event, probe) ? { isHijack: true } : {}),
  };
}

/** Whether IPVS takes a packet here that answers the probe: it comes from the probed port. */
export function isHijack(event: FlowEvent, { subject, probe }: FoundProbe): boolean {
  if (event.kind !== "decision" || probe.handler.kind === "exec") return false;
  const { name, changes, flow } = event.decision;
  return name === "ip_vs_in" && changes.length > 0 && flow.src === subject.address && flow.sport === probe.handler.port;
}

/** The flags of a packet event, for charts. */
export function flagsOf(event: FlowEvent & { readonly kind: "packet" }): string {
  return event.packet.protocol === 1 ? "ICMP" : formatFlags(event.packet.flags);
}
