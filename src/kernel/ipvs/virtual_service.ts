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

/** A destination of a virtual service (`ip_vs_dest`), always reached by masquerading. */
export class RealServer {
  readonly address: Ipv4;
  /** 0: the port that the client asked for. */
  readonly port: Port;
  weight: number;
  /** The latest weight that was not 0. */
  lastWeight: number;
  /** Connections in ESTABLISHED, SYN_SENT, SYN_RECV, SYNACK; and the others. */
  active = 0;
  inactive = 0;
  /** Cleared when the server is deleted; connections may still refer to it. */
  isAvailable = true;
  /** The service it belongs to, or belonged to last. */
  service: VirtualService;
  /** Of a large node most servers never get a connection: `stats` makes it. */
  #stats: IpvsStats | undefined = undefined;

  constructor(service: VirtualService, address: Ipv4, port: Port, weight: number) {
    this.service = service;
    this.address = address;
    this.port = port;
    this.weight = weight;
    this.lastWeight = weight;
  }

  get stats(): IpvsStats {
    return (this.#stats ??= new IpvsStats());
  }

  /** It serves another service from now on, for which it counts anew. */
  moveTo(service: VirtualService): void {
    this.service = service;
    this.#stats = undefined;
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
