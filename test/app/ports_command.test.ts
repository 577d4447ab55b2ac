import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runCli } from "../../src/app/cli/run_cli.ts";
import type { PortsConnect } from "../../src/report/ports_document.ts";
import { memoryIo } from "./memory_io.ts";
import { byDestination, portsDocument, told } from "./ports_run.ts";

// Goal: `sim ports` shows the ports that each kernel picks, and its walks obey their laws.
// Method: the command runs as a user types it; its JSON is compared with worked examples and with each walk's laws.

const KERNELS = ["4.1.19", "4.4.11", "5.4.188", "5.15.24", "6.1"] as const;
const PARITY_KERNELS = ["5.4.188", "5.15.24", "6.1"] as const;
const DEFAULT_RANGE = "32768 60999";

async function refusal(words: readonly string[]): Promise<string> {
  const io = memoryIo();
  expect([await runCli(["ports", ...words], io), io.out()]).toEqual([2, ""]);
  return io.err();
}

/** Steps between successive ports of one destination within one epoch, modulo the default range. */
function stepsWithinEpochs(connects: readonly PortsConnect[]): number[] {
  return connects.slice(1).flatMap((connect, index) => {
    const before = connects[index];
    if (before?.port === undefined || connect.port === undefined || before.epoch !== connect.epoch) return [];
    return [(connect.port - before.port + 28232) % 28232];
  });
}

describe("A walk in sim ports", () => {
  it.each([
    ["4.1.19", [3]],
    ["4.4.11", [6]],
    ["5.4.188", [6]],
    ["5.15.24", [2, 4]],
    ["6.1", [2, 4, 6, 8, 10, 12, 14, 16]],
  ])(
    "of %s steps as it should between three destinations: connects to others count up to 5.11",
    async (kernel, steps) => {
      const words = ["--kernel", kernel, "--range", DEFAULT_RANGE, "--connects", "240", "--destinations", "3"];
      for (const connects of byDestination(await portsDocument([...words, "--gap", "10ms"]))) {
        const found = new Set(stepsWithinEpochs(connects));
        expect([...found].toSorted((a, b) => a - b)).toEqual(steps);
      }
    },
  );

  it.each(PARITY_KERNELS)("of %s gives the low bound's parity first", async (kernel) => {
    for (const [range, parity] of [
      ["32768 60999", 0],
      ["32769 60999", 1],
    ] as const) {
      const { connects } = await portsDocument([
        "--kernel",
        kernel,
        "--range",
        range,
        "--destinations",
        "7",
        "--connects",
        "70",
      ]);
      expect(new Set(connects.map(({ port = -1 }) => port % 2))).toEqual(new Set([parity]));
    }
  });

  it("of 6.1 jumps for every destination every 10 s at one moment, and at no other", async () => {
    const document = await portsDocument([
      "--kernel",
      "6.1",
      "--connects",
      "400",
      "--destinations",
      "4",
      "--gap",
      "250ms",
    ]);
    const starts = document.connects.filter(({ epoch }, index, all) => index > 0 && epoch !== all[index - 1]?.epoch);
    expect(starts.slice(1).map(({ at }, index) => at - starts[index]!.at)).toEqual(Array(starts.length - 1).fill(10));
    expect(starts.length).toBeGreaterThanOrEqual(9);
    for (const connects of byDestination(document)) {
      const isOrdinary = (step: number): boolean => step >= 2 && step <= 16 && step % 2 === 0;
      expect(stepsWithinEpochs(connects).every(isOrdinary)).toBe(true);
      const overBoundary = connects.slice(1).filter(({ epoch }, index) => epoch !== connects[index]!.epoch);
      const jumped = overBoundary.filter((connect) => {
        const before = connects[connects.indexOf(connect) - 1]!;
        return !isOrdinary((connect.port! - before.port! + 28232) % 28232);
      });
      // A jump lands on an ordinary step by chance in 8 of 14,116 cases.
      expect(jumped.length).toBeGreaterThanOrEqual(overBoundary.length - 1);
    }
  });

  it.each(KERNELS.filter((kernel) => kernel !== "6.1"))("of %s never jumps", async (kernel) => {
    const { connects } = await portsDocument(["--kernel", kernel, "--connects", "60", "--gap", "1s"]);
    expect(connects.some((connect) => "epoch" in connect)).toBe(false);
    expect(Math.max(...stepsWithinEpochs(connects))).toBeLessThanOrEqual(4);
  });

  it.each(PARITY_KERNELS)("of %s piles up behind a reserved block: 1,001 of 14,116 first connects", async (kernel) => {
    const words = ["--kernel", kernel, "--range", DEFAULT_RANGE, "--connects", "4000", "--destinations", "4000"];
    const picks = async (more: readonly string[]): Promise<number> =>
      (await portsDocument([...words, "--gap", "0", ...more])).connects.filter(({ port }) => port === 40000).length;
    // 284 of 4,000 are expected; the standard deviation is 16 where destinations are independent.
    const behind = await picks(["--reserved", "38000-39999"]);
    if (kernel !== "5.4.188") expect(Math.abs(behind - 284)).toBeLessThan(65);
    expect(behind).toBeGreaterThan(100);
    expect(await picks([])).toBeLessThan(5);
  });

  it.each(KERNELS)(
    "of %s gives each port of a range once, then EADDRNOTAVAIL; other destinations have them all",
    async (kernel) => {
      const words = [
        "--kernel",
        kernel,
        "--range",
        "40000 40099",
        "--close",
        "keep",
        "--connects",
        "220",
        "--destinations",
        "2",
      ];
      for (const connects of byDestination(await portsDocument([...words, "--gap", "1ms"]))) {
        const ports = connects.slice(0, 100).map(({ port = -1 }) => port);
        expect(ports.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, offset) => 40000 + offset));
        expect(connects.slice(100).map(({ error, candidates }) => [error, candidates])).toEqual(
          Array.from({ length: 10 }, () => ["EADDRNOTAVAIL", 100]),
        );
        const isParityKernel = PARITY_KERNELS.some((name) => name === kernel);
        // The first knee: once the even ports are used up, each search goes through all of them first.
        const secondHalf = connects
          .slice(50, 100)
          .map(({ port = -1, candidates }) => port % 2 === 1 && candidates > 50);
        if (isParityKernel) expect(secondHalf).toEqual(Array(50).fill(true));
      }
    },
  );

  it.each(["rst", "fin", "keep"])(
    "takes a port again after --close %s only if no TIME_WAIT holds it",
    async (close) => {
      const words = [
        "--kernel",
        "5.4.188",
        "--range",
        "40000 40003",
        "--connects",
        "6",
        "--gap",
        "1s",
        "--close",
        close,
      ];
      const { connects } = await portsDocument(words);
      expect(connects.map(({ error = "" }) => error)).toEqual(
        close === "rst" ? Array(6).fill("") : ["", "", "", "", "EADDRNOTAVAIL", "EADDRNOTAVAIL"],
      );
    },
  );

  it("takes a port again when its TIME_WAIT is over", async () => {
    const words = ["--kernel", "5.4.188", "--range", "40000 40003", "--connects", "5", "--gap", "17s"];
    expect((await portsDocument(words)).connects.map(({ error = "" }) => error)).toEqual(Array(5).fill(""));
  });

  it("never picks a reserved or listening port, nor one of the same destination twice while both are open", async () => {
    const block = fc
      .tuple(fc.integer({ min: 40000, max: 40079 }), fc.nat(9))
      .map(([first, more]) => `${first}-${first + more}`);
    const blocks = fc.array(block, { maxLength: 4 }).map((list) => list.join(","));
    const isIn = (port: number, list: readonly (readonly [number, number])[]): boolean =>
      list.some(([first, last]) => port >= first && port <= last);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...KERNELS),
        blocks,
        blocks,
        fc.string(),
        async (kernel, reserved, listen, seed) => {
          const words = ["--kernel", kernel, "--range", "40000 40079", `--reserved=${reserved}`, `--listen=${listen}`];
          const asked = ["--connects", "60", "--destinations", "2", "--close", "keep", `--seed=s${seed}`];
          const document = await portsDocument([...words, ...asked]);
          for (const connects of byDestination(document)) {
            const ports = connects.flatMap(({ port }) => port ?? []);
            expect(new Set(ports).size).toBe(ports.length);
            expect(ports.every((port) => port >= 40000 && port <= 40079)).toBe(true);
            const { reserved: reservedBlocks, listen: listenBlocks } = document.settings;
            expect(ports.filter((port) => isIn(port, reservedBlocks) || isIn(port, listenBlocks))).toEqual([]);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("sim ports", () => {
  it("prints a document ports/1 with what was asked for", async () => {
    const words = ["--kernel", "6.1", "--reserved", "8080,30000-32767", "--listen", "80,443", "--connects", "2"];
    expect(await portsDocument([...words, "--seed", "007", "--close", "rst", "--gap", "1.5s"])).toEqual({
      format: "ports/1",
      kernel: "6.1",
      portWalk: "5.18+",
      range: [32768, 60999],
      settings: {
        seed: "007",
        reserved: [
          [8080, 8080],
          [30000, 32767],
        ],
        listen: [
          [80, 80],
          [443, 443],
        ],
        destinations: 1,
        gapSeconds: 1.5,
        close: "rst",
      },
      connects: [
        { at: 0, destination: 0, port: expect.any(Number), candidates: 1, epoch: 0 },
        { at: 1.5, destination: 0, port: expect.any(Number), candidates: 1, epoch: 0 },
      ],
    });
  });

  it("gives the same ports for the same seed, and others for another", async () => {
    const portsOf = async (seed: string): Promise<string> => told((await portsDocument(["--seed", seed])).connects);
    expect(await portsOf("one")).toBe(await portsOf("one"));
    expect(await portsOf("one")).not.toBe(await portsOf("two"));
  });

  it("takes a build without a row with its walk and tick rate", async () => {
    const words = ["--kernel", "5.14.0-362.el9", "--port-walk", "5.18+", "--hz", "1000"];
    expect(await portsDocument(words)).toMatchObject({ kernel: "5.14.0-362.el9", portWalk: "5.18+" });
  });

  it("names the candidate walks of a build without a row", async () => {
    expect(await refusal(["--kernel", "5.14.0-362.el9"])).toBe(
      [
        '--kernel:1:1: Cannot pick ports as this kernel: "5.14.0-362.el9" has no row in the era table: its vendor\'s patches decide how it walks the ports (5.12-5.17 or 5.18+)',
        "  1 | 5.14.0-362.el9",
        "      ^^^^^^^^^^^^^^",
        "  expected: a build with a row, or --port-walk 5.12-5.17 or 5.18+",
        "  to mend:  add --port-walk 5.18+ if the build walks that way",
        "1 problem; nothing was run",
        "",
      ].join("\n"),
    );
  });

  it("collects all that is wrong with the texts that only the kernel can judge", async () => {
    const words = ["--kernel", "6.99", "--range", "60999 32768", "--reserved", "30000–32767", "--listen", "0"];
    const err = await refusal(words);
    expect(err).toContain("--kernel:1:1: Cannot pick ports as this kernel: there is no kernel 6.99");
    expect(err).toContain(
      '--range:1:1: Cannot set "net.ipv4.ip_local_port_range" to "60999 32768": 60999 32768 runs backwards',
    );
    expect(err).toContain('"–" (U+2013, an en dash) stands where a "-" belongs (EINVAL)');
    expect(err).toContain("  to mend:  write 30000-32767\n");
    expect(err).toContain('--listen:1:1: Cannot listen on "0": port 0 stands for any port');
    expect(err).toMatch(/4 problems; nothing was run\n$/);
  });

  it.each([
    [
      ["--hash", "4294967296", "--kernel", "5.4.188"],
      "--hash:1:1: Cannot use 4294967296 as the hash of port walk 4.6-5.11: it has 32 bits",
    ],
    [["--port-walk", "5.18"], '--port-walk:1:1: Cannot pick ports as this kernel: "5.18" is no port walk'],
    [["--hz", "200"], "--hz:1:1: Cannot pick ports as this kernel: a kernel cannot tick 200 times a second"],
    [
      ["--noise", "1", "--kernel", "5.4.188"],
      '--noise:1:1: Cannot use "1" as the noise of port walk 4.6-5.11: it draws nothing',
    ],
    [
      ["--noise", "3,8", "--kernel", "6.1"],
      '--noise:1:1: Cannot use "3,8" as the noise of port walk 5.18+: each draw is from 0 to 7',
    ],
    [
      ["--step-width", "3", "--kernel", "6.12"],
      '--step-width:1:1: Cannot set "net.ipv4.ip_local_port_step_width" to "3"',
    ],
    [
      ["--socket-range", "40000 40009", "--kernel", "5.4.188"],
      '--socket-range:1:1: Cannot set IP_LOCAL_PORT_RANGE to "40000 40009": kernel 5.4.188 does not have it (ENOPROTOOPT)',
    ],
    [
      ["--socket-range", "40009 40000", "--kernel", "6.12"],
      'Cannot set IP_LOCAL_PORT_RANGE to "40009 40000": it runs backwards (EINVAL)',
    ],
    [["--listen", "80 443"], '--listen:1:1: Cannot listen on "80 443": a space stands in the list'],
  ])("refuses %j", async (words, message) => {
    expect(await refusal(words)).toContain(message);
  });
});
