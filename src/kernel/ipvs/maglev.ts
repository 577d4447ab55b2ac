import type { Ipv4, Port } from "../../units.ts";
import type { Packet } from "../packet.ts";
import { hsiphash } from "./hsiphash.ts";
import { greatestCommonDivisor } from "../greatest_common_divisor.ts";
import type { Scheduler } from "./schedulers.ts";
import type { RealServer, VirtualService } from "./virtual_service.ts";

/** The prime of CONFIG_IP_VS_MH_TAB_INDEX 12, and half of that index. */
const TABLE_SIZE = 4093;
const TURN_BITS = 6;
/** The keys of the two hashes. Source: net/netfilter/ipvs/ip_vs_mh.c ip_vs_mh_init_svc, v6.1. */
const KEY_1 = 2654435761n;
const KEY_2 = 2654446892n;

/** A server that fills the table: its next wish, how far its wishes lie apart, and how many it is granted in a row. */
interface Contender {
  readonly server: RealServer;
  readonly skip: number;
  readonly turns: number;
  wish: number;
}

/**
 * `mh`, Maglev hashing: each server has a permutation of the table's places and takes the free ones it likes best, turn
 * by turn; the client's address picks a place. A server whose weight falls to 0 keeps its places and gives none.
 *
 * Source: net/netfilter/ipvs/ip_vs_mh.c ip_vs_mh_reassign, ip_vs_mh_populate, ip_vs_mh_schedule, v6.1.
 */
export class Maglev implements Scheduler {
  readonly name = "mh";
  #table: readonly (RealServer | undefined)[] = [];

  schedule(_service: VirtualService, packet: Packet): RealServer | undefined {
    const server = this.#table[hashOf(packet.src, 0, KEY_1) % TABLE_SIZE];
    return server !== undefined && server.weight > 0 ? server : undefined;
  }

  serversChanged({ servers }: VirtualService): void {
    let divisor = 0;
    for (const { lastWeight } of servers) if (lastWeight > 0) divisor = greatestCommonDivisor(lastWeight, divisor);
    this.#table = divisor === 0 ? [] : populate(servers, divisor);
  }
}

function populate(servers: readonly RealServer[], divisor: number): (RealServer | undefined)[] {
  const most = Math.max(...servers.map(({ lastWeight }) => lastWeight));
  const shift = Math.max(0, 32 - Math.clz32(Math.floor(most / divisor)) - TURN_BITS);
  const contenders = servers
    .filter(({ lastWeight }) => lastWeight > 0)
    .map((server): Contender => {
      const { address, port, lastWeight } = server;
      return {
        server,
        skip: (hashOf(address, port, KEY_2) % (TABLE_SIZE - 1)) + 1,
        turns: Math.max(1, Math.floor(lastWeight / divisor) >> shift),
        wish: hashOf(address, port, KEY_1) % TABLE_SIZE,
      };
    });
  const table: (RealServer | undefined)[] = Array.from({ length: TABLE_SIZE }, () => undefined);
  let taken = 0;
  while (taken < TABLE_SIZE) {
    for (const contender of contenders) {
      for (let turn = 0; turn < contender.turns && taken < TABLE_SIZE; turn += 1) {
        while (table[contender.wish] !== undefined) contender.wish = (contender.wish + contender.skip) % TABLE_SIZE;
        table[contender.wish] = contender.server;
        taken += 1;
      }
    }
  }
  return table;
}

function hashOf(address: Ipv4, port: Port, key: bigint): number {
  return hsiphash((address + port) >>> 0, key);
}
