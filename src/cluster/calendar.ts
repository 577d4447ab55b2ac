import { type Micros, SECOND } from "../units.ts";

/** A moment of a run as logs write it. */
export interface CalendarTime {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
  readonly microseconds: number;
}

const DAY: Micros = 86_400 * SECOND;
const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
const FIRST_YEAR = 2026;

/** The moment 0 of a run since 1970: 1 January 2026, 00:00 UTC. The engine has no calendar; this one gives logs and files a plausible date. */
export const RUN_EPOCH: Micros = 1_767_225_600 * SECOND;

/** Where a moment falls: a run begins with 2026, and no year is a leap year. */
export function calendarTime(at: Micros): CalendarTime {
  const days = Math.floor(at / DAY);
  const dayOfYear = days % 365;
  let month = 0;
  while (DAYS_BEFORE_MONTH[month + 1]! <= dayOfYear) month += 1;
  const inDay = at % DAY;
  return {
    year: FIRST_YEAR + Math.floor(days / 365),
    month: month + 1,
    day: dayOfYear - DAYS_BEFORE_MONTH[month]! + 1,
    hours: Math.floor(inDay / (3_600 * SECOND)),
    minutes: Math.floor(inDay / (60 * SECOND)) % 60,
    seconds: Math.floor(inDay / SECOND) % 60,
    microseconds: inDay % SECOND,
  };
}

/** A number with zeros before it, `width` digits long. */
export function padded(value: number, width: number): string {
  return `${value}`.padStart(width, "0");
}
