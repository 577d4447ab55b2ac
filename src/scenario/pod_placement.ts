import { isInNetwork, type CheckContext } from "./check_context.ts";
import { quote } from "./diagnostic.ts";
import type { ResolvedNode } from "./node_section.ts";
import type { Place } from "./place.ts";
import type { Sections } from "./schema.ts";
import { closestWord } from "./spelling.ts";
import { anyOf } from "./wording.ts";

type PodEntry = NonNullable<Sections["pods"]>[number];

/** The pods of an entry that run on one node: their numbers within the entry. */
export interface PodGroup {
  /** `undefined` when the nodes had problems. */
  readonly node: ResolvedNode | undefined;
  readonly places: readonly number[];
}

/**
 * Says which pod runs on which of several nodes: the one its entry names, the one whose network its address is in, or in
 * turn. A node by itself has all of them, also those that name another and so run elsewhere.
 */
export class PodPlacement {
  readonly #context: CheckContext;
  readonly #nodes: readonly ResolvedNode[];
  #next = 0;

  constructor(context: CheckContext, nodes: readonly ResolvedNode[] | undefined) {
    this.#context = context;
    this.#nodes = nodes ?? [];
  }

  get hasSeveralNodes(): boolean {
    return this.#nodes.length > 1;
  }

  /** The pods of an entry by node; a node that does not exist becomes a problem. */
  groupsOf(entry: PodEntry, place: Place): readonly PodGroup[] {
    const all = Array.from({ length: entry.replicas }, (_, replica) => replica);
    if (!this.hasSeveralNodes) return [{ node: this.#nodes[0], places: all }];
    if (entry.nodeName !== undefined) return [{ node: this.#named(entry.nodeName, place), places: all }];
    const { address } = entry;
    const owner =
      address === undefined ? undefined : this.#nodes.find(({ podNetwork }) => isInside(address, podNetwork));
    if (owner !== undefined) return [{ node: owner, places: all }];
    const groups = new Map<ResolvedNode | undefined, number[]>();
    for (const replica of all) {
      const node = this.#nodes[this.#next % this.#nodes.length];
      this.#next += 1;
      const places = groups.get(node);
      if (places === undefined) groups.set(node, [replica]);
      else places.push(replica);
    }
    return [...groups].map(([node, places]) => ({ node, places }));
  }

  #named(name: string, place: Place): ResolvedNode | undefined {
    const node = this.#nodes.find(({ setup }) => setup.name === name);
    if (node !== undefined) return node;
    const known = this.#nodes.flatMap(({ setup }) => (setup.name === undefined ? [] : [setup.name]));
    const closest = closestWord(name, known);
    this.#context.problems.add(place.at("nodeName").value, {
      message: `Cannot run a pod on ${quote(name)}: no node has this name${closest === undefined ? "" : ` (did you mean ${quote(closest)}?)`}`,
      expected: anyOf(known.slice(0, 10)),
      toMend: closest === undefined ? "delete the key, or name a node" : `write ${closest}`,
    });
    return undefined;
  }
}

function isInside(address: number, network: ResolvedNode["podNetwork"]): boolean {
  return network !== undefined && isInNetwork(address, network);
}
