import type { Micros } from "../../units.ts";
import { type IpvsTraffic, isSameTraffic } from "../ipvs/ipvs_stats.ts";
import type { ScheduleFacts } from "./exchange_schedule.ts";
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
  /** Whose tuples it has: the client's, the server's, or the client's and in the reply direction the server's, where it is translated. */
  readonly tuples: "client" | "both" | "server";
  readonly status: number;
  readonly state: number;
  readonly lastDirection: number;
  readonly lastInput: number;
  readonly retransmits: number;
  /** When it expires and when its timer fires, from connect() on; the timer is -1 where there is none. */
  readonly expires: Micros;
  readonly timer: Micros;
}

/** The connection that one leaves behind in IPVS, if it went through a service. */
export interface IpvsFacts {
  readonly state: number;
  readonly flags: number;
  /** When it was made, and when its timer is set to, from connect() on. */
  readonly begins: Micros;
  readonly expires: Micros;
  /** What its real server and its service have counted. */
  readonly traffic: IpvsTraffic;
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
  /** Whether no other connection was carried or sent packets meanwhile: then the tables have been seen to gain nothing else. */
  readonly isAlone: boolean;
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
  /** Its events; `undefined` where they do not tell. */
  readonly schedule: ScheduleFacts | undefined;
  /** Packets sent, by machine. */
  readonly packets: readonly number[];
  /** How much the meters of each namespace rose in which any did. */
  readonly rises: readonly MeterRise[];
  readonly waits: readonly WaitFacts[];
  readonly entries: readonly EntryFacts[];
  readonly ipvs: IpvsFacts | undefined;
  /** When rules chose another destination; `undefined` if they did not. */
  readonly translated: Micros | undefined;
}

/** Whether two connections did the same, whichever namespaces they came by. */
export function hasSameShape(one: ExchangeConstants, other: ExchangeConstants): boolean {
  return (
    one.duration === other.duration &&
    one.finishes === other.finishes &&
    one.connects === other.connects &&
    one.synArrives === other.synArrives &&
    one.events === other.events &&
    isSameSchedule(one.schedule, other.schedule) &&
    isSame(one.packets, other.packets) &&
    areAllAlike(one.rises, other.rises, ({ values }, { values: others }) => isSame(values, others)) &&
    areAllAlike(one.waits, other.waits, isSameWait) &&
    areAllAlike(one.entries, other.entries, isSameEntry) &&
    isSameIpvs(one.ipvs, other.ipvs) &&
    one.translated === other.translated
  );
}

/** Whether two connections did the same in the same namespaces. */
export function isSameExchange(one: ExchangeConstants, other: ExchangeConstants): boolean {
  return hasSameShape(one, other) && one.rises.every(({ place }, index) => place === other.rises[index]!.place);
}

function isSameWait(one: WaitFacts, other: WaitFacts): boolean {
  return one.side === other.side && one.begins === other.begins && one.flags === other.flags;
}

function isSameEntry(one: EntryFacts, other: EntryFacts): boolean {
  return (
    one.netns === other.netns &&
    one.tuples === other.tuples &&
    one.status === other.status &&
    one.state === other.state &&
    one.lastDirection === other.lastDirection &&
    one.lastInput === other.lastInput &&
    one.retransmits === other.retransmits &&
    one.expires === other.expires &&
    one.timer === other.timer
  );
}

function isSameIpvs(one: IpvsFacts | undefined, other: IpvsFacts | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return (
    one.state === other.state &&
    one.flags === other.flags &&
    one.begins === other.begins &&
    one.expires === other.expires &&
    isSameTraffic(one.traffic, other.traffic)
  );
}

function isSameSchedule(one: ScheduleFacts | undefined, other: ScheduleFacts | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return (
    isSame(one.after, other.after) &&
    isSame(one.scheduledIn, other.scheduledIn) &&
    one.finish === other.finish &&
    one.scheduledBeforeFinish === other.scheduledBeforeFinish &&
    one.wait === other.wait
  );
}

function isSame(one: readonly number[], other: readonly number[]): boolean {
  return areAllAlike(one, other, Object.is);
}

function areAllAlike<T>(one: readonly T[], other: readonly T[], isAlike: (one: T, other: T) => boolean): boolean {
  return one.length === other.length && one.every((value, index) => isAlike(value, other[index]!));
}
