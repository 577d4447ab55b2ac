import { longerInt32 } from "../../sim/columns.ts";
import type { Route } from "../routes.ts";
import type { SocketOwner } from "./socket_owner.ts";

const WORDS = 4;
const FIRST_CAPACITY = 256;

/** Words of a place; the first one of a free place is the next free one, or -1. */
export const OpenWord = { ISS: 0, SND_UNA: 1, LISTENER: 2, ACK_GENERATION: 3 } as const;

/**
 * What only open sockets need, for the socket table: a place is taken with a socket and given back when the socket ends or
 * enters TIME_WAIT, so that there are as many as sockets were open at once.
 */
export class OpenSockets {
  #words = new Int32Array(FIRST_CAPACITY * WORDS);
  readonly owners: (SocketOwner | undefined)[] = [];
  readonly routes: (Route | undefined)[] = [];
  #firstFree = -1;
  #used = 0;
  #ackGenerations = 0;

  word(place: number, word: number): number {
    return this.#words[WORDS * place + word]!;
  }

  setWord(place: number, word: number, value: number): void {
    this.#words[WORDS * place + word] = value;
  }

  /** A place without a route and a listener, whose ACK generation is new. */
  take(owner: SocketOwner | undefined): number {
    let place = this.#firstFree;
    if (place >= 0) this.#firstFree = this.word(place, OpenWord.ISS);
    else {
      place = this.#used;
      this.#used += 1;
      if (this.#used * WORDS > this.#words.length) this.#words = longerInt32(this.#words, 2 * this.#words.length);
    }
    this.setWord(place, OpenWord.ISS, 0);
    this.setWord(place, OpenWord.LISTENER, -1);
    this.renewAckGeneration(place);
    this.owners[place] = owner;
    this.routes[place] = undefined;
    return place;
  }

  giveBack(place: number): void {
    this.owners[place] = undefined;
    this.routes[place] = undefined;
    this.setWord(place, OpenWord.ISS, this.#firstFree);
    this.#firstFree = place;
  }

  /** Gives a number that no place has had: from 1 to 2^31 - 1, then from 1 again. */
  renewAckGeneration(place: number): void {
    this.#ackGenerations = this.#ackGenerations === 0x7fff_ffff ? 1 : this.#ackGenerations + 1;
    this.setWord(place, OpenWord.ACK_GENERATION, this.#ackGenerations);
  }
}
