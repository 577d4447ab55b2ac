import type { ConntrackTable } from "../conntrack/conntrack_table.ts";
import type { SocketTable } from "../tcp/socket_table.ts";
import type { ExchangeFacts } from "./exchange_facts.ts";

/** A sequence number as its connection's initial ones give it: 0 plus, or the client's or the server's plus `offset`. */
export interface SequenceRule {
  readonly base: 0 | 1 | 2;
  readonly offset: number;
}

/** The rules of all sequence numbers that a connection leaves behind. */
export class SequenceRules {
  readonly #bases: Uint8Array;
  readonly #offsets: Int32Array;

  constructor(rules: readonly SequenceRule[]) {
    this.#bases = Uint8Array.from(rules, ({ base }) => base);
    this.#offsets = Int32Array.from(rules, ({ offset }) => offset);
  }

  /** Whether a connection with these initial numbers has left behind what the rules give. */
  hold({ initial: [client, server], sequences }: Pick<ExchangeFacts, "initial" | "sequences">): boolean {
    return sequences.every((value, rule) => value === this.value(rule, client, server));
  }

  /** The number that a rule gives for a connection with these initial numbers. */
  value(rule: number, client: number, server: number): number {
    const base = this.#bases[rule]!;
    return (this.#offsets[rule]! + (base === 1 ? client : base === 2 ? server : 0)) | 0;
  }
}

/** How many sequence numbers a TIME_WAIT entry has. */
export const WAIT_SEQUENCES = 2;

/** How many sequence numbers a conntrack entry has. */
export const ENTRY_SEQUENCES = 7;

/** The sequence numbers of a TIME_WAIT entry. */
export function waitSequences(sockets: SocketTable, slot: number): readonly number[] {
  return [sockets.sndNxt(slot), sockets.rcvNxt(slot)];
}

/** The sequence numbers of a conntrack entry. */
export function entrySequences(table: ConntrackTable, slot: number): readonly number[] {
  const { memory } = table;
  const [original, reply] = [2 * slot, 2 * slot + 1];
  return [
    memory.maxAck(original),
    memory.maxAck(reply),
    memory.sentEnd(original),
    memory.sentEnd(reply),
    memory.lastSeq(slot),
    memory.lastAck(slot),
    table.lastEnd(slot),
  ];
}

/**
 * The rule that gives all of several connections' numbers; `undefined` if none does.
 *
 * @param initial the initial numbers of client and server, by connection.
 * @param values the numbers in question, by connection.
 */
export function ruleOf(
  initial: readonly (readonly [number, number])[],
  values: readonly number[],
): SequenceRule | undefined {
  for (const base of [0, 1, 2] as const) {
    const offsets = values.map((value, index) => (value - (base === 0 ? 0 : initial[index]![base - 1]!)) | 0);
    if (offsets.every((offset) => offset === offsets[0])) return { base, offset: offsets[0]! };
  }
  return undefined;
}
