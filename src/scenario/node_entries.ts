import type { Ipv4 } from "../units.ts";
import type { CheckContext } from "./check_context.ts";
import type { Place } from "./place.ts";
import type { Sections } from "./schema.ts";
import { LIST_MOST } from "./size_limits.ts";
import type { InterfaceAddress } from "./values.ts";

/** A node as the file says it; `count` gives several. */
export interface NodeEntry {
  readonly section: NonNullable<Sections["node"]>;
  readonly place: Place;
  /** Absent for one node without a name. */
  readonly name: string | undefined;
  /** Whether it is the only node. */
  readonly isAlone: boolean;
  /** Whether it is the first that its entry of the file gives. */
  readonly isFirst: boolean;
}

/** The nodes of a scenario, from `nodes:` or else `node:`, with each `count` spelled out; at most `LIST_MOST.nodes` of them. */
export function nodeEntries({ sections, place }: Pick<CheckContext, "sections" | "place">): readonly NodeEntry[] {
  const { node, nodes } = sections;
  const given =
    node === undefined || nodes !== undefined
      ? (nodes ?? []).map((section, index) => ({ section, place: place.at("nodes", index) }))
      : [{ section: node, place: place.at("node") }];
  const total = given.reduce((sum, { section }) => sum + (section.count ?? 1), 0);
  const entries: NodeEntry[] = [];
  for (const { section, place: at } of given) {
    const count = section.count ?? 1;
    for (let repeat = 0; repeat < count && entries.length < LIST_MOST.nodes; repeat += 1) {
      entries.push({
        section: repeated(section, repeat),
        place: at,
        name: nameOf(section.name, { count, repeat, index: entries.length, total }),
        isAlone: total === 1,
        isFirst: repeat === 0,
      });
    }
  }
  return entries;
}

/** Whether there are more nodes than one run can have, and how many. */
export function tooManyNodes({ node, nodes }: Sections): number | undefined {
  const given = node === undefined || nodes !== undefined ? (nodes ?? []) : [node];
  const total = given.reduce((sum, { count = 1 }) => sum + count, 0);
  return total > LIST_MOST.nodes ? total : undefined;
}

function nameOf(
  name: string | undefined,
  { count, repeat, index, total }: { readonly count: number; readonly repeat: number; index: number; total: number },
): string | undefined {
  if (name === undefined) return total === 1 ? undefined : `node-${index}`;
  return count === 1 ? name : `${name}-${repeat}`;
}

/** The entry's node number `repeat`: hosts and pod networks follow each other, dummy interfaces are alike on all. */
function repeated(section: NodeEntry["section"], repeat: number): NodeEntry["section"] {
  if (repeat === 0) return section;
  const interfaces = section.interfaces.map((one) => {
    if (one.kind === "dummy") return one;
    const shift = one.kind === "physical" ? nextHost : nextNetwork;
    return { ...one, addresses: one.addresses.map((address) => shift(address, repeat)) };
  });
  const { podCIDR } = section;
  return { ...section, interfaces, ...(podCIDR === undefined ? {} : { podCIDR: nextNetwork(podCIDR, repeat) }) };
}

function nextHost({ address, prefixLength }: InterfaceAddress, repeat: number): InterfaceAddress {
  return { address: (address + repeat) | 0, prefixLength };
}

function nextNetwork({ address, prefixLength }: InterfaceAddress, repeat: number): InterfaceAddress {
  const next: Ipv4 = (address + repeat * 2 ** (32 - prefixLength)) | 0;
  return { address: next, prefixLength };
}
