import type { RandomStream } from "../../sim/random.ts";
import type { Ipv4, Port } from "../../units.ts";
import type { Conntrack } from "../conntrack/conntrack.ts";
import { packPorts } from "../tuple_index.ts";

/** Where a source may be translated to. */
export interface NatRange {
  readonly address: Ipv4;
  readonly portLow: Port | undefined;
  readonly portHigh: Port | undefined;
  /** `--random` or `--random-fully`: draw a port even where the old one would do. */
  readonly isRandom: boolean;
}

const ATTEMPTS_MOST = 128;
const ATTEMPTS_LEAST = 16;

/**
 * Chooses a source address and port whose reply tuple no other entry has. Neither `ip_local_port_range` nor
 * `ip_local_reserved_ports` is asked: a masqueraded connection may get any port from 1024 up, a NodePort too.
 *
 * Source: net/netfilter/nf_nat_core.c get_unique_tuple, nf_nat_l4proto_unique_tuple, v6.1.
 * Not modelled: the reuse of a mapping that the same source already has (find_appropriate_src); from 6.5 on, the eviction
 * of a closing entry to take its port (nf_nat_used_tuple_harder); on kernels that scan the whole range, a start that
 * goes on from the last port given out (neither `--random` nor `--random-fully`) or is a hash (`--random`): here it is
 * always drawn.
 *
 * @param range `undefined` for a connection that no rule translates: it moves only if its tuple is taken.
 */
export function chooseUniqueSource(
  conntrack: Conntrack,
  random: RandomStream,
  slot: number,
  range: NatRange | undefined,
): { readonly address: Ipv4; readonly port: Port } {
  const table = conntrack.table;
  const reply = 2 * slot + 1;
  const oldPort = table.ports(reply) & 0xffff;
  const address = range?.address ?? table.dst(reply);
  const keepsPort =
    range?.portLow === undefined || (oldPort >= range.portLow && oldPort <= (range.portHigh ?? range.portLow));
  if (range?.isRandom !== true && keepsPort && isFree(conntrack, slot, address, oldPort))
    return { address, port: oldPort };
  const [low, high] = portBounds(range, oldPort);
  const search = { slot, address, low, high };
  const isBounded = conntrack.netns.machine.era.natPortSearch === "bounded";
  return { address, port: (isBounded ? searchPort : scanWholeRange)(conntrack, random, search) };
}

/** What the search for a port draws from. */
const OFFSETS = 65_536;

/**
 * The port that is tried first for a connection whose source is masqueraded to any port (`--random-fully`).
 *
 * @param oldPort that of the client.
 * @param before numbers that others take from the stream before.
 */
export function firstPortTried(random: RandomStream, oldPort: Port, before: number): Port {
  const [low, high] = portBounds(undefined, oldPort);
  return low + (Math.floor(random.peek(before) * OFFSETS) % (high - low + 1));
}

/** Draws as the search for a port does that takes the first one it tries. */
export function drawOffset(random: RandomStream): number {
  return random.below(OFFSETS);
}

interface PortRangeSearch {
  readonly slot: number;
  readonly address: Ipv4;
  readonly low: Port;
  readonly high: Port;
}

/** Rounds of 128, 64, 32, 16 and 8 tries, each from a new random place; if all fail the last candidate is taken and dies at confirmation. */
function searchPort(conntrack: Conntrack, random: RandomStream, search: PortRangeSearch): Port {
  const size = search.high - search.low + 1;
  let attempts = Math.min(size, ATTEMPTS_MOST);
  for (;;) {
    const offset = drawOffset(random);
    let port = search.low;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      port = search.low + ((offset + attempt) % size);
      if (isFree(conntrack, search.slot, search.address, port)) return port;
    }
    if (attempts >= size || attempts < ATTEMPTS_LEAST) return port;
    attempts = Math.floor(attempts / 2);
  }
}

/**
 * Every port of the range in turn, once around from a random place. The last one is taken without a test, and if it is
 * somebody else's the packet dies at confirmation.
 *
 * Source: net/netfilter/nf_nat_proto_common.c nf_nat_l4proto_unique_tuple, v4.19.
 */
function scanWholeRange(conntrack: Conntrack, random: RandomStream, search: PortRangeSearch): Port {
  const size = search.high - search.low + 1;
  const offset = drawOffset(random);
  for (let step = 0; step < size - 1; step += 1) {
    const port = search.low + ((offset + step) % size);
    if (isFree(conntrack, search.slot, search.address, port)) return port;
  }
  return search.low + ((offset + size - 1) % size);
}

function portBounds(range: NatRange | undefined, oldPort: Port): readonly [low: Port, high: Port] {
  if (range?.portLow !== undefined) return [range.portLow, range.portHigh ?? range.portLow];
  if (oldPort < 512) return [1, 511];
  if (oldPort < 1024) return [600, 1023];
  return [1024, 65535];
}

/** Whether the reply tuple towards this source is nobody else's; a taken one is counted as `found`. */
function isFree(conntrack: Conntrack, slot: number, address: Ipv4, port: Port): boolean {
  const table = conntrack.table;
  const reply = 2 * slot + 1;
  const ports = packPorts(table.ports(reply) >>> 16, port);
  const node = conntrack.findNode(table.src(reply), address, ports, table.protocol(slot));
  if (node < 0 || node >> 1 === slot) return true;
  conntrack.netns.counters.nf_conntrack_found += 1;
  return false;
}
