// It must come first: schemas are made when their modules are read.
import "./no_eval.ts";
import { Boot } from "./boot.ts";
import { Lab } from "./lab.ts";
import type { Hello } from "./messages.ts";

// One script for all workers of the page: the first message says which of the two it is.
addEventListener("message", ({ data }: MessageEvent<Hello>) => {
  if (data.kind === "lab") new Lab(data.page, data.version);
  else new Boot(data.lab);
});
