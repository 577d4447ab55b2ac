import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PortBuckets } from "../../src/kernel/ports/port_buckets.ts";

// Goal: a port's bucket knows who owns it, and whether connect() may share it.
// Method: random owners come and go, on the buckets and in plain lists.

describe("PortBuckets", () => {
  const steps = fc.array(
    fc.record({
      kind: fc.constantFrom("connect", "bind", "leave"),
      port: fc.integer({ min: 0, max: 5 }),
      which: fc.nat(),
    }),
    { maxLength: 200 },
  );

  it.each([false, true])(
    "counts owners and closes to connect() as a list of owners says (6.18's rule: %s)",
    (forgets) => {
      fc.assert(
        fc.property(steps, (commands) => {
          const buckets = new PortBuckets();
          const owners: ("connect" | "bind")[][] = [[], [], [], [], [], []];
          const isClosed = [false, false, false, false, false, false];
          for (const { kind, port, which } of commands) {
            const own = owners[port]!;
            if (kind === "connect") {
              buckets.addConnectOwner(port);
              own.push(kind);
            } else if (kind === "bind") {
              buckets.addExplicitOwner(port);
              own.push(kind);
              isClosed[port] = true;
            } else if (own.length > 0) {
              const [left] = own.splice(which % own.length, 1);
              buckets.removeOwner(port, left === "bind", forgets);
              if (own.length === 0 || (forgets && left === "bind" && !own.includes("bind"))) isClosed[port] = false;
            }
            expect(owners.map((_, every) => buckets.owners(every))).toEqual(owners.map(({ length }) => length));
            expect(owners.map((_, every) => buckets.isClosedToConnect(every))).toEqual(isClosed);
            expect(buckets.inUse).toBe(owners.filter((list) => list.length > 0).length);
          }
        }),
        { numRuns: 60 },
      );
    },
  );

  it("refuses to lose an owner that it has not", () => {
    const buckets = new PortBuckets();
    expect(() => buckets.removeOwner(80, false, false)).toThrow("a port that loses an owner has one");
  });
});
