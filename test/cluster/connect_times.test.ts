import { assert, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { bucketTop, ConnectTimes } from "../../src/cluster/connect_times.ts";

describe("ConnectTimes", () => {
  it("counts a time in a bucket that ends at it or at most 1/32 above it", () => {
    assert(
      property(integer({ min: 0, max: 2 ** 31 - 1 }), (time) => {
        const times = new ConnectTimes();
        times.add(time);
        const [[bucket, count] = [-1, 0]] = times.result().buckets;
        const top = bucketTop(bucket);
        return count === 1 && top >= time && top <= time + time / 32;
      }),
    );
  });

  it("puts later times into the same or a later bucket", () => {
    const times = new ConnectTimes();
    const places = [63, 64, 65, 127, 128, 1_000_000, 1_031_000, 3_000_000].map((time) => {
      times.add(time);
      return times.result().buckets.at(-1)![0];
    });
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  it("calls a handshake slow from one second on", () => {
    const times = new ConnectTimes();
    for (const time of [200, 999_999, 1_000_000, 1_032_000]) times.add(time);
    expect(times.result()).toMatchObject({ count: 4, sum: 3_032_199, max: 1_032_000, slow: 2 });
  });
});
