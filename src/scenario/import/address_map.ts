import { formatIpv4, type Ipv4, parseIpv4, prefixMask } from "../../units.ts";

/** A range of addresses that keeps its character: what is private stays private. */
interface AddressClass {
  readonly base: Ipv4;
  readonly length: number;
}

const CLASSES: readonly AddressClass[] = [
  { base: addressOf("10.0.0.0"), length: 8 },
  { base: addressOf("172.16.0.0"), length: 12 },
  { base: addressOf("192.168.0.0"), length: 16 },
  { base: addressOf("100.64.0.0"), length: 10 },
];

/** What all other addresses become part of: set aside for tests, never routed (RFC 2544). */
const PUBLIC: AddressClass = { base: addressOf("198.18.0.0"), length: 15 };

/** The same once two /16 or as many smaller networks have used those up: reserved, and nobody's (RFC 1112). */
const RESERVED: AddressClass = { base: addressOf("240.0.0.0"), length: 4 };

/** Shared by all machines: these tell nothing and mean something. */
const KEPT: readonly AddressClass[] = [
  { base: addressOf("127.0.0.0"), length: 8 },
  { base: addressOf("169.254.0.0"), length: 16 },
  { base: addressOf("0.0.0.0"), length: 8 },
];

/** A network and how many of its hosts have been given out. */
interface Block {
  readonly base: Ipv4;
  readonly length: number;
  next: number;
}

/**
 * Other addresses for those of a cluster. Networks that are written with a prefix, and all /24, stay together: two
 * addresses share one exactly if their replacements do. The bits of a network are numbered in the order in which its
 * branches come, hosts from 1 on, so that nothing of the original is left and no host becomes a broadcast address.
 * Private ranges stay the private ranges they are; public addresses come from 198.18.0.0/15, and from 240.0.0.0/4 once
 * that is used up.
 */
export class AddressMap {
  readonly #networks: readonly { readonly base: Ipv4; readonly length: number }[];
  readonly #blocks = new Map<string, Block>();
  readonly #branches = new Map<string, number>();
  readonly #hosts = new Map<Ipv4, Ipv4>();
  #publicNext = 0;

  /** @param networks such as `10.10.85.105/24`, with any address in it. */
  constructor(networks: readonly string[]) {
    const read = networks.flatMap((text) => {
      const [first = "", length = ""] = text.split("/");
      const address = parseIpv4(first);
      const bits = Number(length);
      return address === undefined || bits > 30 || bits < 8 ? [] : [{ base: address & prefixMask(bits), length: bits }];
    });
    this.#networks = read.toSorted((a, b) => b.length - a.length);
    // The shorter come first, so that the longer lie inside them.
    for (const { base, length } of read.toSorted((a, b) => a.length - b.length)) this.#block(base, length);
  }

  /** The replacement of an address; a text that is none comes back as it is. */
  of(text: string): string {
    const address = parseIpv4(text);
    return address === undefined ? text : formatIpv4(this.#host(address));
  }

  /** The replacement of `10.10.85.105/24`. */
  withPrefix(text: string): string {
    return text.replace(/^[^/]*/, (address) => this.of(address));
  }

  /** The replacement of a network such as `10.10.0.0/16`: the network of its replacement. */
  network(text: string): string {
    const [first = "", length = ""] = text.split("/");
    const address = parseIpv4(first);
    const bits = Number(length);
    if (address === undefined || isIn(address, KEPT)) return text;
    if (bits > 30 || bits < 8) return this.withPrefix(text);
    return `${formatIpv4(this.#block(address & prefixMask(bits), bits).base)}/${bits}`;
  }

  /** The originals by their replacements. */
  table(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#hosts].map(([from, to]) => [formatIpv4(to), formatIpv4(from)]));
  }

  #host(address: Ipv4): Ipv4 {
    if (isIn(address, KEPT)) return address;
    const known = this.#hosts.get(address);
    if (known !== undefined) return known;
    const inside = this.#networks.find(({ base, length }) => (address & prefixMask(length)) === base);
    const length = Math.max(24, inside?.length ?? 24);
    const made = this.#nextHost(this.#block(address & prefixMask(length), length));
    this.#hosts.set(address, made);
    return made;
  }

  /** Hosts from 1 on; the two ends of a block come last, since in most networks they are no hosts. */
  #nextHost(block: Block): Ipv4 {
    const size = 2 ** (32 - block.length);
    for (;;) {
      block.next += 1;
      const place = block.next < size - 1 ? block.next : block.next === size - 1 ? 0 : size - 1;
      const made = (block.base + place) | 0;
      // A /24 may hold longer networks, whose hosts are their own.
      if (block.next >= size || !this.#isTaken(made, block)) return made;
    }
  }

  #isTaken(made: Ipv4, own: Block): boolean {
    for (const block of this.#blocks.values())
      if (block.length > own.length && (made & prefixMask(block.length)) === block.base) return true;
    return false;
  }

  /** The replacement of a network: branch by branch below its class. */
  #block(base: Ipv4, length: number): Block {
    const key = `${base}/${length}`;
    const known = this.#blocks.get(key);
    if (known !== undefined) return known;
    const own = CLASSES.find((one) => length >= one.length && (base & prefixMask(one.length)) === one.base);
    const made = {
      base: own === undefined ? this.#publicBase(base, length) : this.#branch(base, length, own),
      length,
      next: 0,
    };
    this.#blocks.set(key, made);
    return made;
  }

  #branch(base: Ipv4, length: number, { base: start, length: from }: AddressClass): Ipv4 {
    let made = start;
    for (let bit = from; bit < length; bit += 1) {
      const parent = `${base & prefixMask(bit)}/${bit}`;
      const side = (base >>> (31 - bit)) & 1;
      // The first branch that comes is 0, the other 1.
      const first = this.#branches.get(parent) ?? side;
      this.#branches.set(parent, first);
      if (side !== first) made |= 1 << (31 - bit);
    }
    return made | 0;
  }

  /** Public networks lie side by side; one inside another that is written, or inside a /24, keeps its place there. */
  #publicBase(base: Ipv4, length: number): Ipv4 {
    const around = this.#networks.find((one) => one.length < length && (base & prefixMask(one.length)) === one.base);
    const outer = Math.max(around?.length ?? 0, length > 24 ? 24 : 0);
    if (outer >= PUBLIC.length) return this.#branch(base, length, this.#block(base & prefixMask(outer), outer));
    const size = 2 ** (32 - Math.max(length, PUBLIC.length));
    const start = Math.ceil(this.#publicNext / size) * size;
    this.#publicNext = start + size;
    const room = 2 ** (32 - PUBLIC.length);
    return (start < room ? PUBLIC.base + start : RESERVED.base + start - room) | 0;
  }
}

function isIn(address: Ipv4, classes: readonly AddressClass[]): boolean {
  return classes.some(({ base, length }) => (address & prefixMask(length)) === base);
}

function addressOf(text: string): Ipv4 {
  return parseIpv4(text) ?? 0;
}
