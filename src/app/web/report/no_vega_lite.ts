/** What stands in the place of Vega-Lite in a report's script: the charts of a report are compiled already. */
export const version = "none";

/** Never called: the script hands over compiled charts only. */
export function compile(): never {
  throw new Error("a chart of a report is compiled");
}
