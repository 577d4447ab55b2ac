import type { Ipv4, Port } from "../../units.ts";
import { longerFloat64, longerInt32, longerUint8 } from "../../sim/columns.ts";
import { hashTuple, packPorts } from "../tuple_index.ts";
import { RowChains } from "./row_chains.ts";
import type { RealServer } from "./virtual_service.ts";

/** Flags of a connection. Source: include/uapi/linux/ip_vs.h, v6.1. */
export const IpvsFlag = {
  INACTIVE: 1,
  NFCT: 2,
  /** A persistence template: it binds a client to a server and carries no packets; its client port is 0. */
  TEMPLATE: 4,
  /** A template of which a connection was established (IP_VS_CTPL_S_ASSURED). */
  ASSURED: 8,
  /** The connection was told to end now. */
  ENDS_NOW: 16,
} as const;

const FIRST_CAPACITY = 256;

/**
 * The connections of IPVS (`ip_vs_conn`) as columns, hashed by what a packet of each direction has: client and virtual
 * service, and client and real server. The kernel hashes the client's side only, so that its chains are as long as one
 * client address and port has connections: the connections that take probes' answers all have the pod's. Which
 * connection is found is the same: of several with one key, the newest.
 *
 * Source: net/netfilter/ipvs/ip_vs_conn.c, v6.1.
 */
export class IpvsConnectionTable {
  client = new Int32Array(FIRST_CAPACITY);
  virtual = new Int32Array(FIRST_CAPACITY);
  real = new Int32Array(FIRST_CAPACITY);
  /** Client port in the high half, virtual port in the low half. */
  ports = new Int32Array(FIRST_CAPACITY);
  realPort = new Int32Array(FIRST_CAPACITY);
  /** 0 for a free row. */
  protocol = new Uint8Array(FIRST_CAPACITY);
  state = new Uint8Array(FIRST_CAPACITY);
  flags = new Uint8Array(FIRST_CAPACITY);
  /** The moment that the timer was set to, as `ipvsadm -Lnc` counts down to it. */
  expires = new Float64Array(FIRST_CAPACITY);
  /** When the connection ends (up to a granule later), and when the event that looks at it is due. */
  due = new Float64Array(FIRST_CAPACITY);
  armedAt = new Float64Array(FIRST_CAPACITY);
  readonly server: (RealServer | undefined)[] = [];
  /** The template that a connection came from, as row + 1; 0 for none. */
  control = new Int32Array(FIRST_CAPACITY);
  /** A template's connections that have not ended. */
  controlled = new Int32Array(FIRST_CAPACITY);
  readonly #byVirtual = new RowChains(FIRST_CAPACITY);
  readonly #byReal = new RowChains(FIRST_CAPACITY);
  readonly #freeRows: number[] = [];
  #used = 0;
  #count = 0;
  #capacity = FIRST_CAPACITY;

  get count(): number {
    return this.#count;
  }

  /** Rows that have ever been used; a row is in use if its protocol is not 0. */
  get extent(): number {
    return this.#used;
  }

  /** A new row at the head of its chain. */
  // oxlint-disable-next-line max-params -- called per packet: an object would be allocated each time
  add(protocol: number, client: Ipv4, clientPort: Port, virtual: Ipv4, virtualPort: Port): number {
    let row = this.#freeRows.pop();
    if (row === undefined) {
      if (this.#used === this.#capacity) this.#grow();
      row = this.#used;
      this.#used += 1;
    }
    this.protocol[row] = protocol;
    this.client[row] = client;
    this.virtual[row] = virtual;
    this.ports[row] = packPorts(clientPort, virtualPort);
    this.state[row] = 0;
    this.flags[row] = 0;
    this.control[row] = 0;
    this.controlled[row] = 0;
    this.real[row] = 0;
    this.realPort[row] = 0;
    this.#link(row);
    this.#count += 1;
    return row;
  }

  /** Says which real server a connection leads to. */
  setServer(row: number, real: Ipv4, realPort: Port): void {
    this.#byReal.unlink(row, this.#hashByReal(row));
    this.real[row] = real;
    this.realPort[row] = realPort;
    this.#byReal.link(row, this.#hashByReal(row));
  }

  remove(row: number): void {
    this.#unlink(row);
    this.protocol[row] = 0;
    this.server[row] = undefined;
    this.#freeRows.push(row);
    this.#count -= 1;
  }

  /** Lets a template serve nobody any more. Source: net/netfilter/ipvs/ip_vs_conn.c ip_vs_check_template, v6.1. */
  invalidate(row: number): void {
    this.#unlink(row);
    this.ports[row] = packPorts(0, 0xffff);
    this.realPort[row] = 0xffff;
    this.#link(row);
  }

  /** The connection of a packet from the client: source is the client, destination the virtual service. */
  // oxlint-disable-next-line max-params -- called per packet: an object would be allocated each time
  findIn(protocol: number, src: Ipv4, sport: Port, dst: Ipv4, dport: Port): number {
    const ports = packPorts(sport, dport);
    const chains = this.#byVirtual;
    for (let row = chains.first(hashTuple(src, dst, ports, protocol)); row >= 0; row = chains.behind(row)) {
      if (
        this.ports[row] === ports &&
        this.client[row] === src &&
        this.virtual[row] === dst &&
        this.protocol[row] === protocol
      ) {
        return row;
      }
    }
    return -1;
  }

  /** The connection of a packet from the real server: source is the real server, destination the client. */
  // oxlint-disable-next-line max-params -- called per packet: an object would be allocated each time
  findOut(protocol: number, src: Ipv4, sport: Port, dst: Ipv4, dport: Port): number {
    const chains = this.#byReal;
    const hash = hashTuple(dst, src, packPorts(dport, sport), protocol);
    for (let row = chains.first(hash); row >= 0; row = chains.behind(row)) {
      if (
        this.ports[row]! >>> 16 === dport &&
        this.client[row] === dst &&
        this.real[row] === src &&
        this.realPort[row] === sport &&
        this.protocol[row] === protocol
      ) {
        return row;
      }
    }
    return -1;
  }

  /** The rows of all chains in which clients find their connections. */
  chained(): Generator<number> {
    return this.#byVirtual.rows();
  }

  /** The rows of all chains in which real servers find their connections. */
  chainedByServer(): Generator<number> {
    return this.#byReal.rows();
  }

  #hashByVirtual(row: number): number {
    return hashTuple(this.client[row]!, this.virtual[row]!, this.ports[row]!, this.protocol[row]!);
  }

  #hashByReal(row: number): number {
    const ports = packPorts(this.ports[row]! >>> 16, this.realPort[row]!);
    return hashTuple(this.client[row]!, this.real[row]!, ports, this.protocol[row]!);
  }

  #link(row: number): void {
    this.#byVirtual.link(row, this.#hashByVirtual(row));
    this.#byReal.link(row, this.#hashByReal(row));
  }

  #unlink(row: number): void {
    this.#byVirtual.unlink(row, this.#hashByVirtual(row));
    this.#byReal.unlink(row, this.#hashByReal(row));
  }

  #grow(): void {
    const capacity = this.#capacity * 2;
    this.client = longerInt32(this.client, capacity);
    this.virtual = longerInt32(this.virtual, capacity);
    this.real = longerInt32(this.real, capacity);
    this.ports = longerInt32(this.ports, capacity);
    this.realPort = longerInt32(this.realPort, capacity);
    this.protocol = longerUint8(this.protocol, capacity);
    this.state = longerUint8(this.state, capacity);
    this.control = longerInt32(this.control, capacity);
    this.controlled = longerInt32(this.controlled, capacity);
    this.flags = longerUint8(this.flags, capacity);
    this.expires = longerFloat64(this.expires, capacity);
    this.due = longerFloat64(this.due, capacity);
    this.armedAt = longerFloat64(this.armedAt, capacity);
    this.#capacity = capacity;
    this.#byVirtual.grow((row) => this.#hashByVirtual(row));
    this.#byReal.grow((row) => this.#hashByReal(row));
  }
}
