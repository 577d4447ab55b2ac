/**
 * Goal: the cost of a bare event. Method: the hold model, pop the earliest of 1,000 pending events and push it back;
 * prints nanoseconds of CPU per event. A program of its own, so that the compiler does not tune the queue for two uses.
 */
import { RandomStream } from "../../src/sim/random.ts";
import { TimerQueue } from "../../src/sim/timer_queue.ts";

const PENDING = 1_000;
const EVENTS = 2_000_000;

const queue = new TimerQueue();
const random = new RandomStream("hold");
for (let sequence = 0; sequence < PENDING; sequence += 1) queue.push(random.uniform(), sequence, 0, 0);
const before = process.cpuUsage();
for (let sequence = PENDING; sequence < EVENTS; sequence += 1) {
  const time = queue.earliestTime;
  queue.pop();
  queue.push(time + random.uniform(), sequence, 0, 0);
}
const { user, system } = process.cpuUsage(before);
process.stdout.write(`${((user + system) * 1000) / EVENTS}\n`);
