import { MILLISECOND, type Micros, SECOND } from "../units.ts";
import { describeSocket } from "./snapshots.ts";
import type { ClientSocket } from "./case_clients.ts";
import type { CaseRun } from "./case_run.ts";

/** What a close does beside closing. */
interface CloseOptions {
  readonly close: "fin" | "rst" | "keep";
  readonly linger?: number | readonly number[] | Readonly<Record<string, number>> | undefined;
  /** The name under which the socket's states are watched from then on. */
  readonly watch?: string | undefined;
}

/** The states in which close() with SO_LINGER waits. Source: net/ipv4/tcp.c sk_stream_wait_close, v6.1. */
const LINGERING = new Set(["FIN-WAIT-1", "CLOSING", "LAST-ACK"]);

/** How often a closed socket is looked at. */
const LOOK_EVERY: Micros = MILLISECOND;

/** The longest that it is: no state of a closed socket lasts so long by itself. */
const WATCHED_MOST: Micros = 900 * SECOND;

/**
 * Closes a client as the action says: with SO_LINGER of 0 s by a RST; with more, how long close() takes to return is
 * noted. A watched socket is looked at for as long as the recording looked.
 */
export function closeClient(run: CaseRun, client: ClientSocket, options: CloseOptions): void {
  const linger = lingerSeconds(options.linger);
  const closedAt = run.now;
  const look = options.watch === undefined || !client.isOpen ? undefined : lookAt(client);
  client.close(options.close === "rst" || linger === 0 ? "rst" : "fin");
  if (options.watch === undefined || look === undefined) return;
  const name = options.watch;
  const span = recordedSpan(run, name);
  if (span > WATCHED_MOST) {
    run.refuse(`a closed socket (${name}) is watched for more than ${WATCHED_MOST / SECOND} s`);
    return;
  }
  const watchUntil = closedAt + span;
  const lingerUntil = closedAt + (linger ?? 0) * SECOND;
  const states = run.socketStates.get(name) ?? [];
  run.socketStates.set(name, states);
  let hasReturned = false;
  const see = (): void => {
    const socket = look();
    if (states.length === 0 || states.at(-1)?.state !== (socket?.state ?? null)) {
      const left = socket?.left;
      states.push({ at: run.sinceOrigin, state: socket?.state ?? null, ...(left === undefined ? {} : { left }) });
    }
    if (!hasReturned && (run.now >= lingerUntil || socket === undefined || !LINGERING.has(socket.state))) {
      hasReturned = true;
      run.closeTook.set(name, run.now - closedAt);
    }
    if (run.now < watchUntil || !hasReturned) run.alarms.after(LOOK_EVERY, see);
    else run.unfinished -= 1;
  };
  run.unfinished += 1;
  see();
}

/** Looks at a connection by its four numbers, since its row changes hands once it is closed. */
function lookAt(client: ClientSocket): () => ReturnType<typeof describeSocket> | undefined {
  const { tcp, netns, slot } = client;
  const { sockets } = tcp;
  const [local, remote] = [sockets.local(slot), sockets.remote(slot)];
  const [localPort, remotePort] = [sockets.localPort(slot), sockets.remotePort(slot)];
  return () => {
    tcp.timeWaits.expire();
    const row = tcp.find(netns, local, localPort, remote, remotePort);
    return row < 0 ? undefined : describeSocket(tcp, row);
  };
}

/** Seconds of SO_LINGER however it is written: seconds, or on/off and seconds; `undefined` if it is off. */
function lingerSeconds(linger: CloseOptions["linger"]): number | undefined {
  if (linger === undefined || typeof linger === "number") return linger;
  const [first = 0, second] = Object.values(linger);
  return second === undefined ? first : first === 0 ? undefined : second;
}

/** How long the recording watched: the moment of its last row. */
function recordedSpan(run: CaseRun, name: string): Micros {
  const { socket_state_fields: fields = [], socket_states: states } = run.kernelCase.observed;
  const column = fields.findIndex((field) => /^(t|at)(_|$)/.test(field));
  const last = states[name]?.at(-1)?.[column];
  if (typeof last !== "number") return SECOND;
  return last * (fields[column]?.endsWith("_ms") === true ? MILLISECOND : SECOND);
}
