import type { Micros } from "../../units.ts";
import type { Ipvs } from "../ipvs/ipvs.ts";
import { IpvsFlag } from "../ipvs/ipvs_connection_table.ts";
import { isSameTraffic } from "../ipvs/ipvs_stats.ts";
import { IpvsStats, type RealServer } from "../ipvs/virtual_service.ts";
import { Protocol } from "../packet.ts";
import type { IpvsFacts } from "./exchange_facts.ts";
import type { FlowTuple } from "./flow.ts";

/** Flags of connections that are not like others. */
const ODD_FLAGS = IpvsFlag.TEMPLATE | IpvsFlag.ENDS_NOW;

const NOTHING_COUNTED = new IpvsStats();

/** Watches what a connection that is watched does in IPVS, if it goes through a service. */
export class IpvsWatch {
  readonly #tuple: FlowTuple;
  readonly #ports: number;
  readonly #ipvs: Ipvs;
  readonly #real: RealServer;
  readonly #begins: Micros;
  readonly #before: IpvsStats;
  readonly #serviceBefore: IpvsStats;
  /** Its row, and when that was made; -1 as long as there is none. */
  #row = -1;
  #made: Micros = -1;

  /** @param ports of the client's tuple. */
  constructor(tuple: FlowTuple, ports: number, begins: Micros) {
    this.#tuple = tuple;
    this.#ports = ports;
    this.#ipvs = tuple.ipvs!;
    this.#real = tuple.real!;
    this.#begins = begins;
    this.#before = rise(NOTHING_COUNTED, this.#real.stats);
    this.#serviceBefore = rise(NOTHING_COUNTED, this.#real.service.stats);
  }

  /** An event of the connection's own has fired at this time, and is over. */
  look(time: Micros): void {
    if (this.#row >= 0) return;
    const { saddr, daddr, dport } = this.#tuple;
    this.#row = this.#ipvs.connections.findIn(Protocol.TCP, saddr, this.#ports >>> 16, daddr, dport);
    this.#made = time;
  }

  /** Whether others have been carried to the same service, so that what it has counted is not of this connection only. */
  get isShared(): boolean {
    return this.#real.service.stats.connections > this.#serviceBefore.connections + 1;
  }

  /** What the connection has left behind; `undefined` if another one might leave something else, or came to another server. */
  facts(): IpvsFacts | undefined {
    const row = this.#row;
    const { connections } = this.#ipvs;
    if (row < 0 || connections.server[row] !== this.#real || connections.control[row] !== 0) return undefined;
    const flags = connections.flags[row]!;
    // Without vs.conntrack each packet has an entry for a moment, which counts among the most there ever were.
    const isTracked = (flags & IpvsFlag.NFCT) !== 0 || this.#ipvs.netns.conntrack === undefined;
    if (!isTracked || (flags & ODD_FLAGS) !== 0 || !this.#ipvs.isSetAsUsual(row, this.#made)) return undefined;
    const traffic = rise(this.#before, this.#real.stats);
    const ofService = rise(this.#serviceBefore, this.#real.service.stats);
    if (!isSameTraffic(traffic, ofService) || traffic.connections !== 1) return undefined;
    return {
      state: connections.state[row]!,
      flags,
      begins: this.#made - this.#begins,
      expires: connections.expires[row]! - this.#begins,
      traffic,
    };
  }
}

function rise(before: IpvsStats, now: IpvsStats): IpvsStats {
  return {
    connections: now.connections - before.connections,
    inPackets: now.inPackets - before.inPackets,
    outPackets: now.outPackets - before.outPackets,
    inBytes: now.inBytes - before.inBytes,
    outBytes: now.outBytes - before.outBytes,
  };
}
