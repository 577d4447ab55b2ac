import type { KernelEra } from "../kernel/kernel_era.ts";
import { Machine } from "../kernel/machine.ts";
import type { Netns } from "../kernel/netns.ts";
import type { PortHash } from "../kernel/ports/port_allocator.ts";
import type { PortRange } from "../kernel/sysctl_port_range.ts";
import { assert } from "../sim/assert.ts";
import { EventLoop } from "../sim/event_loop.ts";
import { RandomStreams } from "../sim/random.ts";
import { formatIpv4, parseIpv4, type Ipv4, type Micros, type Port } from "../units.ts";
import { Alarms } from "./alarms.ts";
import { writeSysctls } from "./build_network.ts";
import { ClientSocket } from "./case_clients.ts";
import { CaseServer } from "./case_servers.ts";

/** What is connected to what, when and how. */
export interface PortExperimentOptions {
  readonly era: KernelEra;
  /** Decides the boot secret, the uptime, the cursor and the noise of the walk. */
  readonly seed: string;
  /** Sysctls of the client's namespace, each with a value that the kernel takes. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** Ports, 1 or more, on which the client's namespace listens. */
  readonly listen: readonly Port[];
  /** Calls of connect(), all destinations together. */
  readonly connects: number;
  /** Servers on different addresses, gone through cyclically; at most 1,000,000. */
  readonly destinations: number;
  /** From one call of connect() to the next; 0 for all at once. */
  readonly gap: Micros;
  /** What the client does with a connection once it is open; the server closes when the client has. */
  readonly close: "rst" | "fin" | "keep";
  /** The cursors of the walk at the start, 32 bits; drawn if absent. */
  readonly cursor?: number;
  /** The port hash of every destination; that of the boot secret if absent. */
  readonly hash?: PortHash;
  /** What the walk's calls of get_random_u32_below() return, in turn and again from the first; drawn if absent. */
  readonly noise?: readonly number[];
  /** IP_LOCAL_PORT_RANGE of each client socket, on a kernel that has it. */
  readonly socketRange?: PortRange;
}

/** What connect() picked. */
export interface PickedPort {
  /** When connect() was called. */
  readonly at: Micros;
  /** The number of the server, from 0. */
  readonly destination: number;
  /** A port, or the name of the error that connect() returned. */
  readonly outcome: Port | string;
  /** Candidates that the search examined, the taken one included. */
  readonly candidates: number;
  /** The 10-s epoch of the port hash, from 0 at the first connect; always 0 where the hash is never salted anew. */
  readonly epoch: number;
}

/** What an experiment showed. */
export interface PortExperiment {
  /** `ip_local_port_range` of the client's namespace, both ends included. */
  readonly range: PortRange;
  /** In the order of the calls. */
  readonly picked: readonly PickedPort[];
}

/** The server's port; every server has an address of its own. */
const SERVER_PORT: Port = 80;

const CLIENT = address("10.0.0.1");
const GATEWAY = address("10.0.0.2");

/** The first server's address; the others follow. */
const FIRST_SERVER = address("10.128.0.1");

/**
 * Connects from one namespace of a simulated machine to servers in another, and notes which source port each connect
 * gets: the kernel's own allocator with its bind buckets, its TIME_WAIT entries and its clock, not a copy of it.
 *
 * @example
 * ```ts
 * const kernel = resolveKernel({ build: "6.1" });
 * if (!kernel.ok) throw new Error(kernel.problem);
 * const { picked } = runPortExperiment({
 *   era: kernel.era,
 *   seed: "example",
 *   sysctls: { "net.ipv4.ip_local_port_range": "1024 65000" },
 *   listen: [],
 *   connects: 3,
 *   destinations: 1,
 *   gap: 250 * MILLISECOND,
 *   close: "fin",
 * });
 * console.log(picked.map(({ outcome }) => outcome)); // [ 21918, 21932, 21936 ]
 * ```
 */
export function runPortExperiment(options: PortExperimentOptions): PortExperiment {
  const { era, seed, connects, gap } = options;
  const loop = new EventLoop();
  const machine = new Machine({ loop, era, random: new RandomStreams(seed, 0) });
  const client = buildClient(machine, options);
  const { ports } = machine.tcp;
  if (options.cursor !== undefined) ports.walk.setCursors(options.cursor);
  ports.givenHash = options.hash;
  if (options.noise !== undefined) ports.noise.giveDraws(options.noise);
  const alarms = new Alarms(loop);
  const firstEpoch = ports.epoch;
  const picked: PickedPort[] = [];
  const connectNext = (): void => {
    const destination = picked.length % options.destinations;
    const outcome = connectOnce({ machine, alarms, client, destination, options });
    const candidates = ports.lastSearch.examined;
    picked.push({ at: loop.now, destination, outcome, candidates, epoch: ports.epoch - firstEpoch });
    if (picked.length < connects) alarms.after(gap, connectNext);
  };
  if (connects > 0) alarms.at(0, connectNext);
  loop.runUntil(Math.max(0, connects - 1) * gap);
  assert(picked.length === connects, "every connect of the experiment was called");
  return { range: client.sysctls.localPortRange, picked };
}

/** The client's namespace with its sysctls and listeners, a veth away from that of the servers. */
function buildClient(machine: Machine, { sysctls, listen, destinations }: PortExperimentOptions): Netns {
  const client = machine.createNetns("client");
  const server = machine.createNetns("server");
  const [near, far] = machine.createVeth({ netns: client, name: "eth0" }, { netns: server, name: "eth0" });
  client.addAddress(near, CLIENT, 24);
  server.addAddress(far, GATEWAY, 24);
  client.addRoute({ destination: FIRST_SERVER, prefixLength: 9, kind: "unicast", device: near, via: GATEWAY });
  for (let number = 0; number < destinations; number += 1) server.addAddress(far, FIRST_SERVER + number, 32);
  assert(writeSysctls(client.sysctls, sysctls) === undefined, "the sysctls of an experiment have been checked");
  startServer(machine, server, SERVER_PORT);
  for (const port of listen) startServer(machine, client, port);
  return client;
}

function startServer(machine: Machine, netns: Netns, port: Port): void {
  const server = CaseServer.start(machine.tcp, netns, {
    address: "0.0.0.0",
    port,
    close: "client-first",
    backlog: 128,
  });
  assert(typeof server !== "number", "a new namespace has every port free");
}

/** One connect() without waiting. @returns its port, or the name of the error. */
function connectOnce(call: {
  readonly machine: Machine;
  readonly alarms: Alarms;
  readonly client: Netns;
  readonly destination: number;
  readonly options: PortExperimentOptions;
}): Port | string {
  const { machine, alarms, client, destination } = call;
  const { close, socketRange: portRange } = call.options;
  const to = [formatIpv4(FIRST_SERVER + destination), SERVER_PORT] as const;
  const socket = ClientSocket.open({ tcp: machine.tcp, alarms }, { netns: client, to, portRange }, {});
  if (typeof socket === "string") return socket;
  if (close !== "keep") socket.events = { connected: () => socket.close(close) };
  return socket.localPort;
}

function address(text: string): Ipv4 {
  const read = parseIpv4(text);
  assert(read !== undefined, "the addresses of the experiment are dotted quads");
  return read;
}
