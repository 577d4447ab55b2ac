/** A count with its thousands parted by commas: 9780000 is `9,780,000`. Ports are names, not counts, and take no commas. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(?:[0-9]{3})+$)/g, ",");
}

/** A probability with three significant digits: `2.19e-4` below one in a hundred, `0.0713` above, `0` and `1` as they are. */
export function formatProbability(probability: number): string {
  if (probability === 0) return "0";
  return probability < 0.01 ? probability.toExponential(2) : String(Number(probability.toPrecision(3)));
}
