/** A share of 0 to 1 in per cent with two significant digits, for assumptions and methods: `4.2 %`. */
export function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}
