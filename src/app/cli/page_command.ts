import { shellWord } from "../../report/shell_command.ts";
import type { CliIo } from "./cli_io.ts";
import { EXIT_CODE } from "./exit_code.ts";
import type { PageOptions } from "./page_options.ts";
import { complain } from "./complain.ts";

/**
 * `sim page`: writes the interactive page, one file that needs no other and no network; it takes the place of an older one.
 *
 * @returns the exit code: 0, or 2 for a file that cannot be written or a program that was built without the page.
 */
export async function pageCommand({ out }: PageOptions, io: CliIo): Promise<number> {
  const page = await io.readWebFile("lab.html");
  if (!page.ok)
    return complain(`Cannot find the page that was built with this program: ${page.why}; run npm run build`, io);
  const problem = await io.writeWholeFile(out, page.text);
  if (problem !== undefined) return complain(`Cannot write ${JSON.stringify(out)}: ${problem}`, io);
  const size = Math.ceil(new TextEncoder().encode(page.text).length / 1000);
  io.stderr.write(`wrote ${shellWord(out)} (${size} kB); open it in a browser: it needs no network\n`);
  return EXIT_CODE.done;
}
