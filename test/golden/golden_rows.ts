import type { ReplicationResult } from "../../src/cluster/replication_result.ts";

/** One row of `fingerprints.csv`: what the first boot of a scenario, or of one of its variants, comes to. */
export interface GoldenRow {
  readonly scenario: string;
  /** `as it stands`, or the name of a variant. */
  readonly variant: string;
  readonly span: string;
  readonly events: number;
  readonly connections: number;
  readonly packets: number;
  readonly probes: number;
  readonly failed: number;
  /** Of all outcomes: time, connection, port and result. */
  readonly fingerprint: string;
}

/** How the scenario itself is called beside its variants. */
export const STANDING = "as it stands";

/** How long each scenario is run: past the end of the first TIME_WAIT, or less where many connect. */
export const SPANS: Readonly<Record<string, string>> = {
  "conntrack-full.yaml": "40s",
  "port-exhaustion.yaml": "65s",
  "reused-port-delay.yaml": "40s",
  "snat-picks-nodeport.yaml": "40s",
};

/** The span of a scenario that `SPANS` does not name. */
export const SPAN = "70s";

const COLUMNS = [
  "scenario",
  "variant",
  "span",
  "events",
  "connections",
  "packets",
  "probes",
  "failed",
  "fingerprint",
] as const satisfies readonly (keyof GoldenRow)[];

/** The row of a boot. */
export function goldenRow(
  place: Pick<GoldenRow, "scenario" | "variant" | "span">,
  { engine, probes }: ReplicationResult,
): GoldenRow {
  const { events, connections, packets, fingerprint } = engine;
  return { ...place, events, connections, packets, probes: probes.total, failed: probes.failed, fingerprint };
}

/** The rows as CSV. */
export function goldenText(rows: readonly GoldenRow[]): string {
  return [COLUMNS.join(","), ...rows.map((row) => COLUMNS.map((name) => row[name]).join(","))].join("\n") + "\n";
}

/**
 * What two tables differ in, for whoever has to explain it; nothing if they are the same.
 *
 * @param found rows of the present engine, some or all of those of the table.
 * @param table `fingerprints.csv`.
 */
export function goldenDifference(found: readonly GoldenRow[], table: string): string {
  const known = new Map(table.split("\n").map((line) => [line.split(",").slice(0, 3).join(","), line]));
  const lines = found.flatMap((row) => {
    const [, now = ""] = goldenText([row]).split("\n");
    const before = known.get([row.scenario, row.variant, row.span].join(","));
    return before === now ? [] : [`- ${before ?? "(no such row)"}`, `+ ${now}`];
  });
  if (lines.length === 0) return "";
  return [`${lines.length / 2} of ${found.length} fingerprints change (${COLUMNS.join(",")}):`, ...lines, ADVICE].join("\n");
}

const ADVICE = `
If no mechanism was meant to change, this is a bug: it depends on something that it should not, such as the order of a table.
If one was, write the table again with: npx tsx test/golden/write_fingerprints.ts
and say why in the commit: Goldens: N of M fingerprints change, because ... (the kernel's source, or what was wrong before).`;
