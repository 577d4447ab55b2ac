/** A path of a scenario that a sweep varies, by a list of values or over a range of numbers. */
export type Factor =
  | { readonly kind: "values"; readonly path: string; readonly values: readonly string[] }
  | ({ readonly kind: "range"; readonly path: string } & NumberRange);

/** Numbers from `low` to `high`, both included. */
export interface NumberRange {
  readonly low: number;
  readonly high: number;
  /** What stands behind each number: `/s`, `ms` or nothing. */
  readonly unit: string;
  /** Digits behind the point; 0 for whole numbers only. */
  readonly decimals: number;
}

/** The most values that one factor may have. */
const MOST_VALUES = 10_000;

/**
 * Reads what stands behind `--vary`: `PATH=A,B,C`, `PATH=LOW..HIGH/STEPS` or `PATH=LOW..HIGH`. A value in double quotes
 * is taken as it is, commas and dots included. With steps a range becomes the list of its evenly spaced values, both
 * ends among them; between whole numbers all values are whole.
 *
 * @returns the factor, or a sentence about what is wrong with the text.
 * @example
 * ```ts
 * console.log(readFactor("kernel=5.4.188,6.1")); // { kind: 'values', path: 'kernel', values: [ '5.4.188', '6.1' ] }
 * console.log(readFactor("kernel"));
 * // Cannot vary "kernel": write PATH=A,B,C or PATH=LOW..HIGH/STEPS, such as kernel=5.4.188,6.1
 * ```
 */
export function readFactor(text: string): Factor | string {
  const equals = text.indexOf("=");
  const path = text.slice(0, Math.max(0, equals));
  const values = text.slice(equals + 1);
  if (path === "" || values === "") {
    return `Cannot vary ${quoted(text)}: write PATH=A,B,C or PATH=LOW..HIGH/STEPS, such as kernel=5.4.188,6.1`;
  }
  if (!values.includes('"') && values.includes("..")) return readRange(path, values);
  const list = splitValues(values);
  if (typeof list === "string") return `Cannot vary ${quoted(path)}: ${list}`;
  return checkedValues(path, list);
}

/** The value of a factor at a place from 0 to below 1: of a list the item there, of a range the number there. */
export function valueAt(factor: Factor, place: number): string {
  if (factor.kind === "values") return factor.values[Math.floor(place * factor.values.length)]!;
  const { low, high, decimals } = factor;
  // Each whole number owns a stretch of the same length, those at the ends included.
  if (decimals === 0) return numberText(low + Math.floor(place * (high - low + 1)), factor);
  return numberText(low + place * (high - low), factor);
}

const RANGE = /^([0-9]+(?:\.[0-9]+)?)(\/[smhd]|[a-z]*)\.\.([0-9]+(?:\.[0-9]+)?)(\/[smhd]|[a-z]*)(?:\/([0-9]{1,6}))?$/;

function readRange(path: string, text: string): Factor | string {
  const match = RANGE.exec(text);
  if (match === null) {
    return `Cannot vary ${quoted(path)} over ${quoted(text)}: write LOW..HIGH/STEPS, such as 1024..32768/5 or 1/s..10/s/4`;
  }
  const [, lowText = "", lowUnit = "", highText = "", unit = "", stepsText] = match;
  const low = Number(lowText);
  const high = Number(highText);
  if (lowUnit !== "" && lowUnit !== unit) {
    return `Cannot vary ${quoted(path)} over ${quoted(text)}: its ends have the units ${quoted(lowUnit)} and ${quoted(unit)}`;
  }
  if (!(low < high))
    return `Cannot vary ${quoted(path)} over ${quoted(text)}: the second number must be the larger one`;
  const behindPoint = Math.max(...[lowText, highText].map((end) => (end.split(".")[1] ?? "").length));
  // Values between two decimal fractions need more digits than the ends have.
  const range = { low, high, unit, decimals: behindPoint === 0 ? 0 : behindPoint + 3 };
  if (stepsText === undefined) return { kind: "range", path, ...range };
  const steps = Number(stepsText);
  if (steps < 2 || steps > MOST_VALUES) {
    return `Cannot vary ${quoted(path)} in ${stepsText} steps: both ends are steps, so it takes 2 to ${MOST_VALUES}`;
  }
  if (range.decimals === 0 && steps > high - low + 1) {
    return `Cannot vary ${quoted(path)} in ${steps} steps: from ${low} to ${high} there are ${high - low + 1} whole numbers`;
  }
  const values = Array.from({ length: steps }, (_, step) =>
    numberText(low + ((high - low) * step) / (steps - 1), range),
  );
  return checkedValues(path, values);
}

function numberText(value: number, { unit, decimals }: NumberRange): string {
  const text = value.toFixed(decimals);
  return `${decimals === 0 ? text : text.replace(/\.?0+$/, "")}${unit}`;
}

/** A list whose values all differ. */
function checkedValues(path: string, values: readonly string[]): Factor | string {
  if (values.length > MOST_VALUES)
    return `Cannot vary ${quoted(path)} by ${values.length} values: ${MOST_VALUES} at most`;
  const twice = values.find((value, index) => values.indexOf(value) !== index);
  if (twice !== undefined) return `Cannot vary ${quoted(path)}: it names the value ${quoted(twice)} twice`;
  if (values.length < 2)
    return `Cannot vary ${quoted(path)} by the one value ${quoted(values[0] ?? "")}: set it with --set`;
  return { kind: "values", path, values };
}

/** Values parted by commas that stand outside of double quotes; or what is wrong with the quotes. */
function splitValues(text: string): readonly string[] | string {
  const item = /(?:"([^"]*)"|([^",]*))(,|$)/y;
  const values: string[] = [];
  for (let at = 0; at <= text.length; at = item.lastIndex) {
    item.lastIndex = at;
    const match = item.exec(text);
    if (match === null) return `a double quote opens or closes in the middle of a value in ${quoted(text)}`;
    if (match[1] === undefined && match[2] === "")
      return `a value between two commas is empty: write "" for an empty value`;
    values.push(match[1] ?? match[2] ?? "");
    if (match[3] === "") break;
  }
  return values;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
