import { describe, expect, it } from "vitest";
import { initialScenario } from "../../src/scenario/init.ts";
import { parseScenario } from "../../src/scenario/scenario.ts";
import { WorkerPool } from "../../src/study/worker_pool.ts";

// Goal: a thread that ends, at whatever moment, is heard of: no task waits for it for ever.
// Method: the pool runs scripts that answer at once, and end when the replication's number says so. What the engine's own
// script answers is the matter of run_study.test.ts and of the smoke test.

const parsed = parseScenario(initialScenario(), "first.yaml", []);
if (!parsed.ok) throw new Error("the first scenario is broken");
const { scenario } = parsed;

/** A script that answers each replication with its number and its thread, or does what `otherwise` says. */
function script(otherwise: string): URL {
  const text = `
    import { parentPort, threadId } from "node:worker_threads";
    parentPort.on("message", ({ replication }) => {
      ${otherwise}
      parentPort.postMessage({ kind: "result", result: { replication, threadId } });
    });`;
  return new URL(`data:text/javascript,${encodeURIComponent(text)}`);
}

describe("WorkerPool", () => {
  it("says which replication a thread ended in, and gives the next one to a new thread", async () => {
    const pool = new WorkerPool(1, script("if (replication === 1) process.exit(7);"));
    const [first, second, third] = [0, 1, 2].map((replication) => pool.run({ scenario, replication }));
    await expect(second).rejects.toMatchObject({ message: "A worker thread ended with code 7", replication: 1 });
    expect(await first).toEqual({ replication: 0, threadId: expect.any(Number) });
    expect(await third).toMatchObject({ replication: 2 });
    await pool.close();
  });

  it("says which replication a thread threw in", async () => {
    const pool = new WorkerPool(1, script('if (replication === 1) throw new TypeError("no such port");'));
    await expect(pool.run({ scenario, replication: 1 })).rejects.toMatchObject({
      message: "no such port",
      replication: 1,
    });
    await pool.close();
  });

  it("makes an error of whatever a thread throws", async () => {
    const pool = new WorkerPool(1, script('throw "a word";'));
    await expect(pool.run({ scenario, replication: 3 })).rejects.toMatchObject({ message: "a word", replication: 3 });
    await pool.close();
  });

  it("gives nothing to a thread that has ended while it was idle", async () => {
    const ends = 'setTimeout(() => process.exit(0), 1); setTimeout(() => { throw new Error("late"); }, 1);';
    const pool = new WorkerPool(1, script(ends));
    const threads: unknown[] = [];
    for (let replication = 0; replication < 3; replication += 1) {
      const result = await pool.run({ scenario, replication });
      threads.push("threadId" in result && result.threadId);
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    expect(new Set(threads).size).toBe(3);
    await pool.close();
  });

  it("gives nothing to a thread that ends as it answers", async () => {
    const pool = new WorkerPool(1, script("setImmediate(() => parentPort.close());"));
    const results = [];
    for (let replication = 0; replication < 3; replication += 1) {
      const result = pool.run({ scenario, replication });
      // Answer and end come while this thread is busy, and are told in one go.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
      results.push(await result);
    }
    expect(new Set(results.map((result) => "threadId" in result && result.threadId)).size).toBe(3);
    await pool.close();
  });

  it("says so where no thread can be started", async () => {
    const pool = new WorkerPool(1, new URL("ftp://localhost/worker.js"));
    await expect(pool.run({ scenario, replication: 0 })).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_/),
    });
    await pool.close();
  });
});
