import { type CauseCounts, FAILURE_CAUSES } from "./replication_result.ts";
import { noFailures } from "./workload.ts";

/** Failures by their causes, added up over nodes or boots. */
export function addCauses(parts: readonly CauseCounts[]): CauseCounts {
  const total = noFailures();
  for (const part of parts) for (const cause of FAILURE_CAUSES) total[cause] += part[cause];
  return total;
}

/** Named counts added up; names in the order in which they first occur. */
export function addCounts(parts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const totals = new Map<string, number>();
  for (const part of parts) {
    for (const [name, count] of Object.entries(part)) totals.set(name, (totals.get(name) ?? 0) + count);
  }
  return Object.fromEntries(totals);
}
