import { Protocol } from "../packet.ts";
import { NftCursor, quote } from "./nft_cursor.ts";
import type { NftProblem, NftToken } from "./nft_cursor.ts";
import { datatypeOf, isAtKey, readKey } from "./nft_fields.ts";
import type { NftDatatype, NftKeyReading } from "./nft_fields.ts";
import type { NftElement, NftKey, NftMapElement, NftStatement, NftTarget } from "./nft_ruleset.ts";
import { findOverlap, readElements, skipRemarks } from "./nft_sets.ts";
import type { NftSet, NftSetElement } from "./nft_sets.ts";
import { isAtVerdict, onlyNumber, readDnatSuffix, readDnatTarget } from "./nft_targets.ts";
import { readMasquerade, readReject, readVerdict } from "./nft_targets.ts";
import { readElement } from "./nft_values.ts";
import type { DnatTarget } from "./ruleset.ts";

const MARK_MOST = 0xffffffff;

/** Operators on the mark, those that bind tighter first. */
const MARK_OPERATORS = [
  ["and", "&"],
  ["xor", "^"],
  ["or", "|"],
] as const;

/**
 * Reads the statements of one rule.
 *
 * Not modelled: `log`, `limit`, `snat`, `redirect`, `update`, `notrack` and all others; comparisons other than `==` and
 * `!=`; variables.
 *
 * @param tokens the rule without what ends it.
 * @param sets the named sets of its table.
 * @param problems where what is wrong is added.
 */
export function readNftRule(
  tokens: readonly NftToken[],
  sets: ReadonlyMap<string, NftSet>,
  problems: NftProblem[],
): NftStatement[] | undefined {
  return new RuleReader(new NftCursor(tokens, problems), sets).read();
}

class RuleReader {
  readonly #cursor: NftCursor;
  readonly #sets: ReadonlyMap<string, NftSet>;
  readonly #statements: NftStatement[] = [];
  #hasProtocol = false;
  #isDecided = false;

  constructor(cursor: NftCursor, sets: ReadonlyMap<string, NftSet>) {
    this.#cursor = cursor;
    this.#sets = sets;
  }

  read(): NftStatement[] | undefined {
    const cursor = this.#cursor;
    while (!cursor.isAtEnd) {
      if (!skipRemarks(cursor)) return undefined;
      if (cursor.isAtEnd) break;
      if (this.#isDecided) return cursor.fail(`${quote(cursor.token)} stands behind the rule's verdict`);
      if (!this.#readStatement()) return undefined;
    }
    return this.#statements;
  }

  #readStatement(): boolean {
    const cursor = this.#cursor;
    if (isAtVerdict(cursor)) return this.#decide(readVerdict(cursor));
    if (cursor.take("masquerade")) return this.#decide(readMasquerade(cursor));
    if (cursor.take("reject")) return this.#decide(readReject(cursor));
    if (cursor.take("dnat")) return this.#readDnat();
    if (isAtKey(cursor)) return this.#readKeyStatement();
    cursor.fail(`the statement ${quote(cursor.token)} is not modelled`);
    return false;
  }

  /** Ends the rule with a target. nft refuses ports in a rule that has not asked for the protocol. */
  #decide(target: NftTarget | undefined): boolean {
    if (target === undefined) return false;
    if (target.kind === "reject" && target.answer === "tcp-reset") this.#requireProtocol(Protocol.TCP);
    const isTranslation = target.kind === "dnat" || target.kind === "masquerade";
    if (isTranslation && target.portLow !== undefined && !this.#mayNamePorts()) return false;
    this.#statements.push({ kind: "verdict", target });
    this.#isDecided = true;
    return true;
  }

  #mayNamePorts(): boolean {
    if (!this.#hasProtocol) this.#cursor.fail("a port needs a match of the protocol before it, as `meta l4proto tcp`");
    return this.#hasProtocol;
  }

  /** What begins with a key: `KEY [== | !=] VALUE`, `KEY vmap MAP` or `mark set VALUE`. */
  #readKeyStatement(): boolean {
    const cursor = this.#cursor;
    const reading = readKey(cursor);
    if (reading === undefined) return false;
    if (cursor.take("set")) return this.#readSetMark(reading);
    if (reading.protocol !== undefined) this.#requireProtocol(reading.protocol);
    if (cursor.take("vmap")) {
      const set = this.#readSet(reading.key, "verdict");
      const elements = set?.elements.flatMap(({ element, target }) =>
        target === undefined ? [] : { element, target },
      );
      return this.#map(reading, elements);
    }
    return this.#readMatch(reading);
  }

  #readMatch({ key }: NftKeyReading): boolean {
    const cursor = this.#cursor;
    const isNegated = cursor.takeAny(["!=", "ne"]) !== undefined;
    if (!isNegated) cursor.takeAny(["==", "eq"]);
    const elements = this.#readOperand(key);
    if (elements === undefined) return false;
    this.#statements.push({ kind: "match", key, elements, isNegated });
    if (!isNegated && key.some(({ kind }) => kind === "protocol")) this.#hasProtocol = true;
    return true;
  }

  /** A set, a set's name, one element, or several states with commas between them. */
  #readOperand(key: NftKey): NftElement[] | undefined {
    const cursor = this.#cursor;
    const types = key.map(datatypeOf);
    if (cursor.isAt("{") || cursor.isAt("@"))
      return this.#readSet(key, "nothing")?.elements.map(({ element }) => element);
    const elements: NftElement[] = [];
    do {
      const element = readElement(cursor, types);
      if (element === undefined) return undefined;
      elements.push(element);
    } while (types[0] === "ct_state" && types.length === 1 && cursor.take(","));
    return elements;
  }

  /** `@name` or `{ … }`, whose keys have the types of this key and whose elements lead to this. */
  #readSet(key: NftKey, result: "nothing" | "verdict" | readonly NftDatatype[]): NftSet | undefined {
    const cursor = this.#cursor;
    const types = key.map(datatypeOf);
    if (!cursor.take("@")) {
      const elements = readElements(cursor, types, result);
      return elements === undefined ? undefined : this.#checked({ types, result, elements });
    }
    const name = cursor.name("set");
    if (name === undefined) return undefined;
    const set = this.#sets.get(name);
    if (set === undefined) return cursor.fail(`the set "${name}" is not declared in the table`);
    const [wanted, found] = [signature({ types, result }), signature(set)];
    return wanted === found ? set : cursor.fail(`the set "${name}" has type ${found} where ${wanted} belongs`);
  }

  #checked(set: NftSet): NftSet | undefined {
    const overlap = set.result === "nothing" ? undefined : findOverlap(set.elements);
    return overlap === undefined ? set : this.#cursor.fail("two elements of the map have a key in common");
  }

  #map({ key }: NftKeyReading, elements: readonly NftMapElement[] | undefined): boolean {
    if (elements === undefined) return false;
    this.#statements.push({ kind: "map", key, elements });
    this.#isDecided = true;
    return true;
  }

  /** `mark set VALUE` or `mark set mark OPERATOR NUMBER …`. The key itself is the mark, without a mask. */
  #readSetMark({ key }: NftKeyReading): boolean {
    const cursor = this.#cursor;
    const [field, ...others] = key;
    if (field?.kind !== "mark" || field.mask !== MARK_MOST || others.length > 0) {
      cursor.fail("only the mark can be set");
      return false;
    }
    let keep = 0;
    let flip = 0;
    if (cursor.take("meta") ? cursor.expect("mark") : cursor.take("mark")) {
      keep = MARK_MOST;
      let last = 0;
      for (;;) {
        const rank = MARK_OPERATORS.findIndex((words) => cursor.takeAny(words) !== undefined);
        if (rank < 0) break;
        const value = cursor.number("a mark", MARK_MOST);
        if (value === undefined) return false;
        if (rank < last) {
          cursor.fail("operators on the mark stand in the order and, xor, or");
          return false;
        }
        last = rank;
        [keep, flip] = operate(rank, { keep, flip, value });
      }
    } else {
      const value = cursor.number("a mark", MARK_MOST);
      if (value === undefined) return false;
      flip = value;
    }
    this.#statements.push({ kind: "setMark", keep, flip });
    return true;
  }

  /** `dnat [ip] to DESTINATION`, the destination perhaps from a map: `numgen inc mod 2 map { 0 : 10.0.0.1, … }`. */
  #readDnat(): boolean {
    const cursor = this.#cursor;
    const hasPortInMap = cursor.take("ip") && cursor.take("addr") && cursor.expect(".") && cursor.expect("port");
    if (!cursor.expect("to")) return false;
    if (!isAtKey(cursor)) return this.#decide(readDnatTarget(cursor));
    const reading = readKey(cursor);
    if (reading === undefined) return false;
    if (reading.protocol !== undefined) this.#requireProtocol(reading.protocol);
    if (!cursor.expect("map")) return false;
    const set = this.#readSet(reading.key, this.#dataTypes(hasPortInMap));
    const suffix = set === undefined ? undefined : readDnatSuffix(cursor);
    if (set === undefined || suffix === undefined) return false;
    const elements: NftMapElement[] = [];
    for (const { element, data } of set.elements) {
      const target = destinationOf(data, suffix);
      if (target === undefined) {
        cursor.fail("a map of ranges to choose from is not modelled");
        return false;
      }
      if (target.portLow !== undefined && !this.#mayNamePorts()) return false;
      elements.push({ element, target });
    }
    return this.#map(reading, elements);
  }

  /** Whether the map gives addresses alone or addresses with ports: as announced, as declared, or as it is written. */
  #dataTypes(hasPort: boolean): readonly NftDatatype[] {
    const cursor = this.#cursor;
    const address: readonly NftDatatype[] = ["ipv4_addr"];
    const both: readonly NftDatatype[] = ["ipv4_addr", "inet_service"];
    if (hasPort) return both;
    if (cursor.isAt("@")) return this.#sets.get(cursor.peek(1).text)?.result.length === 2 ? both : address;
    let colon = 0;
    while (cursor.peek(colon).kind !== "end" && cursor.peek(colon).text !== ":") colon += 1;
    return cursor.peek(colon + 2).text === "." ? both : address;
  }

  /** nft puts a test of the protocol before what takes it for granted. */
  #requireProtocol(protocol: number): void {
    const elements = [[{ low: protocol, high: protocol }]];
    this.#statements.push({ kind: "match", key: [{ kind: "protocol" }], elements, isNegated: false });
    this.#hasProtocol = true;
  }
}

function operate(
  rank: number,
  { keep, flip, value }: { readonly keep: number; readonly flip: number; readonly value: number },
): readonly [keep: number, flip: number] {
  if (rank === 0) return [(keep & value) >>> 0, (flip & value) >>> 0];
  if (rank === 1) return [keep, (flip ^ value) >>> 0];
  return [(keep & ~value) >>> 0, (flip | value) >>> 0];
}

function signature({ types, result }: Omit<NftSet, "elements">): string {
  const key = types.join(" . ");
  if (result === "nothing") return key;
  return `${key} : ${result === "verdict" ? result : result.join(" . ")}`;
}

function destinationOf(
  data: NftSetElement["data"],
  suffix: Omit<DnatTarget, "kind" | "address">,
): DnatTarget | undefined {
  const [address, port] = data ?? [];
  const number = address === undefined ? undefined : onlyNumber(address);
  if (number === undefined) return undefined;
  const ports = port !== undefined && "low" in port ? { portLow: port.low, portHigh: port.high } : {};
  return { kind: "dnat", address: number | 0, ...suffix, ...ports };
}
