import type { Micros } from "../../units.ts";
import type { MeterRise } from "./meters.ts";

/** A TIME_WAIT entry that a connection leaves behind. */
export interface WaitFacts {
  readonly side: "client" | "server";
  /** When it began, from connect() on. */
  readonly begins: Micros;
  readonly flags: number;
}

/** The conntrack entry that a connection leaves behind in one namespace. */
export interface EntryFacts {
  /** The namespace's place among all of the group. */
  readonly netns: number;
  readonly status: number;
  readonly state: number;
  readonly lastDirection: number;
  readonly lastInput: number;
  readonly retransmits: number;
  /** When it expires and when its timer fires, from connect() on; the timer is -1 where there is none. */
  readonly expires: Micros;
  readonly timer: Micros;
}

/**
 * What one connection did, from connect() until its last packet had arrived: all that a later one of its kind does, too,
 * in `constants`, and the sequence numbers that depend on its own initial ones.
 */
export interface ExchangeFacts {
  readonly constants: ExchangeConstants;
  /** The initial sequence numbers of client and server. */
  readonly initial: readonly [number, number];
  /** Of each TIME_WAIT entry snd_nxt and rcv_nxt; of each conntrack entry those of `entrySequences`. */
  readonly sequences: readonly number[];
}

/** See `ExchangeFacts`. Times count from connect() on. */
export interface ExchangeConstants {
  /** Until the last packet had arrived, rounded up. */
  readonly duration: Micros;
  /** Until the client had its answer and had closed. */
  readonly finishes: Micros;
  /** Until the client's handshake was complete. */
  readonly connects: Micros;
  /** Until the server chose its initial sequence number. */
  readonly synArrives: Micros;
  readonly events: number;
  /** Packets sent, by machine. */
  readonly packets: readonly number[];
  /** How much the meters of each namespace rose in which any did. */
  readonly rises: readonly MeterRise[];
  readonly waits: readonly WaitFacts[];
  readonly entries: readonly EntryFacts[];
}
