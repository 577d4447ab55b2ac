import { MATCH_MODULES } from "./rule_modules.ts";
import type { OptionValue } from "./rule_modules.ts";
import { parseProtocol, TARGET_EXTENSIONS } from "./rule_targets.ts";
import { parsePrefix } from "./rule_text.ts";
import type { RuleMatch, RuleTarget, TableName } from "./ruleset.ts";

/** The matches and the target of one rule. */
export interface RuleParts {
  readonly matches: readonly RuleMatch[];
  readonly target?: RuleTarget;
}

/** A match or target whose options are still being collected. */
interface Extension {
  readonly name: string;
  readonly options: readonly string[];
  readonly flags: readonly string[];
  readonly given: Map<string, OptionValue>;
}

/** Options of the IP header by all their spellings. Not modelled: `-f`. */
const HEADER_OPTIONS: ReadonlyMap<string, "source" | "destination" | "protocol" | "inDevice" | "outDevice"> = new Map([
  ["-s", "source"],
  ["--source", "source"],
  ["--src", "source"],
  ["-d", "destination"],
  ["--destination", "destination"],
  ["--dst", "destination"],
  ["-p", "protocol"],
  ["--protocol", "protocol"],
  ["-i", "inDevice"],
  ["--in-interface", "inDevice"],
  ["-o", "outDevice"],
  ["--out-interface", "outDevice"],
]);

const MATCH_OPTIONS: readonly string[] = ["-m", "--match"];
const TARGET_OPTIONS: readonly string[] = ["-j", "--jump", "-g", "--goto"];
const PORT_PROTOCOLS: readonly number[] = [6, 17, 132];

/**
 * Reads what follows `-A CHAIN`. The matches on the header come first in the result, then those of `-m` in their order:
 * the order in which the kernel tests them.
 *
 * @returns the rule's parts, or a text that says which option is wrong.
 */
export function readRule(words: readonly string[], table: TableName): RuleParts | string {
  return new RuleReader(words, table).read();
}

class RuleReader {
  readonly #words: readonly string[];
  readonly #table: TableName;
  readonly #header: RuleMatch[] = [];
  readonly #modules: Extension[] = [];
  readonly #seen = new Set<string>();
  #target: Extension | undefined;
  #jump: RuleTarget | undefined;
  #protocol: number | undefined;
  #place = 0;

  constructor(words: readonly string[], table: TableName) {
    this.#words = words;
    this.#table = table;
  }

  read(): RuleParts | string {
    while (this.#place < this.#words.length) {
      const problem = this.#readOption();
      if (problem !== undefined) return problem;
    }
    const matches = [...this.#header];
    for (const { name, given } of this.#modules) {
      const built = MATCH_MODULES.get(name)?.build(given) ?? `the match "${name}" is not modelled`;
      if (typeof built === "string") return built;
      matches.push(...built);
    }
    const target =
      this.#target === undefined ? this.#jump : TARGET_EXTENSIONS.get(this.#target.name)?.build(this.#target.given);
    if (typeof target === "string") return target;
    const missing = target === undefined ? undefined : this.#missingProtocol(target);
    return missing ?? { matches, ...(target === undefined ? {} : { target }) };
  }

  #readOption(): string | undefined {
    const isNegated = this.#words[this.#place] === "!";
    if (isNegated) this.#place += 1;
    const option = this.#words[this.#place];
    if (option === undefined) return 'nothing follows "!"';
    this.#place += 1;
    const header = HEADER_OPTIONS.get(option);
    if (header !== undefined) return this.#readHeader(header, option, isNegated);
    if (MATCH_OPTIONS.includes(option)) return this.#loadMatch(this.#value());
    if (TARGET_OPTIONS.includes(option)) return this.#readTarget(this.#value(), option);
    return this.#readExtensionOption(option, isNegated);
  }

  #value(): string | undefined {
    const value = this.#words[this.#place];
    this.#place += 1;
    return value;
  }

  #readHeader(
    kind: "source" | "destination" | "protocol" | "inDevice" | "outDevice",
    option: string,
    isNegated: boolean,
  ): string | undefined {
    const text = this.#value();
    if (text === undefined) return `nothing follows ${option}`;
    if (this.#seen.has(kind)) return `${option} is given twice`;
    this.#seen.add(kind);
    if (kind === "protocol") return this.#readProtocol(text, isNegated);
    if (kind === "source" || kind === "destination") {
      const prefix = parsePrefix(text);
      if (prefix === undefined) return `"${text}" after ${option} is not an address with an optional /prefix`;
      if (prefix.mask !== 0 || isNegated) this.#header.push({ kind, ...prefix, isNegated });
      return undefined;
    }
    const isPrefix = text.endsWith("+");
    this.#header.push({ kind, name: isPrefix ? text.slice(0, -1) : text, isPrefix, isNegated });
    return undefined;
  }

  #readProtocol(text: string, isNegated: boolean): string | undefined {
    const protocol = parseProtocol(text);
    if (protocol === undefined) return `the protocol "${text}" is not known`;
    if (protocol === 0) return isNegated ? "every packet has a protocol, so ! -p all matches none" : undefined;
    if (!isNegated) this.#protocol = protocol;
    this.#header.push({ kind: "protocol", protocol, isNegated });
    return undefined;
  }

  #loadMatch(name: string | undefined): string | undefined {
    const module = MATCH_MODULES.get(name ?? "");
    if (name === undefined || module === undefined) return `the match "${name ?? ""}" is not modelled`;
    const needed = name === "tcp" ? 6 : name === "udp" ? 17 : undefined;
    if (needed !== undefined && this.#protocol !== needed) return `-m ${name} needs -p ${name} before it`;
    if (name === "multiport" && !PORT_PROTOCOLS.includes(this.#protocol ?? 0))
      return "-m multiport needs -p tcp or -p udp";
    this.#modules.push({ name, options: module.options, flags: [], given: new Map() });
    return undefined;
  }

  #readTarget(name: string | undefined, option: string): string | undefined {
    if (name === undefined) return `nothing follows ${option}`;
    if (this.#target !== undefined || this.#jump !== undefined) return "a rule has one target";
    const extension = TARGET_EXTENSIONS.get(name);
    if (option === "-g" || option === "--goto") this.#jump = { kind: "goto", chain: name };
    else if (extension === undefined) this.#jump = { kind: "jump", chain: name };
    else if (!extension.tables.includes(this.#table)) return `${name} cannot stand in table ${this.#table}`;
    else this.#target = { name, options: extension.options, flags: extension.flags, given: new Map() };
    return undefined;
  }

  /** Gives an option to the extension that knows it, the latest first; a port option loads the protocol's own match. */
  #readExtensionOption(option: string, isNegated: boolean): string | undefined {
    let owner = this.#owner(option);
    if (owner === undefined && (this.#protocol === 6 || this.#protocol === 17)) {
      const implied = this.#protocol === 6 ? "tcp" : "udp";
      if (MATCH_MODULES.get(implied)?.options.includes(option) === true) this.#loadMatch(implied);
      owner = this.#owner(option);
    }
    if (owner === undefined) return `the option ${option} is not modelled, or stands before what it belongs to`;
    if (owner.given.has(option)) return `${option} is given twice`;
    if (isNegated && owner === this.#target) return `${option} cannot be negated`;
    const text = owner.flags.includes(option) ? "" : this.#value();
    if (text === undefined) return `nothing follows ${option}`;
    owner.given.set(option, { text, isNegated });
    return undefined;
  }

  #owner(option: string): Extension | undefined {
    const extensions = this.#target === undefined ? this.#modules : [...this.#modules, this.#target];
    return extensions.findLast(({ options, flags }) => options.includes(option) || flags.includes(option));
  }

  #missingProtocol(target: RuleTarget): string | undefined {
    if (target.kind === "reject" && target.answer === "tcp-reset" && this.#protocol !== 6)
      return "tcp-reset needs -p tcp";
    const hasPorts = (target.kind === "dnat" || target.kind === "masquerade") && target.portLow !== undefined;
    if (hasPorts && !PORT_PROTOCOLS.includes(this.#protocol ?? 0)) return "a target with ports needs -p tcp or -p udp";
    return undefined;
  }
}
