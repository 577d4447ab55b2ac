import type { KernelCase } from "./case_file.ts";
import { toleranceMs } from "./difference.ts";
import type { Comparison, Difference } from "./difference.ts";
import type { Observation, ObservedMoment, ObservedSnapshot } from "./observation.ts";
import {
  matchConntrackEntry,
  matchIpvsConnection,
  matchIpvsService,
  matchIpvsStats,
  matchSocket,
} from "./match_rows.ts";
import type { CaseSnapshot } from "./recording_schema.ts";
import type { Renaming } from "./renaming.ts";

/** Most pairs of rows that are tried before two sets count as different; sets that agree need a few. */
const TRIES_MOST = 20_000;

/**
 * Compares the snapshots: each listing as a set, right if it equals the simulated one at some moment within the tolerance
 * of `at_ms`. Every listing may have its own moment, since they were read one after the other; `ipvs_stats` was read
 * last, up to `end_ms`.
 *
 * Not compared: `tools` and `kernel_log`, which show again what the listings show.
 */
export function compareListings(
  kernelCase: KernelCase,
  observation: Observation,
  comparison: Comparison,
): Difference[] {
  const differences: Difference[] = [];
  for (const [index, snapshot] of kernelCase.observed.snapshots.entries()) {
    if (snapshot.at_ms >= comparison.untilMs) continue;
    const seen = observation.snapshots[index];
    for (const listing of listingsOf(snapshot, kernelCase)) {
      const found = seen === undefined ? undefined : compareListing(listing, seen, comparison.endpoints);
      if (found === "same") continue;
      differences.push({
        where: `snapshot at ${snapshot.at_ms} ms: ${listing.name}`,
        ...(found ?? {
          expected: `${listing.rows.length} lines`,
          actual: "no listing at any moment within the tolerance",
        }),
        before: [],
      });
    }
  }
  return differences;
}

/** One recorded listing, and how to find its rows among the simulated ones. */
interface Listing {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly atMs: number;
  /** The recorded rows as text. */
  readonly rows: readonly string[];
  /** The simulated rows at a moment, as text, and whether a recorded row (by index) is the simulated one. */
  readonly at: (moment: ObservedMoment) => {
    readonly rows: readonly string[];
    readonly isSame: (recorded: number, actual: number, endpoints: Renaming) => boolean;
  };
}

function listingsOf(snapshot: CaseSnapshot, kernelCase: KernelCase): Listing[] {
  const { at_ms: atMs, end_ms: endMs } = snapshot;
  const slack = toleranceMs(kernelCase, atMs);
  const times = { atMs, fromMs: atMs - slack, toMs: atMs + slack };
  const listings: Listing[] = [];
  const add = <Recorded, Actual>(
    name: string,
    recorded: readonly Recorded[] | undefined,
    rowsAt: (moment: ObservedMoment) => readonly Actual[],
    isSame: (recorded: Recorded, actual: Actual, endpoints: Renaming) => boolean,
  ): void => {
    if (recorded === undefined) return;
    const toMs = name === "ipvs_stats" ? endMs + slack : times.toMs;
    const at: Listing["at"] = (moment) => {
      const rows = rowsAt(moment);
      return {
        rows: rows.map(formatRow),
        isSame: (mine, other, endpoints) => {
          const [one, two] = [recorded[mine], rows[other]];
          return one !== undefined && two !== undefined && isSame(one, two, endpoints);
        },
      };
    };
    listings.push({ name, ...times, toMs, rows: recorded.map(formatRow), at });
  };
  for (const [namespace, sockets] of Object.entries(snapshot.ss ?? {})) {
    add(`ss of ${namespace}`, sockets, ({ ss }) => ss.get(namespace) ?? [], matchSocket(atMs));
  }
  add("conntrack", snapshot.conntrack, ({ conntrack }) => conntrack, matchConntrackEntry);
  add("ipvs_connections", snapshot.ipvs_connections, ({ ipvsConnections }) => ipvsConnections, matchIpvsConnection);
  add("ipvs", snapshot.ipvs, ({ ipvs }) => ipvs, matchIpvsService);
  add("ipvs_stats", snapshot.ipvs_stats, statsWithTraffic, matchIpvsStats);
  return listings;
}

function statsWithTraffic({ ipvsStats }: ObservedMoment): ObservedMoment["ipvsStats"] {
  return ipvsStats.filter(({ connections, inPackets, outPackets }) => connections + inPackets + outPackets > 0);
}

function compareListing(
  listing: Listing,
  { moments }: ObservedSnapshot,
  endpoints: Renaming,
): "same" | { expected: string; actual: string } | undefined {
  const distance = ({ at }: ObservedMoment): number => Math.abs(at / 1000 - listing.atMs);
  const near = moments
    .filter(({ at }) => at / 1000 >= listing.fromMs && at / 1000 <= listing.toMs)
    .toSorted((a, b) => distance(a) - distance(b));
  for (const moment of near) if (assignRows(listing, moment, endpoints)) return "same";
  const [nearest] = near;
  if (nearest === undefined) return undefined;
  return tellRows(listing, nearest, endpoints);
}

/** Whether the recorded rows can be paired with the simulated ones; if so, the ports chosen by the kernel are settled. */
function assignRows(listing: Listing, moment: ObservedMoment, endpoints: Renaming): boolean {
  const { rows, isSame } = listing.at(moment);
  if (rows.length !== listing.rows.length) return false;
  let tries = 0;
  const assign = (recorded: number, free: readonly number[], settled: Renaming): Renaming | undefined => {
    if (recorded === listing.rows.length) return settled;
    for (const actual of free) {
      tries += 1;
      if (tries > TRIES_MOST) return undefined;
      const attempt = settled.fork();
      if (!isSame(recorded, actual, attempt)) continue;
      const done = assign(
        recorded + 1,
        free.filter((row) => row !== actual),
        attempt,
      );
      if (done !== undefined) return done;
    }
    return undefined;
  };
  const done = assign(0, [...rows.keys()], endpoints.fork());
  if (done !== undefined) endpoints.adopt(done);
  return done !== undefined;
}

/** The recorded rows without a partner, and the simulated ones without. */
function tellRows(listing: Listing, moment: ObservedMoment, endpoints: Renaming): { expected: string; actual: string } {
  const { rows, isSame } = listing.at(moment);
  const settled = endpoints.fork();
  const free = new Set(rows.keys());
  const missing: string[] = [];
  for (const [recorded, text] of listing.rows.entries()) {
    const partner = [...free].find((actual) => isSame(recorded, actual, settled));
    if (partner === undefined) missing.push(text);
    else free.delete(partner);
  }
  const extra = [...free].map((row) => rows[row] ?? "");
  return {
    expected: missing.join("; ") || "no further line",
    actual: `${extra.join("; ") || "no such line"} (at ${(moment.at / 1000).toFixed(1)} ms)`,
  };
}

function formatRow(row: unknown): string {
  return JSON.stringify(row)
    .replaceAll(/[{}"]/g, "")
    .replaceAll(",", ", ")
    .replaceAll(":", ": ")
    .replaceAll(/(\d): (\d)/g, "$1:$2");
}
