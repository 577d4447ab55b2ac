import { FAULTS } from "./all_faults.ts";
import type { Fault } from "./fault.ts";
import { ScratchCopy, STAGES } from "./mutation_run.ts";

// Tries each deliberate fault in a copy of the project and prints which test catches it: first with the tests nearest to
// it, then, if they pass, with those of the engine, at last with all. Words on the command line choose the faults whose
// file or description holds one of them. It ends with 1 if a fault survives.

const words = process.argv.slice(2);
const chosen = FAULTS.filter(
  ({ file, wrong }) => words.length === 0 || words.some((word) => `${file} ${wrong}`.includes(word)),
);

/** The faults that the copy's tests of a stage do not see. */
function survivorsOf(copy: ScratchCopy, faults: readonly Fault[]): readonly Fault[] {
  let left = faults;
  for (const stage of STAGES) {
    if (left.length === 0) break;
    console.log(`${left.length} faults against ${stage.name}:`);
    left = left.filter((fault) => {
      const catcher = copy.catcherOf(fault, stage);
      console.log(`${catcher === undefined ? "passes" : "caught"}  ${fault.file}: ${fault.wrong}`);
      if (catcher !== undefined) console.log(`        by ${catcher}`);
      return catcher === undefined;
    });
  }
  return left;
}

const copy = new ScratchCopy();
try {
  const survivors = survivorsOf(copy, chosen);
  console.log(`${chosen.length - survivors.length} of ${chosen.length} faults are caught.`);
  for (const { file, wrong } of survivors) console.log(`survives: ${file}: ${wrong}`);
  process.exitCode = survivors.length === 0 ? 0 : 1;
} finally {
  copy.remove();
}
