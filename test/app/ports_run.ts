import { expect } from "vitest";
import { runCli } from "../../src/app/cli/run_cli.ts";
import type { PortsConnect, PortsDocument } from "../../src/report/ports_document.ts";
import { memoryIo } from "./memory_io.ts";

/** The document that `sim ports` prints. */
export async function portsDocument(words: readonly string[]): Promise<PortsDocument> {
  const io = memoryIo();
  const code = await runCli(["ports", "--format", "json", ...words], io);
  expect([code, io.err()]).toEqual([0, ""]);
  return JSON.parse(io.out());
}

/** Ports and errors, as `33768 33770 EADDRNOTAVAIL`. */
export function told(connects: readonly PortsConnect[]): string {
  return connects.map(({ port, error }) => port ?? error).join(" ");
}

/** The connects of each destination. */
export function byDestination({ connects }: PortsDocument): PortsConnect[][] {
  const lists: PortsConnect[][] = [];
  for (const connect of connects) (lists[connect.destination] ??= []).push(connect);
  return lists;
}
