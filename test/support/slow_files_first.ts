import { relative } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The slowest files; those that wait for a browser, and leave a core to others meanwhile, before all. */
const SLOW = [
  "test/app/web/page.test.ts",
  "test/report/report_browser.test.ts",
  "test/scenarios/scenarios.test.ts",
  "test/app/sweep_bytes.test.ts",
  "test/conform/mutations.test.ts",
  "test/app/limits.test.ts",
  "test/scenarios/causes.test.ts",
  "test/docs/code_blocks.test.ts",
  "test/app/smoke.test.ts",
  "test/study/rounds.test.ts",
  "test/check/properties/properties.test.ts",
  "test/study/exact_runs.test.ts",
  "test/bench/bench.test.ts",
];

/** Starts slow files first, also in a fresh clone, where vitest does not know yet how long each took: none ends alone. */
export class SlowFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- no array's method
    const sorted = await super.sort(files);
    const placeOf = ({ moduleId }: TestSpecification): number => {
      const place = SLOW.indexOf(relative(this.ctx.config.root, moduleId));
      return place < 0 ? SLOW.length : place;
    };
    return sorted.toSorted((one, other) => placeOf(one) - placeOf(other));
  }
}
