import type { Ipv4, Micros, Port } from "../../units.ts";
import type { Scheduler } from "./schedulers.ts";

/** Traffic that `ipvsadm -Ln --stats` shows. */
export class IpvsStats {
  connections = 0;
  inPackets = 0;
  outPackets = 0;
  inBytes = 0;
  outBytes = 0;
}

/** What a real server has besides its place and weight once a connection, a rest or its deletion asks for it. */
class RealServerUse {
  active = 0;
  inactive = 0;
  isAvailable = true;
  /** The weight before it was set to 0. */
  formerWeight = 0;
  stats = new IpvsStats();
}

/**
 * A destination of a virtual service (`ip_vs_dest`), always reached by masquerading. Of the 150,000 of a large node next
 * to none ever gets a connection: one that was only added takes 64 bytes.
 */
export class RealServer {
  readonly address: Ipv4;
  /** 0: the port that the client asked for. */
  readonly port: Port;
  /** The service it belongs to, or belonged to last. */
  service: VirtualService;
  #weight: number;
  #use: RealServerUse | undefined = undefined;

  constructor(service: VirtualService, address: Ipv4, port: Port, weight: number) {
    this.service = service;
    this.address = address;
    this.port = port;
    this.#weight = weight;
  }

  get weight(): number {
    return this.#weight;
  }

  set weight(weight: number) {
    if (weight === 0 && this.#weight > 0) this.#used().formerWeight = this.#weight;
    this.#weight = weight;
  }

  /** The latest weight that was not 0; 0 if there was none. */
  get lastWeight(): number {
    return this.#weight > 0 ? this.#weight : (this.#use?.formerWeight ?? 0);
  }

  /** Connections in ESTABLISHED, SYN_SENT, SYN_RECV, SYNACK. */
  get active(): number {
    return this.#use === undefined ? 0 : this.#use.active;
  }

  set active(count: number) {
    this.#used().active = count;
  }

  /** The other connections. */
  get inactive(): number {
    return this.#use === undefined ? 0 : this.#use.inactive;
  }

  set inactive(count: number) {
    this.#used().inactive = count;
  }

  /** Cleared when the server is deleted; connections may still refer to it. */
  get isAvailable(): boolean {
    return this.#use === undefined || this.#use.isAvailable;
  }

  set isAvailable(isAvailable: boolean) {
    if (isAvailable !== this.isAvailable) this.#used().isAvailable = isAvailable;
  }

  get stats(): IpvsStats {
    return this.#used().stats;
  }

  /** It serves another service from now on, for which it counts anew. */
  moveTo(service: VirtualService): void {
    this.service = service;
    if (this.#use !== undefined) this.#use.stats = new IpvsStats();
  }

  #used(): RealServerUse {
    return (this.#use ??= new RealServerUse());
  }
}

/** A virtual service (`ip_vs_service`) with its real servers in the kernel's order: the newest first. */
export class VirtualService {
  readonly protocol: number;
  readonly address: Ipv4;
  readonly port: Port;
  readonly scheduler: Scheduler;
  /** Another list each time that one comes or goes. */
  servers: readonly RealServer[] = [];
  /** `ipvsadm -p`: how long a client keeps its server after its last connection began; 0 without persistence. */
  persistentTimeout: Micros = 0;
  #stats: IpvsStats | undefined = undefined;

  constructor(protocol: number, address: Ipv4, port: Port, scheduler: Scheduler) {
    this.protocol = protocol;
    this.address = address;
    this.port = port;
    this.scheduler = scheduler;
  }

  get stats(): IpvsStats {
    return (this.#stats ??= new IpvsStats());
  }
}

/** The port of a real server that a client comes to who asked a service for `port`. */
export function realPortOf(server: RealServer, port: Port): Port {
  return server.port === 0 ? port : server.port;
}
