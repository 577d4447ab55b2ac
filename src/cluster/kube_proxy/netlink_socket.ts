import type { RandomStream } from "../../sim/random.ts";
import type { Micros } from "../../units.ts";

/** The goroutines of kube-proxy that talk to IPVS. */
export type NetlinkUser = "sync" | "termination";

/**
 * From a request to the answer in hand. The log in issue 71071 shows 90 to 180 us between lines with one request each.
 */
export const NETLINK_REQUEST_TIME: Micros = 100;

/** Requests one after the other, each sent when the answer to the one before has been read. */
interface Train {
  readonly start: Micros;
  readonly requests: number;
}

/** The request that a train has under way. */
interface Pending {
  readonly user: NetlinkUser;
  readonly train: Train;
  /** Its place in the train, from 0. */
  place: number;
  /** When the kernel puts the answer into the socket's queue, and when the caller reads. */
  answeredAt: Micros;
  readAt: Micros;
}

/**
 * One netlink socket that two goroutines use without a lock. Whoever reads takes the oldest answer and throws it away if
 * it is not his own; the other one then waits for ever for an answer that is gone.
 *
 * Source: vendor/github.com/docker/libnetwork/ipvs/netlink.go execute, v1.12.2. See issue 71071 and pull request
 * 72361, which put a lock around each call.
 * Not modelled: dumps that are cut in two (a reader could take the end of another's list), and the time a request takes
 * varies only in where in it the kernel answers: anywhere, all moments alike.
 */
export class NetlinkSocket {
  readonly #random: RandomStream;
  readonly #trains = new Map<NetlinkUser, Train>();

  constructor(random: RandomStream) {
    this.#random = random;
  }

  /**
   * A goroutine begins to send requests at `now`.
   *
   * @returns who waits for ever from now on because the other one reads his answer, or `undefined`. O(requests that
   * overlap until one is lost).
   */
  begin(user: NetlinkUser, requests: number, now: Micros): NetlinkUser | undefined {
    const own: Train = { start: now, requests };
    const otherUser: NetlinkUser = user === "sync" ? "termination" : "sync";
    const other = this.#trains.get(otherUser);
    this.#trains.set(user, own);
    if (requests === 0 || other === undefined || endOf(other) <= now) return undefined;
    const done = Math.floor((now - other.start) / NETLINK_REQUEST_TIME);
    const pending = [this.#send(user, own, 0), this.#send(otherUser, other, done)] as const;
    return this.#firstLoser(pending[0], pending[1]);
  }

  #firstLoser(one: Pending, two: Pending): NetlinkUser | undefined {
    while (one.place < one.train.requests && two.place < two.train.requests) {
      const [reader, other] = one.readAt <= two.readAt ? [one, two] : [two, one];
      if (other.answeredAt < reader.answeredAt) return other.user;
      Object.assign(reader, this.#send(reader.user, reader.train, reader.place + 1));
    }
    return undefined;
  }

  #send(user: NetlinkUser, train: Train, place: number): Pending {
    const sentAt = train.start + place * NETLINK_REQUEST_TIME;
    const answeredAt = sentAt + this.#random.uniform() * NETLINK_REQUEST_TIME;
    return { user, train, place, answeredAt, readAt: sentAt + NETLINK_REQUEST_TIME };
  }
}

function endOf({ start, requests }: Train): Micros {
  return start + requests * NETLINK_REQUEST_TIME;
}
