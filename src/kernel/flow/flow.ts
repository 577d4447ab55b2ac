import type { Netns } from "../netns.ts";
import type { Route } from "../routes.ts";
import type { SocketOwner } from "../tcp/socket_owner.ts";
import type { Tcp } from "../tcp/tcp.ts";
import type { DeferredKind } from "./deferred_connections.ts";
import type { Exchange } from "./exchange.ts";
import type { ExchangeEnds } from "./exchange_ends.ts";
import type { ExchangeFacts } from "./exchange_facts.ts";
import type { ExchangeWatch } from "./exchange_watch.ts";

/** The listening socket that a flow's connections come to. */
export interface FlowServer {
  readonly netns: Netns;
  readonly tcp: Tcp;
  readonly listener: number;
  readonly owner: SocketOwner;
}

/** What is known of a flow's connections that the server treats in one way. */
export interface FlowConduct {
  /** What those did that were watched. */
  watched: ExchangeFacts[];
  /** How many could not be watched to their end, or did something else than those before them. */
  refused: number;
}

/**
 * The connections that one client makes again and again, all alike: from the same namespace to the same address and
 * port, with the same request. Whoever opens them with `Tcp.connect(…, flow)` has nothing left to do in that event: when
 * the call comes back with `CARRIED`, the clock stands where the client is done.
 */
export class Flow {
  /** Bytes of each connection's request; 0 if it has none. */
  readonly requestBytes: number;
  server: FlowServer | undefined = undefined;
  /** The route to it, as of `changes`. */
  route: Route | undefined = undefined;
  /** What each connection does, by the server's conduct; absent until enough of them have been watched. */
  exchanges: (Exchange | undefined)[] = [];
  /** The same way: what those have in common whose rows wait. */
  deferred: (DeferredKind | undefined)[] = [];
  /** The same way: what is known before. */
  conducts: FlowConduct[] = [];
  /** `MachineGroup.changes` and `listenerChanges` when this was learnt. */
  changes = -1;
  listenerChanges = -1;
  /** The connection that is being watched. */
  watch: ExchangeWatch | undefined = undefined;
  /** What the connection did that was carried last. */
  last: ExchangeEnds | undefined = undefined;
  /** Connections carried so far. */
  carried = 0;

  constructor(requestBytes: number) {
    this.requestBytes = requestBytes;
  }
}
