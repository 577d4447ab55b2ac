import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  readAddress,
  readDuration,
  readEndpoint,
  readInterfaceAddress,
  readPortSpan,
  readRate,
  readVersion,
} from "../../src/scenario/values.ts";

describe("readDuration", () => {
  it.each([
    ["24h", 86_400_000_000],
    ["90m", 5_400_000_000],
    ["1h30m", 5_400_000_000],
    ["7d", 604_800_000_000],
    ["30s", 30_000_000],
    ["1.5s", 1_500_000],
    ["250ms", 250_000],
    ["500us", 500],
    ["1m500ms", 60_500_000],
  ])("reads %s", (text, micros) => {
    expect(readDuration(text)).toEqual({ ok: true, value: micros });
  });

  it.each(["", "10", "1.5", "h", "1x", "-1s", "1h 30m", "30m1h", "1h1h", "0s", "0.1us", "3651d", "1e3s", "١s"])(
    "refuses %j",
    (text) => {
      expect(readDuration(text).ok).toBe(false);
    },
  );

  it("reads what hours, minutes and seconds make up", () => {
    const part = fc.nat(59);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), part, part, (h, m, s) => {
        expect(readDuration(`${h}h${m}m${s}s`)).toEqual({ ok: true, value: ((h * 60 + m) * 60 + s) * 1_000_000 });
      }),
    );
  });
});

describe("readRate", () => {
  it("reads events per second, minute, hour and day as events per second", () => {
    expect(readRate("2.7/s")).toEqual({ ok: true, value: 2.7 });
    expect(readRate("60/m")).toEqual({ ok: true, value: 1 });
    expect(readRate("900/h")).toEqual({ ok: true, value: 0.25 });
    expect(readRate("86400/d")).toEqual({ ok: true, value: 1 });
    expect(readRate("0/s")).toEqual({ ok: true, value: 0 });
  });

  it.each(["2", "2/", "/s", "2/w", "-1/s", "1e3/s", "1000001/s"])("refuses %j", (text) => {
    expect(readRate(text).ok).toBe(false);
  });
});

describe("readVersion", () => {
  it("reads three numbers, with or without v", () => {
    expect(readVersion("1.23.10")).toEqual({ ok: true, value: [1, 23, 10] });
    expect(readVersion("v1.7.0")).toEqual({ ok: true, value: [1, 7, 0] });
  });

  it("does not guess the patch", () => {
    expect(readVersion("1.23")).toMatchObject({ ok: false, toMend: "write the patch too, such as 1.23.0" });
    expect(readVersion("1.23.10-eks").ok).toBe(false);
  });
});

describe("addresses", () => {
  it("are dotted quads, with a prefix or a port where one belongs", () => {
    expect(readAddress("10.0.0.1")).toEqual({ ok: true, value: 0x0a000001 });
    expect(readInterfaceAddress("10.0.0.1/25")).toEqual({ ok: true, value: { address: 0x0a000001, prefixLength: 25 } });
    expect(readEndpoint("10.0.0.1:80")).toEqual({ ok: true, value: { address: 0x0a000001, port: 80 } });
  });

  it("are refused with the mend for what is missing or too much", () => {
    expect(readAddress("10.0.0.1/24")).toMatchObject({ ok: false, toMend: "write 10.0.0.1" });
    const port = { ok: false, why: "a port has no place here", toMend: "write 10.0.0.1" };
    expect(readAddress("10.0.0.1:80")).toEqual(port);
    expect(readAddress("fe80::1")).toMatchObject({ ok: false, why: "only IPv4 is modelled" });
    expect(readInterfaceAddress("10.0.0.1")).toMatchObject({ ok: false, why: "it has no prefix" });
    expect(readInterfaceAddress("10.0.0.1/33")).toMatchObject({ ok: false, why: "its prefix is longer than 32 bits" });
    expect(readEndpoint("10.0.0.1:0")).toMatchObject({ ok: false, why: "its port is not 1 to 65535" });
    expect(readEndpoint("10.0.0.1")).toMatchObject({ ok: false, why: "it has no port" });
  });
});

describe("readPortSpan", () => {
  it("reads low and high port", () => {
    expect(readPortSpan("20000-40000")).toEqual({ ok: true, value: [20_000, 40_000] });
    expect(readPortSpan("80-80")).toEqual({ ok: true, value: [80, 80] });
  });

  it("refuses other dashes and backward ranges with the mend", () => {
    expect(readPortSpan("20000\u201340000")).toMatchObject({ ok: false, toMend: "write 20000-40000" });
    expect(readPortSpan("20000 40000")).toMatchObject({ ok: false, toMend: "write 20000-40000" });
    expect(readPortSpan("40000-20000")).toMatchObject({ ok: false, toMend: "write 20000-40000" });
    expect(readPortSpan("0-65536").ok).toBe(false);
  });
});
