import type { EventLoop } from "../../sim/event_loop.ts";
import type { Ipv4, Micros } from "../../units.ts";
import type { ProxiedService, ServiceEndpoint } from "../kube_proxy/proxier.ts";
import type { ServiceOptions } from "../options.ts";
import type { PodStatuses } from "./pod_statuses.ts";

/**
 * The EndpointSlice controller and the way of its slices to kube-proxy: some time after a pod of a selected workload has
 * changed, the service has the endpoints of that later moment. A terminating pod is not ready.
 *
 * Source: pkg/controller/endpointslice/endpointslice_controller.go addPod, updatePod, v1.23;
 * staging/src/k8s.io/endpointslice/utils.go podToEndpoint, v1.29.
 */
export class EndpointSlices {
  readonly #loop: EventLoop;
  readonly #statuses: PodStatuses;
  readonly #delay: Micros;
  readonly #changed: (services: readonly ProxiedService[]) => void;
  readonly #handler: number;
  /** Workloads whose change is on its way, by number. */
  readonly #workloads: readonly string[];
  readonly #pending = new Set<string>();
  /** The endpoints of addresses that are listed; services that were drawn together have one list. */
  readonly #listed = new Map<readonly Ipv4[], readonly ServiceEndpoint[]>();
  #services: readonly ProxiedService[];

  constructor(
    services: readonly ServiceOptions[],
    parts: {
      readonly loop: EventLoop;
      readonly statuses: PodStatuses;
      readonly delay: Micros;
      readonly changed: (services: readonly ProxiedService[]) => void;
    },
  ) {
    this.#loop = parts.loop;
    this.#statuses = parts.statuses;
    this.#delay = parts.delay;
    this.#changed = parts.changed;
    this.#services = services.map((spec) => ({ spec, endpoints: this.#endpointsOf(spec) }));
    this.#workloads = [...new Set(services.flatMap(({ selector }) => (selector === undefined ? [] : [selector])))];
    this.#handler = this.#loop.handler("endpoint-slices/update", (number) => this.#update(this.#workloads[number]!));
    this.#statuses.watch((workload) => this.#podChanged(workload));
  }

  /** All services with their endpoints of this moment. */
  get services(): readonly ProxiedService[] {
    return this.#services;
  }

  #podChanged(workload: string): void {
    const number = this.#workloads.indexOf(workload);
    if (number < 0 || this.#pending.has(workload)) return;
    this.#pending.add(workload);
    this.#loop.after(this.#delay, this.#handler, number);
  }

  #update(workload: string): void {
    this.#pending.delete(workload);
    let hasChanged = false;
    const services = this.#services.map((service) => {
      if (service.spec.selector !== workload) return service;
      const endpoints = this.#endpointsOf(service.spec);
      if (isSame(endpoints, service.endpoints)) return service;
      hasChanged = true;
      return { spec: service.spec, endpoints };
    });
    if (!hasChanged) return;
    this.#services = services;
    this.#changed(services);
  }

  #endpointsOf({ endpoints, selector }: ServiceOptions): readonly ServiceEndpoint[] {
    const listed = this.#listedEndpoints(endpoints);
    if (selector === undefined) return listed;
    const selected = this.#statuses
      .of(selector)
      .map(({ pod, isReady, isTerminating }) => ({ address: pod.address, isReady: isReady && !isTerminating }));
    return [...listed, ...selected];
  }

  #listedEndpoints(addresses: readonly Ipv4[]): readonly ServiceEndpoint[] {
    let listed = this.#listed.get(addresses);
    if (listed === undefined) {
      listed = addresses.map((address) => ({ address, isReady: true }));
      this.#listed.set(addresses, listed);
    }
    return listed;
  }
}

function isSame(a: readonly ServiceEndpoint[], b: readonly ServiceEndpoint[]): boolean {
  if (a.length !== b.length) return false;
  return a.every(({ address, isReady }, index) => b[index]!.address === address && b[index]!.isReady === isReady);
}
