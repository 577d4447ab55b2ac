import type { RunDocument } from "../../study/run_document.ts";
import { remedies } from "../remedies.ts";
import type { AdviceStep, Block } from "./block.ts";

/** The line length of commands in a write-up: it is copied, and on a narrow screen it scrolls. */
const COMMAND_COLUMNS = 100;

/** What to change on a node, as steps with their cost and their commands, then what they do not cover. */
export function remedyBlocks(document: RunDocument): Block[] {
  const blocks: Block[] = [];
  const steps: AdviceStep[] = [];
  const caveats: string[] = [];
  for (const part of remedies(document, COMMAND_COLUMNS)) {
    const last = steps.at(-1);
    if (part.kind === "note") blocks.push({ kind: "text", text: part.text });
    else if (part.kind === "caveat") caveats.push(part.text);
    else if (part.kind === "step") steps.push({ text: part.text });
    else if (last !== undefined) {
      steps[steps.length - 1] =
        part.kind === "command" ? { ...last, command: part.lines } : { ...last, cost: part.text };
    }
  }
  if (steps.length > 0) blocks.push({ kind: "steps", steps });
  if (caveats.length > 0) blocks.push({ kind: "list", items: caveats });
  return blocks;
}
