import { runPortExperiment } from "../../conform/port_experiment.ts";
import type { PortExperiment } from "../../conform/port_experiment.ts";
import { jsonText } from "../../report/json_text.ts";
import type { PortsDocument, PortsSettings } from "../../report/ports_document.ts";
import { portsText } from "../../report/ports_text.ts";
import { portBlocks } from "../../study/port_blocks.ts";
import { SECOND } from "../../units.ts";
import type { CliIo } from "./cli_io.ts";
import { EXIT_CODE } from "./exit_code.ts";
import type { PortsOptions } from "./ports_options.ts";
import { setUpPorts } from "./ports_setup.ts";
import type { PortsSetup } from "./ports_setup.ts";
import { refuse } from "./refuse.ts";
import { textOptions } from "./text_options.ts";

/**
 * `sim ports`: connects on a simulated kernel and prints the source ports that it picked.
 *
 * @returns the exit code: 0, or 2 if the kernel or a value is wrong. EADDRNOTAVAIL is a finding, not a failure.
 */
export function portsCommand(options: PortsOptions, io: CliIo): number {
  const setup = setUpPorts(options);
  if (!setup.ok) return refuse(setup.diagnostics, io);
  const document = documentOf(options, setup, runPortExperiment(setup.experiment));
  io.stdout.write(options.format === "json" ? jsonText(document) : portsText(document, textOptions(io)));
  return EXIT_CODE.done;
}

function documentOf(
  options: PortsOptions,
  { experiment, reserved }: PortsSetup & { readonly ok: true },
  { range, picked }: PortExperiment,
): PortsDocument {
  const { era, listen } = experiment;
  const { seed, destinations, gap, close, cursor, hash } = options;
  const { noise, socketRange } = experiment;
  const { stepWidth } = options;
  const settings: PortsSettings = {
    seed,
    reserved: portBlocks(reserved),
    listen: portBlocks(listen),
    destinations,
    gapSeconds: gap / SECOND,
    close,
    ...(cursor === undefined ? {} : { cursor }),
    ...(hash === undefined ? {} : { hash: `${hash}` }),
    ...(noise === undefined ? {} : { noise }),
    ...(stepWidth === undefined ? {} : { stepWidth: Number(stepWidth) }),
    ...(socketRange === undefined ? {} : { socketRange }),
  };
  const isResalted = era.portHashIsResalted && hash === undefined;
  const connects = picked.map(({ at, destination, outcome, candidates, epoch }) => ({
    at: at / SECOND,
    destination,
    ...(typeof outcome === "number" ? { port: outcome } : { error: outcome }),
    candidates,
    ...(isResalted ? { epoch } : {}),
  }));
  return { format: "ports/1", kernel: era.build, portWalk: era.portWalk, range, settings, connects };
}
