import type { EventLoop } from "../../sim/event_loop.ts";
import type { Micros } from "../../units.ts";
import type { Outcome } from "../clients.ts";
import type { ProbeOptions } from "../options.ts";

/** Bytes of a health check from the client: the opening of HTTP/2, the headers and a message that names no service. */
export const GRPC_REQUEST_BYTES = 190;

/**
 * A gRPC probe's way to connect: a dial that fails does not end the probe, since the client waits for a connection until
 * the probe's time is over. A check that was answered ends it at once, and the kubelet closes the connection first, so
 * that TIME_WAIT stays on the node.
 *
 * Source: pkg/probe/grpc/grpc.go Probe, v1.24.
 * Not modelled: the dials that follow a failed one, the first after a second (a probe with the default timeoutSeconds of 1
 * has none), so one that would succeed by then fails here; the segments in which HTTP/2 opens, which are one here; a RST
 * that the kubelet's close sends when the server has written something meanwhile.
 */
export class GrpcDial {
  readonly #loop: EventLoop;
  readonly #timeout: Micros;
  readonly #handler: number;
  #deadline: Micros = 0;
  #atDeadline: () => void = () => {};

  /** @param name of the probe worker. @param timeout of the whole probe. */
  constructor(loop: EventLoop, name: string, timeout: Micros) {
    this.#loop = loop;
    this.#timeout = timeout;
    this.#handler = loop.handler(`kubelet/${name}/grpc-deadline`, () => this.#atDeadline());
  }

  /** The probe begins now. */
  begin(): void {
    this.#deadline = this.#loop.now + this.#timeout;
  }

  /** Ends the probe with an outcome of its connection: now, or at its deadline if the dial failed before. */
  finish(outcome: Outcome, end: (outcome: Outcome) => void): void {
    const waits = !outcome.isSuccess && outcome.errno !== 0 && this.#loop.now < this.#deadline;
    if (!waits) {
      end(outcome);
      return;
    }
    this.#atDeadline = () => end(outcome);
    this.#loop.at(this.#deadline, this.#handler, 0);
  }
}

/**
 * What a failed gRPC probe says. Whatever kept it from connecting, the text is that of a timeout.
 *
 * Source: pkg/probe/grpc/grpc.go Probe, v1.24.
 */
export function grpcOutput(endpoint: string, { timeoutSeconds }: ProbeOptions, outcome: Outcome): string {
  const timeout = goDuration(timeoutSeconds);
  if (outcome.wasConnected && outcome.errno === 0) return `timeout: health rpc did not complete within ${timeout}`;
  return `timeout: failed to connect service "${endpoint}" within ${timeout}: context deadline exceeded`;
}

/** Whole seconds as Go prints a duration: `1s`, `1m30s`, `1h0m0s`. */
export function goDuration(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const rest = `${seconds % 60}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}
