import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KeyedHash } from "../../../src/kernel/keyed_hash.ts";
import { PortHashes } from "../../../src/kernel/ports/port_hashes.ts";
import { RandomStreams } from "../../../src/sim/random.ts";

// Goal: a result that was kept is the one that would be computed.
// Method: few values of each word, so that destinations come again, share a place and differ in one word only; the hash
// itself, under the same secret, is the other opinion.

describe("PortHashes", () => {
  it("gives what the hash gives, whatever was asked before", () => {
    const word = fc.constantFrom(0, 1, 0x0a17_4dcb, 0xffff_ffff, 0x8000_0000, -1);
    const port = fc.constantFrom(1, 53, 8080, 65_535);
    const asked = fc.tuple(word, word, port, fc.constantFrom(0, 1, 1_717_986, 2 ** 31));
    fc.assert(
      fc.property(fc.nat(), fc.array(asked, { maxLength: 60 }), (seed, destinations) => {
        const secret = () => new RandomStreams("port hashes", seed).stream("secret");
        const hashes = new PortHashes(secret());
        const hash = new KeyedHash(secret());
        const told: number[][] = [];
        const expected: number[][] = [];
        for (const [saddr, daddr, dport, epoch] of destinations) {
          hashes.compute(saddr, daddr, dport, epoch);
          hash.compute(saddr, daddr, dport, epoch);
          told.push([hashes.low, hashes.high]);
          expected.push([hash.low | 0, hash.high | 0]);
        }
        expect(told).toEqual(expected);
      }),
    );
  });
});
