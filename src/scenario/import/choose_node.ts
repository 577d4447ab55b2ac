import type { Diagnostic } from "../diagnostic.ts";
import type { NodeFact } from "./cluster_facts.ts";
import { fileDiagnostic } from "./export_problem.ts";
import type { PlanContext } from "./import_options.ts";

/** The node that the exports are of; both fields are absent where they name none. */
export interface ChosenNode {
  readonly name?: string;
  readonly node?: NodeFact;
}

/**
 * Finds the node that the exports are of: the one that the user names, the one whose name `uname` says, the one whose
 * address is on an interface or a socket, or the only one there is.
 */
export function chooseNode({ exports, options }: PlanContext): ChosenNode | Diagnostic {
  const { nodes, pods, interfaces } = exports.cluster;
  const names = new Set([...nodes.map(({ name }) => name), ...pods.flatMap(({ nodeName }) => nodeName ?? [])]);
  const found = (name: string): ChosenNode => {
    const node = nodes.find((candidate) => candidate.name === name);
    return node === undefined ? { name } : { name, node };
  };
  if (options.node !== undefined) {
    if (names.size === 0 || names.has(options.node)) return found(options.node);
    return unknownNode(`Cannot find the node ${JSON.stringify(options.node)} in the exports`, names);
  }
  const said = exports.nodeName;
  const byName = [...names].find((name) => said !== undefined && shortName(name) === shortName(said));
  if (byName !== undefined) return found(byName);
  const own = new Set(interfaces.flatMap(({ addresses }) => addresses.map((text) => text.replace(/\/.*$/, ""))));
  const isLocal = (address: string): boolean =>
    own.has(address) || exports.sockets?.some(({ local }) => local.address.endsWith(address)) === true;
  const local = nodes.filter(({ addresses }) => addresses.some(isLocal));
  if (local.length === 1) return found(local[0]!.name);
  const [only, second] = names;
  if (only !== undefined && second === undefined) return found(only);
  if (names.size === 0) return said === undefined ? {} : { name: said };
  return unknownNode(`Cannot tell which of ${names.size} nodes the exports are of`, names);
}

function shortName(name: string): string {
  return /^[0-9.]+$/.test(name) ? name : name.replace(/\..*$/, "").toLowerCase();
}

function unknownNode(message: string, names: ReadonlySet<string>): Diagnostic {
  const shown = [...names].slice(0, 10).join(", ");
  return {
    ...fileDiagnostic("--node", message, "name the node with --node, or collect uname -a on it"),
    expected: `one of ${shown}${names.size > 10 ? " …" : ""}`,
  };
}
