import { type BenchCase, cpuSecondsOf } from "../bench_case.ts";

const WORDS = 1 << 19;
const STEPS = 8_000_000;

/** Work that is none of portfall's: it walks at random through 2 MiB of a typed array. @returns its checksum. */
function walk(words: Int32Array, steps: number): number {
  let place = 1;
  let sum = 0;
  for (let step = 0; step < steps; step += 1) {
    const hash = Math.imul(place ^ (place >>> 15), 0x2c1b3c6d) + step;
    place = (hash ^ (hash >>> 12)) & (WORDS - 1);
    const word = words[place]!;
    sum = (sum + word) | 0;
    words[place] = word + 1;
  }
  return sum;
}

/** The machine by itself, so that a busy or slow one shows as such. */
export const YARDSTICK: BenchCase = {
  name: "yardstick",
  about: "The machine by itself: a step of a walk at random through 2 MiB of memory, with nothing of portfall in it.",
  points: [
    {
      name: "walk",
      measure: (scale) => {
        const words = new Int32Array(WORDS);
        walk(words, STEPS * scale);
        const seconds = cpuSecondsOf(() => walk(words, STEPS * scale));
        return { rows: [{ measure: "step", unit: "ns/step", value: (seconds / (STEPS * scale)) * 1e9 }] };
      },
    },
  ],
  bounds: [],
};
