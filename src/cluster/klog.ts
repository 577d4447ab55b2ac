import type { Micros } from "../units.ts";
import { calendarTime, padded } from "./calendar.ts";

/** Severities of klog. */
export type KlogSeverity = "I" | "W" | "E";

/**
 * `I0101 00:00:12.345678    1000`: severity, month and day, time, and the process id.
 *
 * Source: k8s.io/klog/klog.go formatHeader, v2.60.1.
 */
export function klogHeader(severity: KlogSeverity, at: Micros, processId: number): string {
  const { month, day, hours, minutes, seconds, microseconds } = calendarTime(at);
  const time = `${padded(hours, 2)}:${padded(minutes, 2)}:${padded(seconds, 2)}.${padded(microseconds, 6)}`;
  return `${severity}${padded(month, 2)}${padded(day, 2)} ${time} ${`${processId}`.padStart(7)}`;
}

/** A text as klog quotes it in a structured line. */
export function klogQuoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
