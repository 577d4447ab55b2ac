import type { Netns } from "../netns.ts";
import { hostText } from "./shown_endpoint.ts";
import { listSsRows, type SsRow, type SsTimer } from "./ss_rows.ts";

/** The options of `ss -tan` that change its text. */
export interface SsOptions {
  /** `-o`. */
  readonly hasTimers?: boolean;
  /** Off is `-H`. */
  readonly hasHeader?: boolean;
}

const HEADER = ["State", "Recv-Q", "Send-Q", "Local Address:", "Port", "Peer Address:", "Port", "Process"] as const;

/** The two columns of addresses end at the colon; all others begin at their left. */
const ALIGNED_RIGHT: readonly boolean[] = [false, false, false, true, false, true, false, false];

/** A blank stands before these columns; a port follows its colon, and a timer brings its own blank. */
const DELIMITED: readonly boolean[] = [false, true, true, true, false, true, false, false];

/** What `ss -tan` prints in a namespace now, when it does not print to a terminal. */
export function showSs(netns: Netns, options: SsOptions = {}): string {
  return formatSs(listSsRows(netns), options);
}

/**
 * The text of `ss -tan` for rows in their order: each column is as wide as its widest cell, and the last one is padded.
 *
 * Source: iproute2/misc/ss.c render, render_calc_width, inet_stats_print, v6.1.0.
 */
export function formatSs(rows: readonly SsRow[], options: SsOptions = {}): string {
  const { hasTimers = false, hasHeader = true } = options;
  const lines = [...(hasHeader ? [HEADER] : []), ...rows.map((row) => cellsOf(row, hasTimers))];
  const widths = HEADER.map((_, column) => Math.max(0, ...lines.map((cells) => cells[column]!.length)));
  const texts = lines.map((cells) => cells.map((cell, column) => padded(cell, column, widths[column]!)).join(""));
  return texts.map((text) => `${text}\n`).join("");
}

/** `timer:(timewait,59sec,0)`. Source: iproute2/misc/ss.c tcp_timer_print, v6.1.0. */
function timerText({ name, leftMs, retransmits }: SsTimer): string {
  return `timer:(${name},${durationText(leftMs)},${retransmits})`;
}

/** `1min59sec`, `59sec`, `1.500sec`, `200ms`, and nothing at all for 0. Source: iproute2/misc/ss.c print_ms_timer, v6.1.0. */
export function durationText(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000);
  const seconds = minutes > 9 ? 0 : Math.floor(milliseconds / 1000) % 60;
  const fraction = minutes > 0 || seconds > 9 ? 0 : milliseconds % 1000;
  const minutesText = minutes > 0 ? `${minutes}min` : "";
  if (fraction === 0) return `${minutesText}${seconds > 0 ? `${seconds}sec` : ""}`;
  const digits = `${fraction}`.padStart(3, "0");
  return seconds > 0 ? `${seconds}.${digits}sec` : `${digits}ms`;
}

function cellsOf(row: SsRow, hasTimers: boolean): readonly string[] {
  const { state, receiveQueue, sendQueue, local, peer, timer } = row;
  return [
    state,
    // These two are six wide even without the header.
    `${receiveQueue}`.padEnd(6),
    `${sendQueue}`.padEnd(6),
    `${hostText(local.address)}:`,
    portText(local.port),
    `${hostText(peer.address)}:`,
    portText(peer.port),
    hasTimers && timer !== undefined ? ` ${timerText(timer)}` : "",
  ];
}

function portText(port: number): string {
  return port === 0 ? "*" : `${port}`;
}

function padded(cell: string, column: number, width: number): string {
  const text = ALIGNED_RIGHT[column] === true ? cell.padStart(width) : cell.padEnd(width);
  return DELIMITED[column] === true ? ` ${text}` : text;
}
