/** A unit for an axis of time. */
export interface TimeUnit {
  readonly name: string;
  readonly seconds: number;
}

/** The unit in which a span of so many seconds has numbers that people read at a glance. */
export function timeUnit(span: number): TimeUnit {
  if (span <= 180) return { name: "seconds", seconds: 1 };
  if (span <= 10_800) return { name: "minutes", seconds: 60 };
  if (span <= 345_600) return { name: "hours", seconds: 3_600 };
  return { name: "days", seconds: 86_400 };
}
