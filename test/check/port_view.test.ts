import { describe, expect, it } from "vitest";
import { PortView, type PortViewInput } from "../../src/check/port_view.ts";

function view(given: Partial<PortViewInput> & { readonly reservedPorts?: readonly number[] } = {}) {
  const reserved = new Uint8Array(65_536);
  for (const port of given.reservedPorts ?? []) reserved[port] = 1;
  return new PortView({ walk: "5.18+", range: [40_000, 40_009], reserved, held: new Set(), ...given });
}

describe("PortView", () => {
  it("reaches the parity of the low bound only, from kernel 4.6 on", () => {
    const ports = view();
    expect([ports.starts, ports.parity, ports.firstCount, ports.openCount]).toEqual([5, "even", 5, 10]);
    expect([ports.isReachable(40_002), ports.isReachable(40_003)]).toEqual([true, false]);
  });

  it("reaches every port on 3.10", () => {
    const ports = view({ walk: "3.10" });
    expect([ports.starts, ports.parity, ports.isReachable(40_003)]).toEqual([10, undefined, true]);
  });

  it("gives the first free port behind skipped ones their starts", () => {
    const ports = view({ reservedPorts: [40_002], held: new Set([40_004]) });
    expect([40_000, 40_002, 40_004, 40_006, 40_008].map((port) => ports.weight(port))).toEqual([1, 0, 0, 3, 1]);
    expect(ports.likeliest).toEqual({ port: 40_006, weight: 3 });
    expect(ports.share([40_006, 40_006])).toBe(3 / 5);
  });

  it("goes on at the bottom where the block ends the range", () => {
    expect(view({ reservedPorts: [40_006, 40_008] }).weight(40_000)).toBe(3);
  });

  it("reaches the other parity once the first is used up", () => {
    const ports = view({ reservedPorts: [40_000, 40_002, 40_004, 40_006, 40_008] });
    expect([ports.isReachable(40_001), ports.firstCount]).toEqual([true, 5]);
  });
});
