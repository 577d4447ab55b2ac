import type { Conntrack } from "../../src/kernel/conntrack/conntrack.ts";
import { CtStatus } from "../../src/kernel/conntrack/ct_status.ts";
import { bucketOf } from "../../src/kernel/conntrack/kernel_bucket.ts";
import { CT_TCP_STATE_NAMES } from "../../src/kernel/conntrack/tcp_state_table.ts";
import { Hook, Verdict } from "../../src/kernel/netfilter/hooks.ts";
import { CtState, type Packet, Protocol } from "../../src/kernel/packet.ts";
import { packPorts } from "../../src/kernel/tuple_index.ts";
import { SECOND } from "../../src/units.ts";
import { ip } from "./small_network.ts";
import { parseFlags, Wire, type WireOptions } from "./wire.ts";

const SERVER = ip("198.51.100.1");
const SERVER_PORT = 80;

/** What conntrack makes of a packet: its ctstate, or that it is dropped. */
export type Seen = "NEW" | "ESTABLISHED" | "RELATED" | "INVALID" | "UNTRACKED" | "DROP";

const SEEN_NAMES = new Map<number, Seen>([
  [CtState.NEW, "NEW"],
  [CtState.ESTABLISHED, "ESTABLISHED"],
  [CtState.RELATED, "RELATED"],
  [CtState.INVALID, "INVALID"],
  [CtState.UNTRACKED, "UNTRACKED"],
]);

/** A segment that is forwarded: `>` from the client, `<` from the server. */
export interface Passing {
  readonly seq?: number;
  readonly ack?: number;
  readonly len?: number;
  readonly protocol?: number;
}

/** A router that tracks what it forwards between many clients and one server. */
export class ConntrackBench {
  readonly wire: Wire;
  readonly conntrack: Conntrack;

  constructor(options: WireOptions = {}) {
    this.wire = new Wire({ kernel: "6.1", ...options });
    this.conntrack = this.wire.machine.requireConntrack(this.wire.host);
  }

  /** Runs to a moment, in seconds. */
  at(moment: number): this {
    this.wire.at(moment);
    return this;
  }

  /** A segment of client number `client` (its port) passes in a direction, all hooks included. */
  pass(direction: ">" | "<", flags: string, more: Passing = {}, client = 40000): Seen {
    const { machine, host } = this.wire;
    const packet = machine.packets.take();
    this.#fill(packet, direction, client);
    packet.protocol = more.protocol ?? Protocol.TCP;
    packet.flags = parseFlags(flags);
    packet.seq = (more.seq ?? (direction === ">" ? 1000 : 5000)) | 0;
    packet.ack = (more.ack ?? 0) | 0;
    packet.len = more.len ?? 0;
    for (const hook of [Hook.PRE_ROUTING, Hook.FORWARD, Hook.POST_ROUTING]) {
      if (host.hooks.run(hook, packet) === Verdict.ACCEPT) continue;
      host.drop(packet);
      return "DROP";
    }
    const seen = SEEN_NAMES.get(packet.ctState);
    machine.packets.release(packet);
    if (seen === undefined) throw new Error("no conntrack hook has seen the packet");
    return seen;
  }

  /** A whole handshake; the client begins at 1000, the server at 5000. */
  establish(client = 40000): void {
    this.pass(">", "S", { seq: 1000 }, client);
    this.pass("<", "S.", { seq: 5000, ack: 1001 }, client);
    this.pass(">", ".", { seq: 1001, ack: 5001 }, client);
  }

  /** The entry of a client as `conntrack -L` shows it: state, seconds left, flags; `undefined` if there is none. */
  show(client = 40000): string | undefined {
    const table = this.conntrack.table;
    const node = this.conntrack.findNode(
      clientAddress(client),
      SERVER,
      packPorts(client & 0xffff, SERVER_PORT),
      Protocol.TCP,
    );
    if (node < 0) return undefined;
    const slot = node >> 1;
    const left = (table.expires(slot) - this.wire.loop.now) / SECOND;
    const unreplied = table.has(slot, CtStatus.SEEN_REPLY) ? "" : " [UNREPLIED]";
    const assured = table.has(slot, CtStatus.ASSURED) ? " [ASSURED]" : "";
    return `${CT_TCP_STATE_NAMES[table.state(slot)]} ${left}${unreplied}${assured}`;
  }

  /** The buckets of a client's tuples: of what it sends, and of what it gets. */
  bucketsOf(client: number): readonly [original: number, reply: number] {
    const { table } = this.conntrack;
    const [address, port] = [clientAddress(client), client & 0xffff];
    return [
      bucketOf(table, address, SERVER, packPorts(port, SERVER_PORT), Protocol.TCP),
      bucketOf(table, SERVER, address, packPorts(SERVER_PORT, port), Protocol.TCP),
    ];
  }

  /** Entries, expired ones included. */
  get count(): number {
    return this.conntrack.table.count;
  }

  #fill(packet: Packet, direction: ">" | "<", client: number): void {
    const isForward = direction === ">";
    packet.src = isForward ? clientAddress(client) : SERVER;
    packet.dst = isForward ? SERVER : clientAddress(client);
    packet.sport = isForward ? client & 0xffff : SERVER_PORT;
    packet.dport = isForward ? SERVER_PORT : client & 0xffff;
  }
}

/** Clients are numbered through: the low 16 bits are the port, the rest the host. */
function clientAddress(client: number): number {
  return (ip("203.0.113.0") + (client >> 16)) | 0;
}
