import type { Ipvs } from "../ipvs/ipvs.ts";
import { type RealServer, realPortOf, type VirtualService } from "../ipvs/virtual_service.ts";
import { Flow, type FlowTuple, type ServiceFlows } from "./flow.ts";

/** The connections of a flow that go through a service of IPVS: what is known of them stands in a flow of each real server. */
export class ScheduledFlows implements ServiceFlows {
  readonly #flow: Flow;
  readonly #ipvs: Ipvs;
  readonly #service: VirtualService;
  readonly #byServer = new Map<RealServer, Flow>();

  /** @param flow its tuple is that of a client to the service. */
  constructor(flow: Flow, ipvs: Ipvs, service: VirtualService) {
    this.#flow = flow;
    this.#ipvs = ipvs;
    this.#service = service;
  }

  next(): Flow | undefined {
    const real = this.#nextServer();
    return real && this.#byServer.get(real);
  }

  nextToLearn(): Flow | undefined {
    const real = this.#nextServer();
    if (real === undefined) return undefined;
    let flow = this.#byServer.get(real);
    if (flow === undefined) {
      flow = new Flow(this.#flow.requestBytes);
      flow.changes = this.#flow.changes;
      flow.tuple = this.#tupleTo(real);
      this.#byServer.set(real, flow);
    }
    return flow;
  }

  #nextServer(): RealServer | undefined {
    const service = this.#service;
    return service.persistentTimeout > 0 ? undefined : service.scheduler.peek?.(service);
  }

  /** The tuple of a connection that is scheduled to a real server and not masqueraded. */
  #tupleTo(real: RealServer): FlowTuple {
    const tuple = this.#flow.tuple!;
    return { ...tuple, replySrc: real.address, replySport: realPortOf(real, tuple.dport), real, ipvs: this.#ipvs };
  }
}
