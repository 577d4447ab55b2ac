/** A line of a ruleset that cannot be read or that the kernel would refuse, and why. */
export interface NftProblem {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

/** A word of the nft language. The end of a line is the symbol `\n`; the end of the text has kind `end`. */
export interface NftToken {
  readonly kind: "word" | "number" | "address" | "string" | "symbol" | "end";
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

const TOKEN =
  /(?<blank>[ \t\r]+|\\\r?\n|#[^\n]*)|"(?<string>[^"\n]*)"|(?<address>\d+\.\d+\.\d+\.\d+)|(?<number>0[xX][0-9a-fA-F]+|\d+)(?![A-Za-z0-9_])|(?<word>[A-Za-z_][\w./*-]*|\d\w*)|(?<symbol>!=|==|<=|>=|<<|>>|[\n{}(),;:=.\-/&|^!<>@$+*])/y;

/** Splits a text into tokens; comments and continued lines vanish, the numbers of lines stay. */
export function tokenizeNft(text: string): { readonly tokens: NftToken[]; readonly problems: NftProblem[] } {
  const tokens: NftToken[] = [];
  const problems: NftProblem[] = [];
  let line = 1;
  let place = 0;
  while (place < text.length) {
    TOKEN.lastIndex = place;
    const match = TOKEN.exec(text);
    if (match === null) {
      const isQuote = text.charAt(place) === '"';
      problems.push({ line, message: isQuote ? "a quote is not closed" : `"${text.charAt(place)}" cannot stand here` });
      const lineEnd = text.indexOf("\n", place);
      place = isQuote && lineEnd >= 0 ? lineEnd : isQuote ? text.length : place + 1;
      continue;
    }
    const { string, address, number, word, symbol } = match.groups ?? {};
    if (string !== undefined) tokens.push({ kind: "string", text: string, line });
    else if (address !== undefined) tokens.push({ kind: "address", text: address, line });
    else if (number !== undefined) tokens.push({ kind: "number", text: number, line });
    else if (word !== undefined) tokens.push({ kind: "word", text: word, line });
    else if (symbol !== undefined) tokens.push({ kind: "symbol", text: symbol, line });
    if (match[0].endsWith("\n")) line += 1;
    place = TOKEN.lastIndex;
  }
  return { tokens, problems };
}

/** Walks over tokens. A read that fails reports a problem on the line of the token and gives `undefined`. */
export class NftCursor {
  readonly #tokens: readonly NftToken[];
  readonly #problems: NftProblem[];
  readonly #end: NftToken;
  #place = 0;
  #hasOpenBlock = false;

  /** @param problems where failures are added. */
  constructor(tokens: readonly NftToken[], problems: NftProblem[]) {
    this.#tokens = tokens;
    this.#problems = problems;
    this.#end = { kind: "end", text: "the end", line: tokens.at(-1)?.line ?? 1 };
  }

  /** The token to be read next. */
  get token(): NftToken {
    return this.#tokens[this.#place] ?? this.#end;
  }

  /** The token so many places on; 0 is the next. */
  peek(offset: number): NftToken {
    return this.#tokens[this.#place + offset] ?? this.#end;
  }

  get isAtEnd(): boolean {
    return this.#place >= this.#tokens.length;
  }

  next(): NftToken {
    const token = this.token;
    this.#place += 1;
    return token;
  }

  /** Whether the next token is this word or symbol, not a quoted string that reads the same. */
  isAt(text: string): boolean {
    const { kind, text: found } = this.token;
    return found === text && (kind === "word" || kind === "symbol");
  }

  /** Takes the next token if it is this word or symbol. */
  take(text: string): boolean {
    const isThere = this.isAt(text);
    if (isThere) this.#place += 1;
    return isThere;
  }

  /** Takes the first of these words that comes next, or `undefined` if none does; that is no problem. */
  takeAny<Text extends string>(texts: readonly Text[]): Text | undefined {
    return texts.find((text) => this.take(text));
  }

  /** Takes this word or symbol. @returns false after reporting that it is missing. */
  expect(text: string): boolean {
    if (this.take(text)) return true;
    this.fail(`${quote(this.token)} stands where "${text}" belongs`);
    return false;
  }

  /** A name of a table, chain or set. */
  name(what: string): string | undefined {
    const { kind, text } = this.token;
    if (kind !== "word") return this.fail(`${quote(this.token)} is not a name of a ${what}`);
    this.#place += 1;
    return text;
  }

  /** A whole number from 0 to `most`, decimal or hexadecimal. */
  number(what: string, most: number): number | undefined {
    const { kind, text } = this.token;
    const value = kind === "number" ? Number(text) : NaN;
    if (!(value <= most)) return this.fail(`${quote(this.token)} is not ${what} from 0 to ${most}`);
    this.#place += 1;
    return value;
  }

  /** Steps over ends of lines, which mean nothing inside braces. */
  skipNewlines(): void {
    while (this.take("\n"));
  }

  /**
   * Takes everything up to the end of the line, a semicolon, or the brace that closes what stands around, but not these;
   * what stands in braces belongs to it whatever lines it fills.
   */
  rest(): NftToken[] {
    const start = this.#place;
    let depth = 0;
    for (; !this.isAtEnd; this.#place += 1) {
      if (this.isAt("{")) depth += 1;
      else if (depth > 0 && this.isAt("}")) depth -= 1;
      else if (depth === 0 && this.#isAtItemEnd()) break;
    }
    return this.#tokens.slice(start, this.#place);
  }

  /**
   * Reads one item of a block or of the whole text: if `read` fails, or leaves something before the item's end, the rest
   * of the item is stepped over.
   *
   * @param read reports its problems itself and gives false if it has any.
   */
  readItem(read: () => boolean): void {
    const start = this.#place;
    if (read()) {
      if (this.isAtEnd || this.#isAtItemEnd()) return;
      this.fail(`${quote(this.token)} stands where the line should end`);
    }
    this.#place = start;
    this.rest();
  }

  /** Reads a block whose opening brace has been taken, item by item, and takes its closing brace. */
  readBlock(readItem: () => void): void {
    while (!this.isAtEnd) {
      if (this.take("}")) return;
      if (this.#isAtItemEnd()) this.next();
      else readItem();
    }
    if (!this.#hasOpenBlock) this.fail("a block is not closed");
    this.#hasOpenBlock = true;
  }

  #isAtItemEnd(): boolean {
    return this.isAt("}") || this.isAt(";") || this.isAt("\n");
  }

  /** Reports a problem on the line of the next token. */
  fail(message: string): undefined {
    this.#problems.push({ line: this.token.line, message });
    return undefined;
  }
}

/** A token as a message shows it. */
export function quote(token: NftToken): string {
  if (token.kind === "end") return "the end";
  return token.text === "\n" ? "the end of the line" : `"${token.text}"`;
}
