import { parquetReadObjects } from "hyparquet";
import { describe, expect, it } from "vitest";
import { pointsCsv } from "../../src/report/points_csv.ts";
import { pointsParquet } from "../../src/report/points_parquet.ts";
import { pointColumns } from "../../src/report/points_table.ts";
import { failingRun } from "./run_documents.ts";
import { madeUpSweep } from "./sweep_documents.ts";

const SWEEP = madeUpSweep(
  [
    { kernel: "5.10", "churn.zabbix.rate": "1/s", 'a,"b"': "x" },
    { kernel: "6.1", "churn.zabbix.rate": "30/m", 'a,"b"': 'y "z", w' },
  ],
  (point) => {
    const run = failingRun();
    if (point === 1) return run;
    const probes = { ...run.probes, exact: { declined: "held ports" }, meanSecondsBetweenFailures: null };
    return { ...run, probes };
  },
);

describe("pointColumns", () => {
  const columns = pointColumns(SWEEP);

  it("begins with the point and the varied paths, and names no column twice", () => {
    const names = columns.map(({ name }) => name);
    expect(names.slice(0, 4)).toEqual(["point", "kernel", "churn.zabbix.ratePerSecond", 'a,"b"']);
    expect(new Set(names).size).toBe(names.length);
  });

  it("takes rates to one unit and leaves names of kernels as they are", () => {
    expect(columns[1]).toEqual({ name: "kernel", kind: "text", values: ["5.10", "6.1"] });
    expect(columns[2]).toEqual({ name: "churn.zabbix.ratePerSecond", kind: "number", values: [1, 0.5] });
  });

  it.each([
    ["portRange.low", ["1024", "32768"], "portRange.low", [1024, 32768]],
    ["duration", ["90m", "2h"], "durationSeconds", [5400, 7200]],
    ["duration", ["90m", "1h30m"], "duration", ["90m", "1h30m"]],
    ["kubeProxy.version", ["1.18.20", "1.23.10"], "kubeProxy.version", ["1.18.20", "1.23.10"]],
    ["seed", ["1", "2"], "seed", ["1", "2"]],
    ["nodeLocalDns", ["off", "1"], "nodeLocalDns", ["off", "1"]],
    ["sysctls.x", ["010", "8"], "sysctls.x", ["010", "8"]],
  ])("gives %s=%j the column %s", (path, texts, name, values) => {
    const column = pointColumns(madeUpSweep(texts.map((text) => ({ [path]: text }))))[1];
    expect(column).toMatchObject({ name, values });
  });
});

describe("pointsCsv", () => {
  it("quotes what RFC 4180 wants quoted and leaves a missing figure empty", () => {
    const [header, first, second, end] = pointsCsv(pointColumns(SWEEP)).split("\n");
    expect(header).toMatch(/^point,kernel,churn\.zabbix\.ratePerSecond,"a,""b""",portWalk,/);
    expect(first).toMatch(/^1,5\.10,1,x,/);
    expect(second).toMatch(/^2,6\.1,0\.5,"y ""z"", w",/);
    expect(second?.split(",")).toContain("");
    expect(end).toBe("");
  });
});

describe("pointsParquet", () => {
  it("is read back by another program as the same table", async () => {
    const columns = pointColumns(SWEEP);
    const bytes = pointsParquet(columns);
    const rows = await parquetReadObjects({ file: new Uint8Array(bytes).buffer });
    const plain = rows.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, typeof value === "bigint" ? Number(value) : value]),
      ),
    );
    expect(plain).toEqual(
      [0, 1].map((row) => Object.fromEntries(columns.map(({ name, values }) => [name, values[row]]))),
    );
  });

  it("has the same bytes each time", () => {
    expect(pointsParquet(pointColumns(SWEEP))).toEqual(pointsParquet(pointColumns(SWEEP)));
  });
});
