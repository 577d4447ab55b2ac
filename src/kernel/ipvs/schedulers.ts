import type { KernelEra } from "../kernel_era.ts";
import type { Packet } from "../packet.ts";
import { DestinationHashing, SourceHashing } from "./hash_schedulers.ts";
import { leastConnections, neverQueue, shortestExpectedDelay, weightedLeastConnections } from "./least_connections.ts";
import { Maglev } from "./maglev.ts";
import { RoundRobin, WeightedRoundRobin } from "./round_robin.ts";
import type { RealServer, VirtualService } from "./virtual_service.ts";
import { failover, overflow } from "./weight_schedulers.ts";

/** Schedulers by their ipvsadm names. Not modelled: lblc, lblcr, twos; the flags sh-port, sh-fallback, mh-port, mh-fallback. */
export const SCHEDULER_NAMES = ["rr", "wrr", "lc", "wlc", "sed", "nq", "sh", "dh", "mh", "fo", "ovf"] as const;

/** One of `SCHEDULER_NAMES`. */
export type SchedulerName = (typeof SCHEDULER_NAMES)[number];

/** A server that has left a service, and the one that stood before it. */
export interface DeletedServer {
  readonly server: RealServer;
  readonly before: RealServer | undefined;
}

/** Chooses a real server for a new connection and remembers what it must between choices. */
export interface Scheduler {
  readonly name: SchedulerName;
  /**
   * Chooses for the packet that begins a connection.
   *
   * @returns `undefined` if the rule finds no server with a positive weight.
   */
  schedule(service: VirtualService, packet: Packet): RealServer | undefined;
  /** Whom `schedule` will choose next, whatever the packet; absent where that depends on it, or is not known beforehand. */
  peek?(service: VirtualService): RealServer | undefined;
  /** The server is chosen that `peek` has just told; absent where nothing is remembered. */
  choose?(server: RealServer): void;
  /** A server was added, changed or deleted. */
  serversChanged(service: VirtualService, deleted?: DeletedServer): void;
}

/** A fresh scheduler of this name. */
export function createScheduler(name: SchedulerName, era: KernelEra): Scheduler {
  switch (name) {
    case "rr":
      return new RoundRobin();
    case "wrr":
      return new WeightedRoundRobin();
    case "lc":
      return leastConnections(era);
    case "wlc":
      return weightedLeastConnections(era);
    case "sed":
      return shortestExpectedDelay();
    case "nq":
      return neverQueue();
    case "sh":
      return new SourceHashing();
    case "dh":
      return new DestinationHashing();
    case "mh":
      return new Maglev();
    case "fo":
      return failover();
    case "ovf":
      return overflow();
  }
}
