/** The document `conform/1`: what came of replaying recorded cases. */
export interface ConformDocument {
  readonly format: "conform/1";
  /** In the order of their files. */
  readonly cases: readonly ConformedCase[];
  readonly passed: number;
  readonly failed: number;
}

/** What came of one case. */
export interface ConformedCase {
  readonly id: string;
  /** The folder of the recording: `6.1`, `5.10-walk-3.10`. */
  readonly kernel: string;
  readonly file: string;
  readonly title: string;
  readonly ok: boolean;
  /** Empty if and only if the case passes. */
  readonly differences: readonly ConformDifference[];
  /** What the case needs and the model lacks. */
  readonly reason?: string;
  /** The race that the model decided in the other, equally legal order. */
  readonly excused?: { readonly race: string; readonly comparedUntilMs: number };
  /** Fields that the format does not name: that part of the experiment was not seen. Absent if there are none. */
  readonly unknownFields?: readonly string[];
}

/** One thing in which the model does not do what was recorded. */
export interface ConformDifference {
  readonly where: string;
  readonly expected: string;
  readonly actual: string;
  /** The few packets before it, as recorded. */
  readonly before: readonly string[];
}
