import { describe, expect, it } from "vitest";
import { AddressPool } from "../../../src/cluster/workloads/address_pool.ts";

describe("AddressPool", () => {
  it("gives addresses in their order, passes over those that are taken, and begins anew at the end", () => {
    const pool = new AddressPool([1, 2, 3, 4], [2]);
    expect([pool.take(), pool.take()]).toEqual([1, 3]);
    pool.release(1);
    expect([pool.take(), pool.take(), pool.take()]).toEqual([4, 1, undefined]);
    pool.release(2);
    expect(pool.take()).toBe(2);
  });
});
