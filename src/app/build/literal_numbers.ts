import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Plugin, Visitor } from "vite";

/** The numbers of a table by their names. */
type Numbers = ReadonlyMap<string, string>;

/** A table that a module exports, in prettier's format: nobody writes to it, so its numbers are as good as literals. */
const TABLE = /^export const (\w+) = (\{[^{}]*\}) as const;$/gm;
const NUMBER = /^\s*(\w+): (-?[\d_]+),?$/gm;
const PASSED_ON = /^export \{ (\w+) \} from "(.*)";$/gm;

/**
 * Puts the number in the place of its name (`TcpFlag.SYN`). V8 takes what a module exports for something that may change:
 * it reads the table anew wherever it is named, tests that it is one, and reads the number. A packet's way is full of such
 * names, and takes a tenth longer by them.
 *
 * @param folder the modules that export the tables.
 */
export function literalNumbers(folder: string): Plugin {
  const tables = new Map<string, ReadonlyMap<string, Numbers>>();
  return {
    name: "literal-numbers",
    enforce: "post",
    buildStart: () => readTables(folder, tables),
    transform(code, id) {
      const known = new Map(tables.get(id));
      const parts: string[] = [];
      let end = 0;
      new Visitor({
        ImportDeclaration({ specifiers, source }) {
          for (const specifier of specifiers) {
            if (specifier.type !== "ImportSpecifier" || specifier.imported.type !== "Identifier") continue;
            const numbers = tables.get(join(dirname(id), source.value))?.get(specifier.imported.name);
            if (numbers !== undefined) known.set(specifier.local.name, numbers);
          }
        },
        MemberExpression(node) {
          if (node.computed || node.object.type !== "Identifier" || node.property.type !== "Identifier") return;
          const number = known.get(node.object.name)?.get(node.property.name);
          if (number === undefined) return;
          parts.push(code.slice(end, node.start), `(${number})`);
          end = node.end;
        },
      }).visit(this.parse(code));
      return end === 0 ? undefined : { code: parts.join("") + code.slice(end), map: null };
    },
  };
}

/** Finds the tables of all modules, and the modules that pass one of another on. */
function readTables(folder: string, tables: Map<string, ReadonlyMap<string, Numbers>>): void {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"));
  const texts = new Map(paths.map((path) => [join(folder, path), withoutComments(join(folder, path))]));
  for (const [file, text] of texts) {
    const found = [...text.matchAll(TABLE)].map(([, name = "", body = ""]) => [name, numbersOf(body)] as const);
    if (found.length > 0) tables.set(file, new Map(found));
  }
  for (const [file, text] of texts) {
    for (const [, name = "", from = ""] of text.matchAll(PASSED_ON)) {
      const numbers = tables.get(join(dirname(file), from))?.get(name);
      if (numbers !== undefined) tables.set(file, new Map([...(tables.get(file) ?? []), [name, numbers]]));
    }
  }
}

/** The text of a module without the comments that a table may have between its lines. */
function withoutComments(file: string): string {
  return readFileSync(file, "utf8").replaceAll(/\/\*\*[^]*?\*\//g, "");
}

/** The numbers of a table; whatever else it holds stays where it is. */
function numbersOf(body: string): Numbers {
  const lines = body.replace(/^\{ /, "").replace(/ \}$/, "").replaceAll(", ", ",\n");
  return new Map([...lines.matchAll(NUMBER)].map(([, key = "", value = ""]) => [key, value]));
}
