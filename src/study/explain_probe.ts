import { FlowRecorder, type FlowEvent, interfaceName } from "../cluster/flow_recorder.ts";
import { Node } from "../cluster/node.ts";
import type { Netns } from "../kernel/netns.ts";
import type { TraceSink } from "../kernel/trace.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { assert } from "../sim/assert.ts";
import { EventLoop } from "../sim/event_loop.ts";
import { RandomStreams } from "../sim/random.ts";
import { type Micros, type Port, SECOND } from "../units.ts";
import { type FoundProbe, ProbeFinder, type WantedProbe } from "./find_probe.ts";

/** Which probe is to be explained, and who is asked or told on the way. */
export interface ExplainRequest {
  readonly scenario: Scenario;
  readonly wanted: WantedProbe;
  /** The replications to look in, in this order. */
  readonly replications: readonly number[];
  /** A moment, counted from the probe's first SYN, at which `takeStates` gets the namespaces concerned. */
  readonly at?: Micros;
  readonly takeStates?: (namespaces: readonly Netns[]) => void;
  /** Called between slices, so that the program stays interruptible; it rejects to stop. */
  readonly pause: (progress: ExplainProgress) => Promise<void>;
}

/** How far the search or the replay has come. */
export interface ExplainProgress {
  readonly doing: "looking" | "replaying";
  readonly replication: number;
  readonly simulated: Micros;
  readonly total: Micros;
}

/** A service whose NodePort the probe was given as its source port. */
export interface HitService {
  readonly name: string;
  readonly nodePort: Port;
}

/** A probe and all that happened to its connection. */
export interface ProbeStory {
  readonly probe: FoundProbe;
  readonly events: readonly FlowEvent[];
  /** Whether more events happened than are kept. */
  readonly isTruncated: boolean;
  /** Every interface of the simulated network, `namespace/device`, in the order in which they were made. */
  readonly interfaces: readonly string[];
  readonly hit: HitService | undefined;
}

/** The story, or why there is none. */
export type Explanation =
  | { readonly kind: "story"; readonly story: ProbeStory }
  | { readonly kind: "no-failure"; readonly probes: number }
  | { readonly kind: "no-such-probe"; readonly probes: number; readonly replication: number }
  | { readonly kind: "past-the-end"; readonly left: Micros };

/** How much of virtual time passes between two calls of `pause`. */
const SLICE: Micros = 10 * SECOND;

/** How long the connection is watched after the probe's end: its close, and what others still send. */
const EPILOGUE: Micros = SECOND;

/**
 * Looks for a probe without a trace, then runs the same boot again with a trace around it: same seed, same packets.
 *
 * @returns the story, or why there is none.
 * @throws what `pause` rejects with; a broken invariant.
 */
export async function explainProbe(request: ExplainRequest): Promise<Explanation> {
  const { scenario, at } = request;
  const search = await find(request);
  if (search.found === undefined) {
    const { probes } = search;
    if (request.wanted === "first-failure") return { kind: "no-failure", probes };
    return { kind: "no-such-probe", probes, replication: request.replications[0] ?? 0 };
  }
  const left = scenario.duration - search.found.startedAt;
  if (at !== undefined && at > left) return { kind: "past-the-end", left };
  return { kind: "story", story: await replay(request, search.found) };
}

/** The probe, or how many probes there were in all. */
async function find(
  request: ExplainRequest,
): Promise<{ readonly found: FoundProbe | undefined; readonly probes: number }> {
  const { scenario, wanted, pause } = request;
  let probes = 0;
  for (const replication of request.replications) {
    const { loop, node } = boot(scenario, replication);
    const finder = new ProbeFinder(loop, replication, wanted, scenario.kubelet.version);
    node.kubelet.observer = finder;
    node.start();
    while (loop.now < scenario.duration && !finder.isDone) {
      loop.runUntil(Math.min(loop.now + SLICE, scenario.duration));
      // oxlint-disable-next-line no-await-in-loop -- slices of one run come one after another.
      await pause({ doing: "looking", replication, simulated: loop.now, total: scenario.duration });
    }
    if (finder.found !== undefined) return { found: finder.found, probes };
    probes += finder.count;
  }
  return { found: undefined, probes };
}

/** The same boot again, with a recorder that listens from the probe's start on. */
async function replay(request: ExplainRequest, probe: FoundProbe): Promise<ProbeStory> {
  const { scenario, at, pause, takeStates } = request;
  const { replication, startedAt, endedAt, subject, localPort } = probe;
  const { handler } = probe.probe;
  const port = handler.kind === "exec" ? 0 : handler.port;
  const recorder = new FlowRecorder({ address: subject.address, port, localPort });
  const { loop, node } = boot(scenario, replication, recorder);
  const finder = new ProbeFinder(loop, replication, probe.number, scenario.kubelet.version);
  node.kubelet.observer = finder;
  node.start();
  while (loop.now < startedAt - 1) {
    loop.runUntil(Math.min(loop.now + SLICE, startedAt - 1));
    // oxlint-disable-next-line no-await-in-loop -- slices of one run come one after another.
    await pause({ doing: "replaying", replication, simulated: loop.now, total: endedAt });
  }
  // A connection that got no port has no epilogue, and nothing that tells it from the next one.
  const end = Math.min(localPort === 0 ? endedAt : endedAt + EPILOGUE, scenario.duration);
  recorder.isListening = true;
  if (at !== undefined && startedAt + at <= end) {
    loop.runUntil(startedAt + at);
    takeStates?.(namespacesOf(node, recorder.events));
  }
  loop.runUntil(end);
  recorder.isListening = false;
  if (at !== undefined && startedAt + at > end) {
    loop.runUntil(startedAt + at);
    takeStates?.(namespacesOf(node, recorder.events));
  }
  const again = finder.found;
  assert(again?.endedAt === endedAt && again.localPort === localPort, "the replay meets the same probe");
  const service = node.services.find(({ ports }) => ports.some(({ nodePort }) => nodePort === localPort));
  return {
    probe,
    events: recorder.events,
    isTruncated: recorder.isTruncated,
    interfaces: [...node.machine.namespaces()].flatMap((netns) => [...netns.devices()].map(interfaceName)),
    hit: service === undefined ? undefined : { name: service.name, nodePort: localPort },
  };
}

/** The node's namespace and those that the connection has been in, in the order in which they were made. */
function namespacesOf({ machine, netns }: Node, events: readonly FlowEvent[]): readonly Netns[] {
  const names = new Set(events.map((event) => (event.kind === "packet" ? event.netns : event.decision.netns)));
  return [...machine.namespaces()].filter((one) => one === netns || names.has(one.name));
}

function boot(scenario: Scenario, replication: number, trace?: TraceSink): { loop: EventLoop; node: Node } {
  const loop = new EventLoop();
  return { loop, node: new Node(scenario, loop, new RandomStreams(scenario.seed, replication), trace) };
}
