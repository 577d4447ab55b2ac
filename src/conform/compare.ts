import type { KernelCase } from "./case_file.ts";
import { compareListings } from "./compare_listings.ts";
import { comparePackets } from "./compare_packets.ts";
import { isAboutTheSameTime, startComparison, toleranceMs } from "./difference.ts";
import type { Comparison, Difference } from "./difference.ts";
import type { Observation, ObservedResult } from "./observation.ts";
import { findOtherOutcome } from "./race.ts";
import type { CaseResult } from "./recording_schema.ts";

/**
 * Compares a run with what was recorded: packets, results, snapshots, and the lists of a case without laws. Ports that
 * the kernel chose may be any, the same ones everywhere. If the run decided a race otherwise than the recording, only
 * what comes before that race is compared; `findOtherOutcome` tells which.
 *
 * Laws are not checked here, see `checkLaw`.
 *
 * @returns nothing if the run does what was recorded.
 */
export function compareCase(kernelCase: KernelCase, observation: Observation): Difference[] {
  const all = compareUntil(kernelCase, observation, Infinity);
  if (all.length === 0 || kernelCase.races.length === 0) return all;
  const other = findOtherOutcome(kernelCase, observation);
  return other === undefined ? all : compareUntil(kernelCase, observation, other.fromMs);
}

function compareUntil(kernelCase: KernelCase, observation: Observation, untilMs: number): Difference[] {
  const comparison = startComparison(kernelCase, untilMs);
  // Packets come first: they are in order, so they settle the ports that the kernel chose.
  return [
    ...comparePackets(kernelCase, observation, comparison),
    ...compareResults(kernelCase, observation, comparison),
    ...compareListings(kernelCase, observation, comparison),
    ...compareGroups(kernelCase, observation),
  ];
}

function compareResults(kernelCase: KernelCase, observation: Observation, comparison: Comparison): Difference[] {
  const differences: Difference[] = [];
  for (const recorded of kernelCase.observed.results) {
    if ((recorded.at_ms ?? -Infinity) >= comparison.untilMs) continue;
    const where = `result of action ${recorded.action}`;
    const actual = observation.results.find(({ action }) => action === recorded.action);
    if (actual === undefined) {
      differences.push({ where, expected: recorded.result, actual: "no result", before: [] });
      continue;
    }
    const tell = (expected: string, found: string): number =>
      differences.push({ where, expected, actual: found, before: [] });
    if (recorded.result !== actual.result) tell(recorded.result, actual.result);
    for (const [name, recordedMs, actualTime] of momentsOf(recorded, actual)) {
      if (recordedMs === undefined || recordedMs >= comparison.untilMs) continue;
      if (actualTime !== undefined && isAboutTheSameTime(kernelCase, recordedMs, actualTime / 1000)) continue;
      const slack = toleranceMs(kernelCase, recordedMs).toFixed(0);
      tell(
        `${name} ${recordedMs} ms (within ${slack} ms)`,
        `${name} ${actualTime === undefined ? "not known" : `${actualTime / 1000} ms`}`,
      );
    }
    const port = recorded.local_port;
    if (port !== undefined && !isSamePort(port, actual.localPort, kernelCase, comparison)) {
      tell(`local port ${port}`, `local port ${actual.localPort ?? "not known"}`);
    }
  }
  return differences;
}

function momentsOf(
  recorded: CaseResult,
  actual: ObservedResult,
): (readonly [name: string, recordedMs: number | undefined, actual: number | undefined])[] {
  return [
    ["at", recorded.at_ms, actual.at],
    ["connected at", recorded.connected_at_ms, actual.connectedAt],
    ["closed at", recorded.closed_at_ms, actual.closedAt],
  ];
}

function isSamePort(
  recorded: number,
  actual: number | undefined,
  kernelCase: KernelCase,
  { endpoints }: Comparison,
): boolean {
  if (actual === undefined) return false;
  const chosen = kernelCase.observed.chosen_ports.find(({ port }) => port === recorded);
  if (chosen === undefined) return recorded === actual;
  return endpoints.settle([[`${chosen.address}:${recorded}`, `${chosen.address}:${actual}`]]);
}

/** Lists of a case that has no laws for them: texts are the same, and a port stands where a port was recorded. */
function compareGroups({ observed, laws }: KernelCase, { groups }: Observation): Difference[] {
  if (laws.length > 0) return [];
  const differences: Difference[] = [];
  for (const [name, recorded] of Object.entries(observed.groups)) {
    const actual = groups.get(name) ?? [];
    const [expected, found] = [recorded.map(entryText).join(", "), actual.map(entryText).join(", ")];
    if (expected !== found)
      differences.push({ where: `group "${name}"`, expected, actual: found || "nothing", before: [] });
  }
  return differences;
}

function entryText(entry: number | string): string {
  return typeof entry === "number" ? "a port" : entry;
}
