import { describe, expect, it } from "vitest";
import { ip } from "../support/small_network.ts";
import { Wire } from "../support/wire.ts";

describe("The routes of a namespace", () => {
  it("are found once for each destination, however many there are, until something changes", () => {
    const { routes } = new Wire().host;
    const addresses = Array.from({ length: 1000 }, (_, host) => (ip("10.99.0.0") + host) | 0);
    const found = addresses.map((address) => routes.lookup(address));
    expect(new Set(found).size).toBe(1000);
    expect(addresses.filter((address, index) => routes.lookup(address) !== found[index])).toEqual([]);
    routes.add({ destination: ip("10.99.0.0"), prefixLength: 16, kind: "blackhole" });
    expect(new Set(addresses.map((address) => routes.lookup(address).kind))).toEqual(new Set(["blackhole"]));
  });
});
