import { writeFileSync } from "node:fs";
import { runReplication } from "../../src/cluster/replication.ts";
import { GOLDEN_TABLE, SCENARIO_FILES, standingRow, variantRows } from "./golden_files.ts";
import { goldenText } from "./golden_rows.ts";

// Writes fingerprints.csv anew. Usage: npx tsx test/golden/write_fingerprints.ts

writeFileSync(
  GOLDEN_TABLE,
  goldenText(SCENARIO_FILES.flatMap((file) => [standingRow(file, runReplication), ...variantRows(file, runReplication)])),
);
