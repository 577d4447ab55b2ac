import type { RandomStream } from "../../sim/random.ts";
import type { MachineGroup } from "../machine_group.ts";

/** What a rule makes of a number drawn from [0, 1): which of its ways a packet goes. */
export type Decision = (unit: number) => number;

/** A decision that rules have not come to yet, and what it will be as long as nobody else draws. */
export interface ForeseenDraw {
  readonly decide: Decision;
  readonly outcome: number;
}

/** What the rules of one kind in a namespace decide by chance, all from one stream, and what they would decide next. */
export class RuleDraws {
  readonly #random: RandomStream;
  readonly #group: MachineGroup;
  #hasCounters = false;
  /** The draws of rules that only look ahead; `undefined` while none do. */
  #foreseen: ForeseenDraw[] | undefined = undefined;

  constructor(random: RandomStream, group: MachineGroup) {
    this.#random = random;
    this.#group = group;
  }

  /** Draws a number, and decides. */
  draw(decide: Decision): number {
    if (this.#foreseen !== undefined) return this.#lookAhead(decide, this.#foreseen);
    this.#group.noteChance();
    return decide(this.#random.uniform());
  }

  #lookAhead(decide: Decision, foreseen: ForeseenDraw[]): number {
    const outcome = decide(this.#random.peek(foreseen.length));
    foreseen.push({ decide, outcome });
    return outcome;
  }

  /** A rule has decided by a count of packets. */
  noteCount(): void {
    this.#group.noteChance();
  }

  /** There is a rule that counts packets: what such a one decides cannot be told without counting one. */
  noteCounter(): void {
    this.#hasCounters = true;
  }

  /** Whether they come from this stream, which others may draw from, too. */
  areFrom(random: RandomStream): boolean {
    return this.#random === random;
  }

  /**
   * Lets rules decide without a packet: what they draw, the next one will draw.
   *
   * @returns their draws; `undefined` if they cannot be told beforehand.
   */
  foresee(run: () => void): readonly ForeseenDraw[] | undefined {
    if (this.#hasCounters) return undefined;
    const foreseen: ForeseenDraw[] = [];
    this.#foreseen = foreseen;
    run();
    this.#foreseen = undefined;
    return foreseen;
  }

  /** What a decision will be that comes after `before` others. */
  outcomeOf(decide: Decision, before: number): number {
    return decide(this.#random.peek(before));
  }

  /** A packet that was not sent has made so many draws. */
  take(draws: number): void {
    for (let draw = 0; draw < draws; draw += 1) this.#random.uniform();
  }
}
