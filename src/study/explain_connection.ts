import { placeOf } from "../cluster/replication.ts";
import { Cluster } from "../cluster/cluster.ts";
import { FlowRecorder, type FlowEvent, interfaceName } from "../cluster/flow_recorder.ts";
import type { Netns } from "../kernel/netns.ts";
import type { TraceSink } from "../kernel/trace.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { assert } from "../sim/assert.ts";
import { EventLoop } from "../sim/event_loop.ts";
import { RandomStreams } from "../sim/random.ts";
import { type Micros, type Port, SECOND } from "../units.ts";
import { findIn, type FoundConnection, type WantedConnection, workloadNames } from "./find_connection.ts";
import { type LogLine, StoryLogs } from "./story_log.ts";

/** Which connection is to be explained, and who is asked or told on the way. */
export interface ExplainRequest {
  readonly scenario: Scenario;
  readonly wanted: WantedConnection;
  /** The replications to look in, in this order. */
  readonly replications: readonly number[];
  /** A moment, counted from the connection's first SYN, at which `takeStates` gets the namespaces concerned. */
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

/** A service whose NodePort a client on the node was given as its source port. */
export interface HitService {
  readonly name: string;
  readonly nodePort: Port;
}

/** Something that happened to a connection, or that a log says about it. */
export type StoryEvent = FlowEvent | LogLine;

/** A connection and all that happened to it. */
export interface ConnectionStory {
  readonly connection: FoundConnection;
  /** In order of time. */
  readonly events: readonly StoryEvent[];
  /** Whether more events happened than are kept. */
  readonly isTruncated: boolean;
  /** Every interface of the simulated network, `namespace/device`, in the order in which they were made. */
  readonly interfaces: readonly string[];
  /** The namespaces of the nodes themselves. */
  readonly nodes: readonly string[];
  /** The namespace of the server: the one that answered, or else that of the pod that was meant. */
  readonly server: string | undefined;
  readonly hit: HitService | undefined;
}

/** The story, or why there is none. */
export type Explanation =
  | { readonly kind: "story"; readonly story: ConnectionStory }
  | { readonly kind: "no-failure"; readonly connections: number }
  | { readonly kind: "no-such-connection"; readonly connections: number; readonly replication: number }
  | { readonly kind: "no-such-workload"; readonly workloads: readonly string[] }
  | { readonly kind: "past-the-end"; readonly left: Micros };

/** How much of virtual time passes between two calls of `pause`. */
const SLICE: Micros = 10 * SECOND;

/** How long the connection is watched after its end: its close, and what others still send. */
const EPILOGUE: Micros = SECOND;

/**
 * Looks for a connection without a trace, then runs the same boot again with a trace around it: same seed, same packets.
 *
 * @returns the story, or why there is none.
 * @throws what `pause` rejects with; a broken invariant.
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const read = parseScenario(readFileSync(file, "utf8"), file, ["duration=20s"]);
 * if (!read.ok) throw new Error(file);
 * const wanted = { number: 1 };
 * const request = { scenario: read.scenario, wanted, replications: [0], pause: () => Promise.resolve() };
 * console.log((await explainConnection(request)).kind); // story
 * ```
 */
export async function explainConnection(request: ExplainRequest): Promise<Explanation> {
  const { scenario, at, wanted } = request;
  if (wanted.workload !== undefined) {
    const workloads = workloadNames(boot(scenario, 0).cluster);
    if (!workloads.includes(wanted.workload)) return { kind: "no-such-workload", workloads };
  }
  const { found, connections } = await find(request);
  if (found === undefined) {
    if (wanted.number === "first-failure") return { kind: "no-failure", connections };
    return { kind: "no-such-connection", connections, replication: request.replications[0] ?? 0 };
  }
  const left = scenario.duration - found.startedAt;
  if (at !== undefined && at > left) return { kind: "past-the-end", left };
  return { kind: "story", story: await replay(request, found) };
}

/** The connection, or how many there were in all. */
async function find(
  request: ExplainRequest,
): Promise<{ readonly found: FoundConnection | undefined; readonly connections: number }> {
  const { scenario, wanted, pause } = request;
  let connections = 0;
  for (const replication of request.replications) {
    const { loop, cluster } = boot(scenario, replication);
    const finder = findIn(cluster, wanted, { replication, version: scenario.kubelet.version });
    cluster.start();
    while (loop.now < scenario.duration && !finder.isDone) {
      runTo(Math.min(loop.now + SLICE, scenario.duration), loop, replication);
      // oxlint-disable-next-line no-await-in-loop -- slices of one run come one after another.
      await pause({ doing: "looking", replication, simulated: loop.now, total: scenario.duration });
    }
    if (finder.found !== undefined) return { found: finder.found, connections };
    connections += finder.count;
  }
  return { found: undefined, connections };
}

/** The same boot again, with a recorder that listens from the connection's start on. */
async function replay(request: ExplainRequest, connection: FoundConnection): Promise<ConnectionStory> {
  const { scenario, at, pause, takeStates, wanted } = request;
  const { replication, number, startedAt, endedAt, localPorts, address, port, source } = connection;
  const recorder = new FlowRecorder({ address, port, localPorts, ...(source === undefined ? {} : { source }) });
  const { loop, cluster } = boot(scenario, replication, recorder);
  const finder = findIn(cluster, { ...wanted, number }, { replication, version: scenario.kubelet.version });
  const logs = new StoryLogs(cluster);
  cluster.start();
  while (loop.now < startedAt - 1) {
    runTo(Math.min(loop.now + SLICE, startedAt - 1), loop, replication);
    // oxlint-disable-next-line no-await-in-loop -- slices of one run come one after another.
    await pause({ doing: "replaying", replication, simulated: loop.now, total: endedAt });
  }
  // A connection that got no port has no epilogue, and nothing that tells it from the next one.
  const end = Math.min(localPorts.includes(0) ? endedAt : endedAt + EPILOGUE, scenario.duration);
  recorder.isListening = true;
  if (at !== undefined && startedAt + at <= end) {
    runTo(startedAt + at, loop, replication);
    takeStates?.(namespacesOf(cluster, connection, recorder.events));
  }
  runTo(end, loop, replication);
  recorder.isListening = false;
  if (at !== undefined && startedAt + at > end) {
    runTo(startedAt + at, loop, replication);
    takeStates?.(namespacesOf(cluster, connection, recorder.events));
  }
  const again = finder.found;
  const isSame = again?.endedAt === endedAt && again.outcome.localPort === connection.outcome.localPort;
  assert(isSame, "the replay meets the same connection");
  return {
    connection,
    events: interleaved(recorder.events, logs.linesOf(connection, recorder.events, scenario.kubeProxy.version)),
    isTruncated: recorder.isTruncated,
    interfaces: namespaces(cluster).flatMap((netns) => [...netns.devices()].map(interfaceName)),
    nodes: cluster.nodes.map(({ node }) => node.netns.name),
    server: serverOf(cluster, connection, recorder.events),
    hit: hitOf(cluster, connection),
  };
}

function namespaces(cluster: Cluster): readonly Netns[] {
  return cluster.machines().flatMap((machine) => machine.namespaces);
}

/** The namespaces of the client, of its node and all that the connection has been in, in the order in which they were made. */
function namespacesOf(
  cluster: Cluster,
  { node, client }: FoundConnection,
  events: readonly FlowEvent[],
): readonly Netns[] {
  const names = new Set(events.map((event) => (event.kind === "packet" ? event.netns : event.decision.netns)));
  return namespaces(cluster).filter(({ name }) => name === node || name === client || names.has(name));
}

function serverOf(
  cluster: Cluster,
  { client, address }: FoundConnection,
  events: readonly FlowEvent[],
): string | undefined {
  const answer = events.find(
    (event) => event.kind === "decision" && event.decision.place === "tcp" && event.decision.netns !== client,
  );
  if (answer?.kind === "decision") return answer.decision.netns;
  // A service's address is on every node, and no server is there.
  const isService = cluster.nodes.some(({ node }) =>
    node.services.some(({ clusterIp, externalIps }) => clusterIp === address || externalIps.includes(address)),
  );
  return isService ? undefined : namespaces(cluster).find((netns) => netns.hasAddress(address))?.name;
}

function hitOf(cluster: Cluster, { client, outcome }: FoundConnection): HitService | undefined {
  const nodePort = outcome.localPort;
  const node = cluster.nodes.find(({ node: { netns } }) => netns.name === client)?.node;
  const service = node?.services.find(({ ports }) => ports.some((port) => port.nodePort === nodePort));
  return service === undefined ? undefined : { name: service.name, nodePort };
}

/** Both in order of time; what a log says comes behind what happened at that moment. */
function interleaved(events: readonly FlowEvent[], lines: readonly LogLine[]): readonly StoryEvent[] {
  const all: StoryEvent[] = [];
  let next = 0;
  for (const event of events) {
    for (; next < lines.length && lines[next]!.time < timeOf(event); next += 1) all.push(lines[next]!);
    all.push(event);
  }
  return [...all, ...lines.slice(next)];
}

/** When it happened. */
function timeOf(event: StoryEvent): Micros {
  return event.kind === "decision" ? event.decision.time : event.time;
}

function boot(scenario: Scenario, replication: number, trace?: TraceSink): { loop: EventLoop; cluster: Cluster } {
  const loop = new EventLoop();
  return { loop, cluster: new Cluster(scenario, loop, new RandomStreams(scenario.seed, replication), trace) };
}

/** Runs a loop; an error carries its place, as that of `runReplication` does. */
function runTo(end: Micros, loop: EventLoop, replication: number): void {
  try {
    loop.runUntil(end);
  } catch (error) {
    if (error instanceof Error) Object.assign(error, placeOf(loop, replication));
    throw error;
  }
}
