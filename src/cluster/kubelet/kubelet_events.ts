import { type Micros, SECOND } from "../../units.ts";
import { isAtLeast, type Version } from "../options.ts";
import { goDuration } from "./grpc_probe.ts";
import { podUid, type ProbeSubject } from "./probe_text.ts";

/** An Event of the kubelet about a container. */
export interface KubeletEvent {
  readonly at: Micros;
  readonly type: "Normal" | "Warning";
  readonly reason: "Unhealthy" | "Killing" | "BackOff";
  /** `namespace/name` of the pod. */
  readonly pod: string;
  readonly container: string;
  readonly message: string;
}

/** Events that are kept. */
const EVENTS_KEPT = 1000;

/**
 * The Event of a failed probe.
 *
 * Source: pkg/kubelet/prober/prober.go probe, v1.23.
 */
export function unhealthyEvent({ pod, container, probeType }: ProbeSubject, output: string, at: Micros): KubeletEvent {
  const message = `${probeType} probe failed: ${output}`;
  return { at, type: "Warning", reason: "Unhealthy", pod, container, message };
}

/**
 * The Events of one kubelet in their order, each as often as it happened.
 *
 * Source: pkg/kubelet/prober/prober.go recordContainerEvent, v1.23.
 * Not modelled: the correlator, which counts equal Events in one (`x3 over 20s`) and drops what comes too fast; Events
 * other than these; the repeats of BackOff at each sync of the pod while it waits.
 */
export class KubeletEvents {
  readonly #version: Version;
  readonly #events: KubeletEvent[] = [];

  constructor(version: Version) {
    this.#version = version;
  }

  /** At most the first 1,000. */
  get events(): readonly KubeletEvent[] {
    return this.#events;
  }

  /** A probe failed. */
  unhealthy(subject: ProbeSubject, output: string, at: Micros): void {
    this.#add(unhealthyEvent(subject, output, at));
  }

  /** A container is killed for its probe, and waits for its restart if `wait` is not 0. */
  killing(subject: ProbeSubject, wait: Micros, at: Micros): void {
    const { pod, container } = subject;
    this.#add({
      at,
      type: "Normal",
      reason: "Killing",
      pod,
      container,
      message: killingMessage(subject, this.#version),
    });
    if (wait === 0) return;
    const message = backOffMessage(subject, this.#version);
    this.#add({ at, type: "Warning", reason: "BackOff", pod, container, message });
  }

  #add(event: KubeletEvent): void {
    if (this.#events.length < EVENTS_KEPT) this.#events.push(event);
  }
}

/** Type, reason and message as `kubectl describe pod` puts them beside each other. */
export function eventText({ type, reason, message }: KubeletEvent): string {
  return `${type}  ${reason}  ${message}`;
}

/**
 * What the Event of a killed container says. Up to 1.13 it began with the container's id.
 *
 * Source: pkg/kubelet/kuberuntime/kuberuntime_manager.go computePodActions, v1.12 v1.23.
 */
export function killingMessage({ container, probeType }: ProbeSubject, version: Version): string {
  const probe = probeType.toLowerCase();
  if (isAtLeast(version, [1, 14, 0])) return `Container ${container} failed ${probe} probe, will be restarted`;
  return `Killing container with id docker://${container}:Container failed ${probe} probe.. Container will be killed and recreated.`;
}

/**
 * What the Event of a container that waits for its restart says. From 1.26 on it names container and pod (pull request
 * 113216).
 *
 * Source: pkg/kubelet/kuberuntime/kuberuntime_manager.go doBackOff, v1.23 v1.26.
 */
export function backOffMessage({ pod, container }: ProbeSubject, version: Version): string {
  const message = "Back-off restarting failed container";
  return isAtLeast(version, [1, 26, 0]) ? `${message} ${container} in pod ${podText(pod)}` : message;
}

/** The error under which the kubelet passes such a container over. Source: pkg/kubelet/kuberuntime/kuberuntime_manager.go doBackOff, v1.23. */
export function backOffError({ pod, container }: ProbeSubject, wait: Micros): string {
  return `back-off ${goDuration(Math.round(wait / SECOND))} restarting failed container=${container} pod=${podText(pod)}`;
}

/** `name_namespace(uid)`. Source: pkg/kubelet/util/format/pod.go Pod, v1.23. */
function podText(pod: string): string {
  const [namespace = "default", name = pod] = pod.split("/");
  return `${name}_${namespace}(${podUid(pod)})`;
}
