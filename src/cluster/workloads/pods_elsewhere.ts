import { assert } from "../../sim/assert.ts";
import type { Device } from "../../kernel/device.ts";
import type { Netns } from "../../kernel/netns.ts";
import { type Micros, SECOND } from "../../units.ts";
import type { PodOptions, WorkloadOptions } from "../options.ts";
import { Server } from "../server.ts";
import type { PodHost } from "./deployment.ts";
import type { PodStatuses } from "./pod_statuses.ts";

const RESPONSE_BYTES = 850;

interface PodElsewhere {
  readonly pod: PodOptions;
  readonly server: Server;
  isGone: boolean;
  gone: () => void;
}

/**
 * Pods of other nodes: addresses and servers in the network behind the node. One gets ready when its process listens and
 * the initial delay of its readiness probe is over; it ends some time after SIGTERM, and until then it answers. To an
 * address that no pod has any more the network says nothing.
 *
 * Not modelled: their probes, their restarts, and nodes that answer for a missing pod with an ICMP error.
 */
export class PodsElsewhere implements PodHost {
  readonly #network: Netns;
  readonly #device: Device;
  readonly #statuses: PodStatuses;
  readonly #stop: Micros;
  readonly #readyHandler: number;
  readonly #goneHandler: number;
  readonly #pods: PodElsewhere[] = [];

  constructor(workload: WorkloadOptions, place: { readonly device: Device; readonly statuses: PodStatuses }) {
    this.#device = place.device;
    this.#network = place.device.netns;
    this.#statuses = place.statuses;
    this.#stop = workload.containerStop;
    const { loop } = this.#network.machine;
    this.#readyHandler = loop.handler(`elsewhere/${workload.name}/ready`, (number) => this.#ready(number));
    this.#goneHandler = loop.handler(`elsewhere/${workload.name}/gone`, (number) => this.#gone(number));
  }

  /** Takes a pod that has been up since before the start of the run. */
  add(pod: PodOptions): void {
    this.#listen(this.#pods.length, this.#enter(pod));
  }

  start(pod: PodOptions): void {
    const number = this.#pods.length;
    this.#enter(pod);
    const delay = pod.containerStart + (pod.readinessProbe?.initialDelaySeconds ?? 0) * SECOND;
    this.#network.machine.loop.after(delay, this.#readyHandler, number);
  }

  stop(pod: PodOptions, gone: () => void): void {
    const number = this.#pods.findLastIndex((other) => other.pod === pod);
    assert(number >= 0, "a pod that is stopped was started");
    this.#pods[number]!.gone = gone;
    this.#network.machine.loop.after(this.#stop, this.#goneHandler, number);
  }

  #enter(pod: PodOptions): PodElsewhere {
    const server = new Server(this.#network.machine, `elsewhere/${pod.name}`, {
      responseDelay: pod.responseDelay,
      responseBytes: RESPONSE_BYTES,
      waitsForClientShare: 0,
    });
    const entered: PodElsewhere = { pod, server, isGone: false, gone: () => undefined };
    this.#pods.push(entered);
    this.#network.addAddress(this.#device, pod.address, 32);
    return entered;
  }

  #listen(number: number, { pod, server }: PodElsewhere): void {
    for (const port of pod.listen) {
      const outcome = server.listen(this.#network, pod.address, port);
      assert(outcome === 0, `pod ${number} elsewhere can listen on its own address`);
    }
  }

  #ready(number: number): void {
    const entered = this.#pods[number]!;
    // A rollout may end a pod before it is ready.
    if (entered.isGone) return;
    this.#listen(number, entered);
    this.#statuses.setReady(entered.pod, true);
  }

  #gone(number: number): void {
    const entered = this.#pods[number]!;
    const { pod, server, gone } = entered;
    entered.isGone = true;
    server.stop();
    this.#network.removeAddress(this.#device, pod.address);
    gone();
    this.#statuses.remove(pod);
  }
}
