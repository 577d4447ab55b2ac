import type { Ipv4, Micros } from "../../units.ts";
import type { Conntrack } from "../conntrack/conntrack.ts";
import type { Ipvs } from "../ipvs/ipvs.ts";
import type { MachineGroup } from "../machine_group.ts";
import type { Netns } from "../netns.ts";
import type { ExchangeShape } from "./exchange_shape.ts";
import { MeterSheet } from "./meters.ts";
import type { FlowTables } from "./unused_tuple.ts";

/** Conntrack of a namespace that has it, with the namespace's place among all of the group. */
export interface PlacedConntrack {
  readonly place: number;
  readonly conntrack: Conntrack;
}

/**
 * The namespaces of a group and what is in them, as long as nothing changes: a node has hundreds, and each flow asks when it
 * is learnt.
 */
export class GroupTables implements FlowTables {
  /** All of them, machine by machine. */
  readonly namespaces: readonly Netns[];
  readonly placedConntracks: readonly PlacedConntrack[];
  readonly conntracks: readonly Conntrack[];
  readonly ipvs: readonly Ipvs[];
  readonly hasServerWaits = true;
  /** Whether there is a tunnel anywhere. */
  readonly hasVxlan: boolean;
  /** How things stood when the connection began that is being watched. */
  readonly sheet: MeterSheet;
  /** Those of all connections that have been watched: a handful. */
  readonly shapes: ExchangeShape[] = [];
  /** No connection that has been watched was over sooner: one is only watched where nothing else is due for so long. */
  shortest: Micros = 300;
  /** None was over later. */
  longest: Micros = 0;
  readonly #changes: number;
  /** Who has an address; `undefined` where several do. */
  readonly #owners = new Map<Ipv4, Netns | undefined>();

  constructor(group: MachineGroup) {
    this.#changes = group.changes;
    this.namespaces = group.machines.flatMap((machine) => machine.namespaces);
    this.placedConntracks = this.namespaces.flatMap(({ conntrack }, place) =>
      conntrack === undefined ? [] : { place, conntrack },
    );
    this.conntracks = this.placedConntracks.map(({ conntrack }) => conntrack);
    this.ipvs = this.namespaces.flatMap(({ ipvs }) => ipvs ?? []);
    this.hasVxlan = this.namespaces.some(({ vxlan }) => vxlan !== undefined);
    this.sheet = new MeterSheet(this.namespaces);
    for (const netns of this.namespaces) {
      for (const address of netns.routes.localAddresses()) {
        this.#owners.set(address, this.#owners.has(address) ? undefined : netns);
      }
    }
  }

  /** Whether the group is still as it was when this was made. */
  isOf(group: MachineGroup): boolean {
    if (this.#changes !== group.changes) return false;
    let count = 0;
    for (const { namespaces } of group.machines) count += namespaces.length;
    return count === this.namespaces.length;
  }

  /** The only namespace that has an address, beside 127.0.0.0/8. */
  ownerOf(address: Ipv4): Netns | undefined {
    return this.#owners.get(address);
  }
}
