import type { Ipv4 } from "../../units.ts";
import type { Packet } from "../packet.ts";
import type { Scheduler } from "./schedulers.ts";
import type { RealServer, VirtualService } from "./virtual_service.ts";

/** CONFIG_IP_VS_SH_TAB_BITS and CONFIG_IP_VS_DH_TAB_BITS are 8. */
const BUCKETS = 256;
const BUCKET_BITS = 8;

/**
 * `sh`: the client's address picks one of 256 buckets, which the servers fill in the kernel's order, each as often in a
 * row as its weight. A bucket whose server has weight 0 gives none.
 *
 * Source: net/netfilter/ipvs/ip_vs_sh.c ip_vs_sh_reassign, ip_vs_sh_schedule, v6.1.
 */
export class SourceHashing implements Scheduler {
  readonly name = "sh";
  #buckets: readonly RealServer[] = [];

  schedule(_service: VirtualService, packet: Packet): RealServer | undefined {
    return withWeight(this.#buckets[bucketOf(packet.src)]);
  }

  serversChanged({ servers }: VirtualService): void {
    this.#buckets = fillBuckets(servers, ({ weight }) => Math.max(weight, 1));
  }
}

/**
 * `dh`: as `sh` by the virtual address and without weights, so one address has always the same server.
 *
 * Source: net/netfilter/ipvs/ip_vs_dh.c ip_vs_dh_reassign, ip_vs_dh_schedule, v6.1.
 */
export class DestinationHashing implements Scheduler {
  readonly name = "dh";
  #buckets: readonly RealServer[] = [];

  schedule(_service: VirtualService, packet: Packet): RealServer | undefined {
    return withWeight(this.#buckets[bucketOf(packet.dst)]);
  }

  serversChanged({ servers }: VirtualService): void {
    this.#buckets = fillBuckets(servers, () => 1);
  }
}

/** Servers around and around, each so often in a row; empty without servers. */
function fillBuckets(servers: readonly RealServer[], timesOf: (server: RealServer) => number): RealServer[] {
  const buckets: RealServer[] = [];
  while (servers.length > 0 && buckets.length < BUCKETS) {
    for (const server of servers) {
      for (let time = 0; time < timesOf(server) && buckets.length < BUCKETS; time += 1) buckets.push(server);
    }
  }
  return buckets;
}

/**
 * `hash_32` of the address. Source: include/linux/hash.h hash_32, v6.1. Not modelled: the multiplier that older kernels
 * had, with which an address falls into another bucket, and so to another real server.
 */
function bucketOf(address: Ipv4): number {
  return Math.imul(address, 0x61c88647) >>> (32 - BUCKET_BITS);
}

function withWeight(server: RealServer | undefined): RealServer | undefined {
  return server !== undefined && server.weight > 0 ? server : undefined;
}
