const HISTOGRAM_SIZE = 65;

/** How many candidates `connect()` examined: one figure per connect, of one namespace. */
export class CandidateCounts {
  /** `histogram[k]` = connects that examined k candidates; the last entry gathers all above 63. */
  readonly histogram = new Float64Array(HISTOGRAM_SIZE);
  sum = 0;
  max = 0;

  add(examined: number): void {
    const place = Math.min(examined, HISTOGRAM_SIZE - 1);
    this.histogram[place] = this.histogram[place]! + 1;
    this.sum += examined;
    this.max = Math.max(this.max, examined);
  }

  /** Counts from here on. */
  forget(): void {
    this.histogram.fill(0);
    this.sum = 0;
    this.max = 0;
  }
}
