import type { Fault } from "./fault.ts";

/** Faults in time and chance, and in the kernel's clock. */
export const SIM_FAULTS: readonly Fault[] = [
  {
    wrong: "An event that was scheduled later fires before one of the same moment.",
    file: "sim/sorted_timers.ts",
    find: "if (behind > time || (behind === time && sequences[row - 1]! > sequence)) return row;",
    replace: "if (behind >= time) return row;",
  },
  {
    wrong:
      "An event that took its place early waits behind all others of its moment, where one of them stands in the heap.",
    file: "sim/timer_queue.ts",
    find: "return time < nearTime || (time === nearTime && sequence < this.#near.earliestSequence);",
    replace: "return time < nearTime;",
  },
  {
    wrong: "Of two equal times the queue's left child wins, whatever their sequences.",
    file: "sim/timer_heap.ts",
    find: "if (rightTime < childTime || (rightTime === childTime && sequences[right]! < sequences[child]!)) {",
    replace: "if (rightTime < childTime) {",
  },
  {
    wrong: "A timer column that grows copies from its first row, not from its oldest timer.",
    file: "sim/timer_column.ts",
    find: "const row = (this.#head + index) & (capacity - 1);",
    replace: "const row = index;",
  },
  {
    wrong: "A fingerprint does not see the upper half of a moment.",
    file: "sim/fingerprint.ts",
    find: "    this.add(Math.floor(value / 4294967296));\n",
    replace: "",
  },
  {
    wrong: "The logarithm's series ends four terms early.",
    file: "sim/distributions.ts",
    find: "for (let power = 23; power >= 3; power -= 2)",
    replace: "for (let power = 15; power >= 3; power -= 2)",
  },
  {
    wrong: "The first and the last of some whole numbers are drawn half as often as the others.",
    file: "sim/random.ts",
    find: "return Math.floor(this.#next() * bound);",
    replace: "return Math.round(this.#next() * (bound - 1));",
  },
  {
    wrong: "The tick counter begins 301 s before its overflow.",
    file: "kernel/jiffies.ts",
    find: "4294967296 - 300 * this.hz",
    replace: "4294967296 - 301 * this.hz",
  },
  {
    wrong: "The wheel's third level begins 8 ticks late.",
    file: "kernel/jiffies.ts",
    find: "[0, 63, 504, 4032,",
    replace: "[0, 63, 512, 4032,",
  },
  {
    wrong: "Timers of kernels without a hierarchical wheel fire one tick late.",
    file: "kernel/jiffies.ts",
    find: "this.#timeOf(armed + ticks));",
    replace: "this.#timeOf(armed + ticks + 1));",
  },
  {
    wrong: "An event that took its place early stands behind those of its moment that took theirs later.",
    file: "sim/timer_heap.ts",
    find: "if (parentTime < time || (parentTime === time && sequences[parent]! < sequence)) break;",
    replace: "if (parentTime <= time) break;",
  },
  {
    wrong: "Of each chunk of a slot only as many rows move as the newest one has.",
    file: "sim/timer_wheel.ts",
    find: "      chunk = previous;\n      rows = CHUNK_ROWS;\n",
    replace: "      chunk = previous;\n",
  },
  {
    wrong:
      "The wheel is poured once when the heap's next event lies behind its horizon, and not until one comes before it.",
    file: "sim/timer_queue.ts",
    find: "while (far.count > 0 && near.earliestTime >= far.horizon) far.pour(near);",
    replace: "if (far.count > 0 && near.count === 0) far.pour(near);",
  },
  {
    wrong: "The streams of node 1's entity 1x are those of node 11's entity x.",
    file: "sim/random.ts",
    find: "`${this.#prefix}${path}/`",
    replace: "`${this.#prefix}${path}`",
  },
  {
    wrong: "The exponential function's series ends four terms early.",
    file: "sim/distributions.ts",
    find: "for (let power = 15; power >= 2; power -= 1)",
    replace: "for (let power = 11; power >= 2; power -= 1)",
  },
  {
    wrong: "The monotonic clock counts from the start of the run, not from boot.",
    file: "kernel/machine.ts",
    find: "return Math.floor((time + this.#uptime) / SECOND);",
    replace: "return Math.floor(time / SECOND);",
  },
];
