import type { ConnectionStory } from "../../study/explain_connection.ts";
import type { ExplainDocument } from "../explain_document.ts";
import { sequenceChart } from "../sequence_chart.ts";
import type { Chart } from "./chart.ts";

/** Lines of a story that a description tells; the whole of it is what `sim explain` prints. */
const MOST_LINES = 30;

/** The sequence of a connection's packets as a chart, from the story that `sim explain` tells. */
export function sequenceChartOf(story: ConnectionStory, document: ExplainDocument): Chart {
  const spec = sequenceChart(story, document);
  const title = titleOf(spec.title);
  const packets = document.events.flatMap((event) =>
    event.kind === "packet"
      ? [`+${event.atSeconds.toFixed(6)} s ${event.interface} ${event.direction}: ${event.text.replaceAll("\n", " ")}`]
      : [],
  );
  const more = packets.length > MOST_LINES ? ` And ${packets.length - MOST_LINES} more.` : "";
  const description = `${title}. Packets: ${packets.slice(0, MOST_LINES).join("; ")}.${more}`;
  return { kind: "sequence", title, description, spec: { ...spec, description } };
}

function titleOf(title: unknown): string {
  if (typeof title === "object" && title !== null && "text" in title && typeof title.text === "string")
    return title.text;
  return "The packets of one connection";
}
