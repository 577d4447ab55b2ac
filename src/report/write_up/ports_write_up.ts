import { formatCount } from "../number_text.ts";
import type { PortsDocument } from "../ports_document.ts";
import { portsText } from "../ports_text.ts";
import type { WriteUp } from "./block.ts";
import { chartSection } from "./run_write_up.ts";
import type { WriteUpParts } from "./run_write_up.ts";
import { largestOf } from "../extremes.ts";

/** The write-up of what `sim ports` gave: whether connects found a port, charts, and its text. */
export function portsWriteUp(document: PortsDocument, { charts }: WriteUpParts): WriteUp {
  const { connects, kernel, portWalk, range, settings } = document;
  const refused = connects.filter(({ error }) => error !== undefined).length;
  const most = Math.max(0, largestOf(connects.map(({ candidates }) => candidates)));
  const all = formatCount(connects.length);
  const headline =
    refused === 0
      ? `Each of ${all} connects was given a port; connect() tried at most ${formatCount(most)} for one.`
      : `${formatCount(refused)} of ${all} connects found no free source port (EADDRNOTAVAIL); connect() tried up to ${formatCount(most)} for one.`;
  return {
    title: `Source ports of kernel ${kernel}`,
    about: `Port walk ${portWalk} over ${range.join("-")}, seed ${settings.seed}.`,
    tone: refused === 0 ? "good" : "bad",
    headline,
    blocks: [],
    sections: [
      ...chartSection(charts),
      {
        title: "Figures",
        blocks: [
          {
            kind: "code",
            language: "text",
            lines: portsText(document, { color: false, columns: 100 }).trimEnd().split("\n"),
          },
        ],
      },
    ],
  };
}
