import type { Ipvs } from "../../kernel/ipvs/ipvs.ts";
import type { RealServer, VirtualService } from "../../kernel/ipvs/virtual_service.ts";
import { Protocol } from "../../kernel/packet.ts";
import { formatEndpoint, type Ipv4, type Micros, type Port, SECOND } from "../../units.ts";
import { flushFailedText, missingText, removedText } from "./graceful_termination_text.ts";
import type { GracefulTerminationEra } from "./kube_proxy_eras.ts";
import type { KubeProxyLog } from "./kube_proxy_log.ts";

/** Source: pkg/proxy/ipvs/graceful_termination.go rsCheckDeleteInterval, v1.12.2. */
export const TERMINATION_CHECK_INTERVAL: Micros = 60 * SECOND;

/** A real server that is to go once its connections have ended. */
interface Leaving {
  readonly virtual: VirtualService;
  readonly address: Ipv4;
  readonly port: Port;
}

/** How an attempt to delete a real server went. */
interface Attempt {
  /** Whether it is deleted or was not there. */
  readonly isDone: boolean;
  readonly isMissing: boolean;
  /** Netlink requests that it took. */
  readonly requests: number;
}

/**
 * Real servers whose endpoint is gone: one without connections is deleted at once, any other gets weight 0 and is looked
 * at every minute. There is no time limit.
 *
 * Source: pkg/proxy/ipvs/graceful_termination.go GracefulDeleteRS, tryDeleteRs, v1.12.2.
 */
export class GracefulTermination {
  readonly #ipvs: Ipvs;
  readonly #era: GracefulTerminationEra;
  readonly #log: KubeProxyLog;
  /** By name, in the order of their leaving. */
  readonly #leaving = new Map<string, Leaving>();
  /** The same ones by virtual service, since every sync asks for each of its endpoints. */
  readonly #endpoints = new Map<VirtualService, Set<number>>();

  constructor(ipvs: Ipvs, era: GracefulTerminationEra, log: KubeProxyLog) {
    this.#ipvs = ipvs;
    this.#era = era;
    this.#log = log;
  }

  /** Real servers in the list. */
  get size(): number {
    return this.#leaving.size;
  }

  /** Whether this real server of the virtual service is to go. */
  isLeaving(virtual: VirtualService, address: Ipv4, port: Port): boolean {
    return this.#endpoints.get(virtual)?.has(endpointOf(address, port)) === true;
  }

  /** Deletes a real server now or later. @returns the netlink requests that it took. */
  delete(virtual: VirtualService, { address, port }: RealServer): number {
    const leaving = { virtual, address, port };
    const name = nameOf(virtual, address, port);
    const attempt = this.#tryDelete(name, leaving);
    if (attempt.isMissing) this.#log.write(this.#now, missingText(name, "sync", this.#era));
    if (attempt.isDone) return attempt.requests;
    const server = serverOf(leaving);
    if (server !== undefined) this.#ipvs.setWeight(virtual, server, 0);
    this.#add(name, leaving);
    return attempt.requests + 1;
  }

  /**
   * The endpoint of a leaving server is back: the server is deleted, for its caller to add it anew.
   *
   * @returns false if there was none in the kernel; then it is left as it is.
   */
  takeBack(virtual: VirtualService, address: Ipv4, port: Port): boolean {
    const leaving = { virtual, address, port };
    const server = serverOf(leaving);
    if (server === undefined) return false;
    this.#ipvs.deleteServer(virtual, server);
    this.#remove(nameOf(virtual, address, port), leaving);
    return true;
  }

  /** Looks at all of them. @returns the netlink requests that it took. */
  flush(): number {
    let requests = 0;
    let hasMissing = false;
    for (const [name, leaving] of this.#leaving) {
      const attempt = this.#tryDelete(name, leaving);
      requests += attempt.requests;
      if (attempt.isMissing) this.#log.write(this.#now, missingText(name, "minute", this.#era));
      hasMissing ||= attempt.isMissing;
      if (!attempt.isDone) continue;
      this.#log.write(this.#now, removedText(name, this.#era));
      this.#remove(name, leaving);
    }
    if (hasMissing) this.#log.write(this.#now, flushFailedText(this.#era));
    return requests;
  }

  #tryDelete(name: string, leaving: Leaving): Attempt {
    const { virtual } = leaving;
    this.#write(`Trying to delete rs: ${name}`);
    const server = serverOf(leaving);
    if (server === undefined) return { isDone: true, isMissing: true, requests: 1 };
    const isAtOnce = this.#era.deletesUdpAtOnce && virtual.protocol !== Protocol.TCP;
    const connections = server.active + (this.#era.waitsForInactive ? server.inactive : 0);
    if (!isAtOnce && connections > 0) {
      if (this.#era.logsWaiting)
        this.#write(`Not deleting, RS ${name}: ${server.active} ActiveConn, ${server.inactive} InactiveConn`);
      return { isDone: false, isMissing: false, requests: 1 };
    }
    this.#write(`Deleting rs: ${name}`);
    this.#ipvs.deleteServer(virtual, server);
    return { isDone: true, isMissing: false, requests: 2 };
  }

  get #now(): Micros {
    return this.#ipvs.netns.machine.loop.now;
  }

  #write(text: string): void {
    if (this.#era.logsAttempts) this.#log.write(this.#now, text);
  }

  #add(name: string, leaving: Leaving): void {
    if (this.#leaving.has(name)) return;
    this.#leaving.set(name, leaving);
    const { virtual, address, port } = leaving;
    const endpoints = this.#endpoints.get(virtual) ?? new Set();
    this.#endpoints.set(virtual, endpoints.add(endpointOf(address, port)));
  }

  #remove(name: string, { virtual, address, port }: Leaving): void {
    // The inverted test: what is in the list returns early, and only what is not would be deleted.
    if (this.#era.hasInvertedRemove) return;
    this.#leaving.delete(name);
    this.#endpoints.get(virtual)?.delete(endpointOf(address, port));
  }
}

/** One number for an endpoint. */
function endpointOf(address: Ipv4, port: Port): number {
  return address * 65_536 + port;
}

/** `address:port/TCP/address:port`, as kube-proxy names a real server with its virtual server. */
function nameOf(virtual: VirtualService, address: Ipv4, port: Port): string {
  const protocol = virtual.protocol === Protocol.TCP ? "TCP" : "UDP";
  return `${formatEndpoint(virtual.address, virtual.port)}/${protocol}/${formatEndpoint(address, port)}`;
}

function serverOf({ virtual, address, port }: Leaving): RealServer | undefined {
  return virtual.servers.find((server) => server.address === address && server.port === port);
}
