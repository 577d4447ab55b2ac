import type { ProbeUse } from "../checked_node.ts";
import { formatCount } from "../../study/format_count.ts";
import { allOf } from "../../scenario/wording.ts";

/** Probes that stand at one place: those of one entry of a scenario, or all of a snapshot's file, which has no lines. */
export function probesByPlace(probes: readonly ProbeUse[]): readonly (readonly [ProbeUse, ...ProbeUse[]])[] {
  const groups = new Map<string, [ProbeUse, ...ProbeUse[]]>();
  for (const probe of probes) {
    const key = `${probe.place.file}:${probe.place.line}:${probe.place.column}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [probe]);
    else if (!group.some(({ owner }) => owner === probe.owner)) group.push(probe);
  }
  return [...groups.values()];
}

/** The probes of a group by name, the first of many: `a, b, c and 97 more have`. */
export function ownersHave(group: readonly ProbeUse[]): string {
  const names = group.map(({ owner }) => owner);
  if (names.length <= 3) return `${allOf(names)} ${names.length === 1 ? "has" : "have"}`;
  return `${names.slice(0, 3).join(", ")} and ${formatCount(names.length - 3)} more have`;
}
