import { fc } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { isSince, kernelBuilds, resolveKernel, type KernelRequest } from "../../src/kernel/eras.ts";
import { HZ_VALUES, PORT_WALKS, type KernelEra } from "../../src/kernel/kernel_era.ts";

function eraOf(build: string, more: Omit<KernelRequest, "build"> = {}): KernelEra {
  const resolution = resolveKernel({ build, ...more });
  if (!resolution.ok) throw new Error(`${build}: ${resolution.problem}`);
  return resolution.era;
}

function refusalOf(build: string, more: Omit<KernelRequest, "build"> = {}): object {
  const resolution = resolveKernel({ build, ...more });
  if (resolution.ok) throw new Error(`${build} resolves`);
  return resolution;
}

describe("resolveKernel", () => {
  // The first and the last build of each walk, of mainline and of every stable line that changed its walk.
  it.each([
    ["3.10", "3.10", false],
    ["3.10.104", "3.10", false],
    ["4.1.51", "3.10", false],
    ["4.2", "4.2-4.5", false],
    ["4.4.11", "4.2-4.5", false],
    ["4.5.7", "4.2-4.5", false],
    ["4.6", "4.6-5.11", false],
    ["4.9.319", "4.6-5.11", false],
    ["4.9.320", "5.18+", true],
    ["4.14.281", "4.6-5.11", false],
    ["4.14.282", "5.12-5.17", true],
    ["4.14.284", "5.12-5.17", true],
    ["4.14.285", "5.18+", true],
    ["4.18", "4.6-5.11", false],
    ["4.19.222", "4.6-5.11", false],
    ["4.19.245", "4.6-5.11", false],
    ["4.19.246", "5.12-5.17", true],
    ["4.19.248", "5.12-5.17", true],
    ["4.19.249", "5.18+", true],
    ["4.20.17", "4.6-5.11", false],
    ["5.4.188", "4.6-5.11", false],
    ["5.4.196", "4.6-5.11", false],
    ["5.4.197", "5.12-5.17", true],
    ["5.4.200", "5.12-5.17", true],
    ["5.4.201", "5.18+", true],
    ["5.10", "4.6-5.11", false],
    ["5.10.89", "4.6-5.11", false],
    ["5.10.116", "4.6-5.11", false],
    ["5.10.117", "4.6-5.11", true],
    ["5.10.118", "4.6-5.11", true],
    ["5.10.119", "5.12-5.17", true],
    ["5.10.124", "5.12-5.17", true],
    ["5.10.125", "5.18+", true],
    ["5.10.262", "5.18+", true],
    ["5.11.22", "4.6-5.11", false],
    ["5.12.9", "5.12-5.17", false],
    ["5.15.24", "5.12-5.17", false],
    ["5.15.40", "5.12-5.17", false],
    ["5.15.41", "5.18+", true],
    ["5.16.20", "5.12-5.17", false],
    ["5.17.8", "5.12-5.17", false],
    ["5.17.9", "5.18+", true],
    ["5.18", "5.18+", true],
    ["6.1.176", "5.18+", true],
    ["7.2.13", "5.18+", true],
  ])("gives %s the walk %s, re-salted: %s", (build, portWalk, portHashIsResalted) => {
    expect(eraOf(build)).toMatchObject({ build, portWalk, portHashIsResalted, hz: 250, vendor: "upstream" });
  });

  it("reads a version as text: 5.10 is 5.10.0 and 5.1 is 5.1.0", () => {
    expect(eraOf("5.10").release).toEqual([5, 10, 0]);
    expect(eraOf("5.1").release).toEqual([5, 1, 0]);
    expect(eraOf("5.10").portWalk).toBe(eraOf("5.1").portWalk);
    expect(eraOf("5.10").resendsSynAfterChallenge).toBe(true);
    expect(eraOf("5.1").resendsSynAfterChallenge).toBe(false);
  });

  it("knows el7 as the code of 4.2 under the number 3.10", () => {
    const el7 = { release: [3, 10, 0], portWalk: "4.2-4.5", invalidRateLimitMs: 500, hz: 1000, vendor: "el7" };
    expect(eraOf("3.10.0-1160.el7")).toMatchObject(el7);
    expect(eraOf("3.10.0-957.27.2.el7.x86_64")).toMatchObject(el7);
    expect(eraOf("3.10")).toMatchObject({ portWalk: "3.10", invalidRateLimitMs: 0, hz: 250 });
  });

  it("knows el8 up to 4.18.0-147", () => {
    expect(eraOf("4.18.0-147.el8")).toMatchObject({ portWalk: "4.6-5.11", hz: 1000, vendor: "el8" });
    expect(refusalOf("4.18.0-348.el8")).toMatchObject({ candidates: ["4.6-5.11", "5.12-5.17", "5.18+"] });
  });

  it("names the candidate walks and the key that decides for a build without a row", () => {
    expect(refusalOf("5.15.0-91-generic")).toEqual({
      ok: false,
      problem:
        '"5.15.0-91-generic" has no row in the era table: its vendor\'s patches decide how it walks the ports ' +
        "(5.12-5.17 or 5.18+)",
      candidates: ["5.12-5.17", "5.18+"],
      toMend:
        "write kernel: { build: 5.15.0-91-generic, portWalk: 5.18+, hz: 250 } with the walk and tick rate of that build",
    });
    expect(refusalOf("5.10.219-208.amzn2")).toMatchObject({ candidates: ["5.18+"] });
    expect(refusalOf("6.1.0-56")).toMatchObject({ candidates: ["5.18+"] });
  });

  it("takes a build without a row by its upstream number if the walk is given", () => {
    expect(eraOf("5.15.0-91-generic", { portWalk: "5.18+" })).toMatchObject({
      build: "5.15.0-91-generic",
      release: [5, 15, 0],
      vendor: "other",
      portWalk: "5.18+",
      portHashIsResalted: true,
      synLinearTimeouts: 0,
    });
    expect(eraOf("5.14.0-362.el9", { portWalk: "5.12-5.17", hz: 1000 })).toMatchObject({
      portHashIsResalted: false,
      hz: 1000,
    });
  });

  it("replaces the walk of a known build, as a patched kernel does, and nothing else", () => {
    const own = eraOf("5.10.262");
    const patched = eraOf("5.10.262", { portWalk: "4.6-5.11", hz: 100 });
    expect(patched).toEqual({ ...own, portWalk: "4.6-5.11", portHashIsResalted: false, hz: 100 });
  });

  it("leaves a build alone whose own walk is given", () => {
    expect(eraOf("5.10.117", { portWalk: "4.6-5.11" })).toEqual(eraOf("5.10.117"));
  });

  it.each([
    ["2.6.32", "kernel 2.6 is older than 3.10, the oldest in the era table", "write a kernel from 3.10 to 7.2"],
    ["3.9.11", "kernel 3.9 is older than 3.10, the oldest in the era table", "write a kernel from 3.10 to 7.2"],
    ["7.3", "kernel 7.3 is newer than 7.2, the newest in the era table", "write a kernel from 3.10 to 7.2"],
    ["5.20", "there is no kernel 5.20: the 5.x series ended with 5.19", "write a kernel from 3.10 to 7.2"],
    ["v5.10", '"v5.10" does not begin with a kernel release', "write 5.10"],
    ["5", '"5" does not begin with a kernel release', "write an upstream release such as 5.10 or 6.1.176"],
    ["05.10", '"05.10" does not begin with a kernel release', "write an upstream release such as 5.10 or 6.1.176"],
    [
      "5.10.1.2",
      '"5.10.1.2" does not begin with a kernel release',
      "write an upstream release such as 5.10 or 6.1.176",
    ],
    ["", '"" does not begin with a kernel release', "write an upstream release such as 5.10 or 6.1.176"],
  ])("refuses %s", (build, problem, toMend) => {
    expect(refusalOf(build)).toEqual({ ok: false, problem, candidates: [], toMend });
    expect(refusalOf(build, { portWalk: "5.18+" })).toMatchObject({ problem });
  });

  it("refuses a walk and a tick rate that do not exist", () => {
    expect(refusalOf("5.10", { portWalk: "5.19+" })).toMatchObject({
      problem: '"5.19+" is no port walk',
      candidates: PORT_WALKS,
    });
    expect(refusalOf("5.10", { hz: 200 })).toMatchObject({
      problem: "a kernel cannot tick 200 times a second",
      toMend: "write hz: 100, 250, 300 or 1000",
    });
    for (const hz of HZ_VALUES) expect(eraOf("5.10", { hz }).hz).toBe(hz);
  });

  // Each pair is the last build without a change and the first with it.
  it.each<[keyof KernelEra, string, unknown, string, unknown]>([
    ["invalidRateLimitMs", "3.19.8", 0, "4.0", 500],
    ["bindZeroPrefersOddOffset", "4.5.7", false, "4.6", true],
    ["timerWheel", "4.7.10", "exact-ticks", "4.8", "granules"],
    ["conntrackExpiry", "4.8.17", "timer", "4.9", "gc"],
    ["timeWaitReuse", "4.18.20", "seconds-above-1", "4.19", "next-second"],
    ["timeWaitReuseHasLoopbackMode", "4.18.20", false, "4.18.0-147.el8", true],
    ["timeWaitReuseHasLoopbackMode", "4.18.20", false, "4.19", true],
    ["timeWaitReuse", "6.13.7", "next-second", "6.14", "reuse-delay-ms"],
    ["natPortSearch", "4.19.227", "whole-range", "4.19.228", "bounded"],
    ["natPortSearch", "4.20.17", "whole-range", "5.0", "bounded"],
    ["resendsSynAfterChallenge", "5.5.19", false, "5.6", true],
    ["ipvsReuseDrops", "5.4.58", "tracked", "5.4.59", "confirmed"],
    ["ipvsReuseDrops", "5.7.15", "tracked", "5.7.16", "confirmed"],
    ["conntrackEarlyDrops", "4.8.17", "entry", "4.9", "bucket"],
    ["timeWaitTimer", "4.0.9", "shared", "4.1", "own"],
    ["anyIcmpEndsRequest", "4.4.120", true, "4.4.121", false],
    ["anyIcmpEndsRequest", "4.4.11", true, "4.5", false],
    ["resetMayPrecedeFin", "4.10.17", false, "4.11", true],
    ["ipvsReuseDrops", "4.4.120", "never", "4.4.121", "tracked"],
    ["ipvsReuseDrops", "4.5.7", "never", "4.6", "tracked"],
    ["ipvsReusesClosed", "4.4.302", false, "4.6", true],
    ["ipvsCountsHandshakesActive", "4.7.10", false, "4.8", true],
    ["ipvsReschedulesDeletedDest", "5.8.18", false, "5.9", true],
    ["ipvsFlushesDeletedDest", "5.8.18", false, "5.9", true],
    ["ipvsReuseModeZeroSkipsAll", "4.0.9", false, "4.1", true],
    ["ipvsReuseModeZeroSkipsAll", "5.10.82", true, "5.10.83", false],
    ["ipvsReuseModeZeroSkipsAll", "5.15.5", true, "5.15.6", false],
    ["conntrackGcSeconds", "5.4.143", 16, "5.4.144", 120],
    ["conntrackGcSeconds", "5.15.33", 120, "5.15.34", 60],
    ["conntrackMaxPerBucket", "5.14.21", 4, "5.15", 1],
    ["localPortRangeOption", "6.1.31", "absent", "6.1.32", "parity"],
    ["localPortRangeOption", "6.2.16", "absent", "6.3", "parity"],
    ["localPortRangeOption", "6.7.12", "parity", "6.8", "step-1"],
    ["synLinearTimeouts", "6.4.16", 0, "6.5", 4],
    ["conntrackInexactRst", "5.1.21", "closes", "5.2", "sets-close-timeout"],
    ["conntrackInexactRst", "6.12.116", "sets-close-timeout", "6.12.117", "caps-timeout"],
    ["conntrackChecksClosingRst", "5.13.19", true, "5.14", false],
    ["conntrackRenewsUnanswered", "4.19.271", true, "4.19.272", false],
    ["conntrackRenewsUnanswered", "5.4.230", true, "5.4.231", false],
    ["conntrackRenewsUnanswered", "5.10.165", true, "5.10.166", false],
    ["conntrackRenewsUnanswered", "5.15.90", true, "5.15.91", false],
    ["conntrackRenewsUnanswered", "6.1.8", true, "6.1.9", false],
    ["conntrackRenewsUnanswered", "6.1.8", true, "6.2", false],
    ["bindBucketForgetsExplicitOwners", "6.17.13", false, "6.18", true],
    ["requestRstMustBeExact", "6.1.190", false, "6.1.191", true],
    ["ackOfUnsentData", "4.12.14", "drops-if-established", "4.13", "challenges-unless-established"],
    ["ackOfUnsentData", "6.18.32", "challenges-unless-established", "6.18.33", "challenges"],
    ["ackOfUnsentData", "7.0.9", "challenges-unless-established", "7.0.10", "challenges"],
    ["ackOfUnsentData", "6.19.14", "challenges-unless-established", "7.1", "challenges"],
    ["requestRstMustBeExact", "6.12.104", false, "6.12.105", true],
    ["requestRstMustBeExact", "6.18.2", false, "6.18.44", true],
    ["requestRstMustBeExact", "7.1.3", false, "7.2", true],
    ["ipvsLcCountsActiveTwice", "6.1.182", false, "6.1.183", true],
    ["natPortSearch", "4.9.299", "whole-range", "4.9.300", "bounded"],
    ["natPortSearch", "4.14.264", "whole-range", "4.14.265", "bounded"],
    ["conntrackUdpStream", "4.20.17", "at-once", "5.0", "timeout-waits"],
    ["conntrackUdpStream", "5.16.20", "timeout-waits", "5.17", "both-wait"],
    ["ipvsReuseDrops", "4.14.193", "tracked", "4.14.194", "confirmed"],
    ["ipvsReuseDrops", "4.19.139", "tracked", "4.19.140", "confirmed"],
    ["ipvsReuseDrops", "5.8.1", "tracked", "5.8.2", "confirmed"],
    ["ipvsReuseDrops", "5.8.1", "tracked", "5.9", "confirmed"],
    ["portWalk", "5.11.22", "4.6-5.11", "5.12", "5.12-5.17"],
    ["conntrackGcSeconds", "4.9.281", 16, "4.9.282", 120],
    ["conntrackGcSeconds", "4.14.245", 16, "4.14.246", 120],
    ["conntrackGcSeconds", "4.19.205", 16, "4.19.206", 120],
    ["conntrackGcSeconds", "5.10.61", 16, "5.10.62", 120],
    ["conntrackGcSeconds", "5.13.13", 16, "5.13.14", 120],
    ["conntrackGcSeconds", "5.13.13", 16, "5.14", 120],
    ["conntrackGcSeconds", "5.16.19", 120, "5.16.20", 60],
    ["conntrackGcSeconds", "5.17.2", 120, "5.17.3", 60],
    ["ipvsReuseModeZeroSkipsAll", "4.4.293", true, "4.4.294", false],
    ["ipvsReuseModeZeroSkipsAll", "4.9.291", true, "4.9.292", false],
    ["ipvsReuseModeZeroSkipsAll", "4.14.256", true, "4.14.257", false],
    ["ipvsReuseModeZeroSkipsAll", "4.19.218", true, "4.19.219", false],
    ["ipvsReuseModeZeroSkipsAll", "5.4.162", true, "5.4.163", false],
    ["ipvsReuseModeZeroSkipsAll", "5.15.5", true, "5.16", false],
    ["requestRstMustBeExact", "6.6.152", false, "6.6.153", true],
    ["requestRstMustBeExact", "6.18.41", false, "6.18.42", true],
    ["requestRstMustBeExact", "7.1.5", false, "7.1.6", true],
    ["ipvsLcCountsActiveTwice", "6.12.103", false, "6.12.104", true],
    ["ipvsLcCountsActiveTwice", "7.1.6", false, "7.2", true],
  ])("changes %s between %s (%s) and %s (%s)", (...[key, before, old, first, now]) => {
    expect([eraOf(before)[key], eraOf(first)[key]]).toEqual([old, now]);
  });

  it("keeps 5.10.262 without the exact RST, which that line never took", () => {
    expect(eraOf("5.10.262").requestRstMustBeExact).toBe(false);
  });

  it.each(["6.12", "6.18.44", "7.1", "7.2"])("lets an inexact RST set the timeout of CLOSE on %s", (build) => {
    expect(eraOf(build).conntrackInexactRst).toBe("sets-close-timeout");
  });

  it("answers any text without throwing", () => {
    fc.assert(
      fc.property(fc.string(), (build) => {
        const resolution = resolveKernel({ build });
        expect(resolution.ok || resolution.toMend.length > 0).toBe(true);
      }),
    );
  });
});

describe("kernelBuilds", () => {
  it.each(kernelBuilds())("offers %s, which resolves", (build) => {
    expect(eraOf(build).build).toBe(build);
  });

  it("offers every walk", () => {
    expect(new Set(kernelBuilds().map((build) => eraOf(build).portWalk))).toEqual(new Set(PORT_WALKS));
  });
});

describe("isSince", () => {
  it("counts a stable line from its own first release", () => {
    const firsts = ["5.18", "5.10.125"];
    expect(isSince([5, 10, 124], firsts)).toBe(false);
    expect(isSince([5, 10, 125], firsts)).toBe(true);
    expect(isSince([5, 11, 22], firsts)).toBe(false);
    expect(isSince([5, 18, 0], firsts)).toBe(true);
    expect(isSince([7, 0, 0], firsts)).toBe(true);
  });
});
