/**
 * One point of one case in a process of its own: `point_process.ts CASE POINT SCALE` prints what it yields as JSON on the
 * last line.
 */
import { tuneCompiler } from "../../src/app/cli/compiler.ts";
import { CASES } from "./cases.ts";

const [caseName, pointName, scale] = process.argv.slice(2);
// As the commands do it.
tuneCompiler(pointName?.includes("flow") === true ? "flow" : "packet");
const point = CASES.find(({ name }) => name === caseName)?.points.find(({ name }) => name === pointName);
if (point === undefined) throw new Error(`no point ${pointName} of ${caseName}`);
const result = await point.measure(Number(scale));
for (const { measure, value } of result.rows) {
  if (!Number.isFinite(value)) throw new Error(`${measure} is ${value}`);
}
process.stdout.write(`${JSON.stringify(result)}\n`);
