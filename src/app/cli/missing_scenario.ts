import { shellWord } from "../../report/shell_command.ts";
import { missingFile } from "../../scenario/diagnostic.ts";
import type { Diagnostic } from "../../scenario/diagnostic.ts";
import type { CliIo } from "./cli_io.ts";

/** The diagnostic of a scenario that cannot be read, which names the file that was probably meant, if there is one. */
export async function missingScenario(path: string, why: string, io: Pick<CliIo, "readFile">): Promise<Diagnostic> {
  const folder = path.replace(/\/+$/, "");
  // The name without its ending, a shipped scenario, and the folder of a result.
  const meant = [`${folder}.yaml`, `scenarios/${folder}.yaml`, `scenarios/${folder}`, `${folder}/scenario.yaml`];
  for (const candidate of meant) {
    if ((await io.readFile(candidate)).ok)
      return { ...missingFile(path, why), toMend: `write ${shellWord(candidate)}` };
  }
  return missingFile(path, why);
}
