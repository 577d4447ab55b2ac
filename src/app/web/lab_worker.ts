// It must come first: schemas are made when their modules are read.
// oxlint-disable-next-line import/no-unassigned-import -- it is there for what it does.
import "./no_eval.ts";
import { Boot } from "./boot.ts";
import { Lab } from "./lab.ts";
import type { Hello } from "./messages.ts";

const served: (Lab | Boot)[] = [];

// One script for all workers of the page: the first message says which of the two it is.
addEventListener("message", ({ data }: MessageEvent<Hello>) => {
  served.push(data.kind === "lab" ? new Lab(data.page, data.version) : new Boot(data.lab));
});
