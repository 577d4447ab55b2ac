import type { Machine } from "../../kernel/machine.ts";
import { DOUBLE_ZERO } from "../../sim/double_zero.ts";
import type { EventLoop } from "../../sim/event_loop.ts";
import type { RandomStream } from "../../sim/random.ts";
import { type Micros, SECOND } from "../../units.ts";
import type { Clients, ClientSpec, Outcome } from "../clients.ts";
import type { ProbeOptions } from "../options.ts";

/** Bytes of a health check from the client: the opening of HTTP/2, the headers and a message that names no service. */
export const GRPC_REQUEST_BYTES = 190;

/** How long a client waits before it dials again: a second, then 1.6 times as long each time, up to a fifth more or less. */
const FIRST_WAIT: Micros = SECOND;
const FACTOR = 1.6;
const JITTER = 0.2;
const LONGEST_WAIT: Micros = 120 * SECOND;

/** What a gRPC probe's dials need. */
export interface GrpcDialOptions {
  /** The probe worker's name. */
  readonly name: string;
  readonly machine: Machine;
  readonly clients: Clients;
  /** What each dial does; its timeout is that of the whole probe. */
  readonly spec: ClientSpec;
}

/**
 * A gRPC probe's way to connect: a dial that fails does not end the probe, since the client dials again, after longer and
 * longer waits, until the probe's time is over. A check that was answered ends it at once, and the kubelet closes the
 * connection first, so that TIME_WAIT stays on the node.
 *
 * Source: pkg/probe/grpc/grpc.go Probe, v1.24; google.golang.org/grpc/internal/backoff/backoff.go Backoff, v1.40.
 * Not modelled: the segments in which HTTP/2 opens, which are one here; a RST that the kubelet's close sends when the server
 * has written something meanwhile.
 */
export class GrpcDial {
  readonly #options: GrpcDialOptions;
  readonly #loop: EventLoop;
  readonly #jitter: RandomStream;
  readonly #dialHandler: number;
  readonly #deadlineHandler: number;
  /** The number of the probe: an event of an earlier one does nothing. */
  #serial = 0;
  #deadline: Micros = DOUBLE_ZERO;
  #dials = 0;
  #isDialing = false;
  #row = -1;
  #endAtDeadline: () => void = () => {};

  constructor(options: GrpcDialOptions) {
    const { machine, name } = options;
    this.#options = options;
    this.#loop = machine.loop;
    this.#jitter = machine.random.stream(`kubelet/${name}/grpc-backoff`);
    this.#dialHandler = this.#loop.handler(`kubelet/${name}/grpc-dials`, (serial) => {
      if (serial === this.#serial) this.#dial();
    });
    this.#deadlineHandler = this.#loop.handler(`kubelet/${name}/grpc-deadline`, (serial) => {
      if (serial === this.#serial) this.#giveUp();
    });
  }

  /** Begins a probe. */
  begin(): void {
    this.#serial += 1;
    this.#deadline = this.#loop.now + this.#options.spec.timeout;
    this.#dials = 0;
    this.#dial();
  }

  /** Takes the outcome of a dial, which ends the probe unless the dial failed before its time was over. */
  finish(outcome: Outcome, end: (outcome: Outcome) => void): void {
    this.#isDialing = false;
    const isOver = outcome.isSuccess || outcome.errno === 0 || this.#loop.now >= this.#deadline;
    if (isOver) {
      this.#serial += 1;
      end(outcome);
      return;
    }
    this.#endAtDeadline = () => {
      this.#serial += 1;
      end(outcome);
    };
    if (this.#dials === 1) this.#loop.at(this.#deadline, this.#deadlineHandler, this.#serial);
    const next = this.#loop.now + this.#wait();
    if (next < this.#deadline) this.#loop.at(next, this.#dialHandler, this.#serial);
  }

  #dial(): void {
    this.#dials += 1;
    this.#isDialing = true;
    const row = this.#options.clients.open(this.#options.spec);
    // A dial may fail before it returns.
    if (this.#isDialing) this.#row = row;
  }

  #giveUp(): void {
    if (this.#isDialing) this.#options.clients.timeOut(this.#row);
    else this.#endAtDeadline();
  }

  #wait(): Micros {
    let wait = FIRST_WAIT;
    for (let dial = 1; dial < this.#dials && wait < LONGEST_WAIT; dial += 1) wait *= FACTOR;
    if (this.#dials > 1) wait *= 1 + JITTER * (2 * this.#jitter.uniform() - 1);
    return Math.round(wait);
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
