import type { Diagnostic } from "../scenario/diagnostic.ts";
import { isGlob, readSysctlFile, type SysctlFile } from "./sysctl_file.ts";

const CHARACTERS_MOST = 16 * 1024 * 1024;
const LINES_MOST = 200_000;
const GLOBS_MOST = 1000;
const COMMENTS_MOST = 1000;

/** Why a file of sysctls is not read: it holds more than any node has. `undefined` for a file that is. */
export function sysctlSizeProblem(file: SysctlFile): Diagnostic | undefined {
  const { path, text } = file;
  if (text.length > CHARACTERS_MOST)
    return problem(path, `it has ${text.length} characters`, `${CHARACTERS_MOST} characters`);
  const lines = text.split("\n").length;
  if (lines > LINES_MOST) return problem(path, `it has ${lines} lines`, `${LINES_MOST} lines`);
  if (lines <= GLOBS_MOST) return undefined;
  const globs = readSysctlFile(file).filter(({ name }) => isGlob(name)).length;
  if (globs > GLOBS_MOST) return problem(path, `it has ${globs} lines with *, ? or [`, `${GLOBS_MOST} of them`);
  const comments = text.split("sim-check:").length - 1;
  if (comments > COMMENTS_MOST) return problem(path, `it has ${comments} suppressions`, `${COMMENTS_MOST} of them`);
  return undefined;
}

function problem(file: string, why: string, most: string): Diagnostic {
  return {
    file,
    line: 1,
    column: 1,
    length: 0,
    sourceLine: "",
    message: `Cannot check it: ${why}`,
    expected: `at most ${most}`,
    toMend: "name the files that a node reads, or what sysctl -a printed on it",
  };
}
