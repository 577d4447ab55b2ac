import type { EventLoop } from "../../sim/event_loop.ts";
import { type Ipv4, type Micros, type Port, SECOND } from "../../units.ts";
import type { RealServer, VirtualService } from "./virtual_service.ts";

/** Source: include/net/ip_vs.h IP_VS_DEST_TRASH_PERIOD, v6.1. */
const TRASH_PERIOD: Micros = 120 * SECOND;

/**
 * Real servers that were deleted. As long as connections refer to one, and for 120 s, adding the same server to a service
 * of the same address and port brings it back, and with it its connections.
 *
 * Source: net/netfilter/ipvs/ip_vs_ctl.c ip_vs_trash_get_dest, ip_vs_dest_trash_expire, v6.1.
 * Not modelled: that the 120 s begin when a timer finds the last connection gone, up to 60 s later.
 */
export class DeletedServers {
  readonly #loop: EventLoop;
  #trash: { readonly server: RealServer; readonly deletedAt: Micros }[] = [];

  constructor(loop: EventLoop) {
    this.#loop = loop;
  }

  add(server: RealServer): void {
    this.#expire();
    this.#trash.push({ server, deletedAt: this.#loop.now });
  }

  /** All that have not been forgotten. */
  *servers(): Generator<RealServer> {
    for (const { server } of this.#trash) yield server;
  }

  /** Takes the server back for a service, if it is there. */
  take(service: VirtualService, address: Ipv4, port: Port): RealServer | undefined {
    this.#expire();
    const place = this.#trash.findIndex(({ server }) => {
      const old = server.service;
      const isSameService =
        old.protocol === service.protocol && old.address === service.address && old.port === service.port;
      return isSameService && server.address === address && server.port === port;
    });
    return place < 0 ? undefined : this.#trash.splice(place, 1)[0]?.server;
  }

  #expire(): void {
    const oldest = this.#loop.now - TRASH_PERIOD;
    this.#trash = this.#trash.filter(
      ({ server, deletedAt }) => server.active + server.inactive > 0 || deletedAt > oldest,
    );
  }
}
