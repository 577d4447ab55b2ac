import type { Port } from "../../units.ts";
import type { PortCandidate, PortChoice } from "../decisions/decision.ts";
import { PortSearch } from "./port_search.ts";

/** Candidates that are kept with their reasons; a search that goes further is only counted. */
const CANDIDATES_KEPT = 64;

/** A search for a source port that notes why each candidate was taken or passed over. */
export class TracedPortSearch extends PortSearch {
  /** The cursor before the search, and its row in the table of cursors. */
  cursor = 0;
  row = 0;
  #candidates: PortCandidate[] = [];

  /** Forgets the candidates of the search before. */
  restart(place: { readonly cursor: number; readonly row: number }): void {
    this.cursor = place.cursor;
    this.row = place.row;
    this.#candidates = [];
  }

  override isUsable(port: Port): boolean {
    const isUsable = super.isUsable(port);
    if (this.#candidates.length < CANDIDATES_KEPT)
      this.#candidates.push({ port, verdict: isUsable ? "taken" : "passed over", why: this.#why(port, isUsable) });
    return isUsable;
  }

  /** Each candidate is looked at, for its reason. */
  override passOver(): number {
    return 0;
  }

  /** What the search came to. */
  choice(): PortChoice {
    const { low, high, cursor, row, hashLow, hashHigh, examined } = this;
    const hash = { hashLow: hashLow >>> 0, hashHigh: hashHigh >>> 0 };
    return { low, high, cursor, row, ...hash, examined, candidates: this.#candidates };
  }

  #why(port: Port, isUsable: boolean): string {
    const { netns } = this;
    if (netns.sysctls.reservedPorts[port] === 1) return "it is in ip_local_reserved_ports";
    if (netns.ports.owners(port) === 0) return "nobody owns it";
    if (netns.ports.isClosedToConnect(port)) return "a socket is bound to it";
    if (!isUsable) return "this very 4-tuple is in use or in TIME_WAIT";
    return this.reusedTimeWait >= 0
      ? "a TIME_WAIT entry of this 4-tuple is taken over (tcp_tw_reuse)"
      : "only connections to other destinations use it";
  }
}
