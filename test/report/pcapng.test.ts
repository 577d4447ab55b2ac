import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { commentedPackets } from "../../src/report/artefacts/packet_comments.ts";
import { type CapturedPacket, pcapng } from "../../src/report/artefacts/pcapng.ts";
import { TcpdumpText } from "../../src/report/tcpdump_text.ts";
import { explainConnection, type ConnectionStory } from "../../src/study/explain_connection.ts";
import type { WantedConnection } from "../../src/study/find_connection.ts";
import { parseScenario } from "../../src/scenario/scenario.ts";

// Goal: what we write is what a real capture of the same packets would be.
// Method: the failing probe of incident 001 and a good one are written, then read by the blocks of the format and, where
// it is installed, by tcpdump, whose lines must be those that we print ourselves.

const FILE = "scenarios/nodelocaldns.yaml";
const FOLDER = mkdtempSync(join(tmpdir(), "portfall-pcapng-"));
/** 1 January 2026, 00:00 UTC, in microseconds. */
const MIDNIGHT = 1_767_225_600_000_000;
const NO_TCPDUMP = "tcpdump is not installed (Debian: apt-get install tcpdump)";
const hasTcpdump = spawnSync("tcpdump", ["--version"]).error === undefined;

afterAll(() => rmSync(FOLDER, { recursive: true }));

async function storyOf(probe: number, ...overrides: readonly string[]): Promise<ConnectionStory> {
  return storyIn(FILE, { number: probe }, ["seed=capture-214", "duration=30s", ...overrides]);
}

async function storyIn(file: string, wanted: WantedConnection, overrides: readonly string[]): Promise<ConnectionStory> {
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
  const parsed = parseScenario(text, file, overrides);
  if (!parsed.ok) throw new Error("the scenario has no problem");
  const explanation = await explainConnection({
    scenario: parsed.scenario,
    wanted,
    replications: [0],
    pause: async () => {},
  });
  if (explanation.kind !== "story") throw new Error(explanation.kind);
  return explanation.story;
}

function captureOf(story: ConnectionStory, only?: string): Uint8Array {
  return pcapng({
    interfaces: story.interfaces,
    packets: commentedPackets(story.events),
    ...(only === undefined ? {} : { only }),
    application: "portfall test",
    comment: "A test.",
  });
}

/** What tcpdump prints of a capture, one line per packet, without the time. */
function tcpdump(capture: Uint8Array, ...options: readonly string[]): string[] {
  const path = join(FOLDER, "capture.pcapng");
  writeFileSync(path, capture);
  const run = spawnSync("tcpdump", ["-n", ...options, "-r", path], { encoding: "utf8" });
  if (run.status !== 0) throw new Error(run.stderr);
  return run.stdout.trimEnd().split("\n");
}

interface Block {
  readonly type: number;
  readonly view: DataView;
}

function blocksOf(capture: Uint8Array): Block[] {
  const whole = new DataView(capture.buffer, capture.byteOffset, capture.byteLength);
  const blocks: Block[] = [];
  for (let at = 0; at < capture.length;) {
    const length = whole.getUint32(at + 4, true);
    expect(whole.getUint32(at + length - 4, true)).toBe(length);
    blocks.push({ type: whole.getUint32(at, true), view: new DataView(capture.buffer, at, length) });
    at += length;
  }
  return blocks;
}

describe("pcapng", async () => {
  const failing = await storyOf(304);
  const good = await storyOf(21);
  const loopback = await storyOf(15);
  const tunnelled = await storyIn("scenarios/vxlan-blocked.yaml", { workload: "pod-other-node", number: 2 }, [
    "duration=10s",
    "overlay.blocked=off",
  ]);
  const rejected = await storyIn("scenarios/vxlan-blocked.yaml", { workload: "pod-other-node", number: 2 }, [
    "duration=10s",
    "overlay.blocked=reject",
  ]);
  const packets: readonly CapturedPacket[] = commentedPackets(failing.events);

  it("begins with a section header, then has one Ethernet interface of one snapshot length per simulated one", () => {
    const blocks = blocksOf(captureOf(failing));
    expect(blocks[0]!.type).toBe(0x0a0d0d0a);
    const interfaces = blocks.filter(({ type }) => type === 1);
    expect(interfaces).toHaveLength(failing.interfaces.length);
    expect(new Set(interfaces.map(({ view }) => view.getUint16(8, true)))).toEqual(new Set([1]));
    expect(new Set(interfaces.map(({ view }) => view.getUint32(12, true)))).toEqual(new Set([262_144]));
    expect(blocks.filter(({ type }) => type === 6)).toHaveLength(packets.length);
  });

  it("gives a run that begins at midnight the time since then", () => {
    const first = blocksOf(captureOf(failing)).find(({ type }) => type === 6)!.view;
    const time = first.getUint32(12, true) * 2 ** 32 + first.getUint32(16, true);
    expect(time - MIDNIGHT).toBe(21_545_784);
  });

  it("comments the SYN-ACK that comes up from the bridge with the function that takes it", () => {
    const comments = packets
      .filter(({ sighting }) => sighting.interface === "node/cni0" && sighting.direction === "in")
      .map(({ comment }) => comment);
    expect(comments[0]).toContain("node LOCAL_IN 99 ip_vs_in STOLEN: scheduled to 10.23.78.12:7071 by rr");
  });

  it("comments the SYN that leaves with the hooks that it has passed", () => {
    expect(packets[0]!.comment).toContain("node LOCAL_OUT -200 conntrack ACCEPT: new entry, NEW, SYN_SENT");
  });

  it("shows the incident's own view on one interface: SYN, SYN-ACK, RST, and all three again", ({ skip }) => {
    if (!hasTcpdump) skip(NO_TCPDUMP);
    const lines = tcpdump(captureOf(failing, "default/nginx/eth0"), "-t");
    expect(lines.map((line) => line.replace(/, (win|options).*/, ""))).toEqual([
      "IP 10.23.77.129.35934 > 10.23.77.138.80: Flags [S], seq 2258532845",
      "IP 10.23.77.138.80 > 10.23.77.129.35934: Flags [S.], seq 2489139840, ack 2258532846",
      "IP 10.23.77.129.35934 > 10.23.77.138.80: Flags [R], seq 2258532846",
      "IP 10.23.77.129.35934 > 10.23.77.138.80: Flags [S], seq 2258532845",
      "IP 10.23.77.138.80 > 10.23.77.129.35934: Flags [S.], seq 2504941965, ack 2258532846",
      "IP 10.23.77.129.35934 > 10.23.77.138.80: Flags [R], seq 2258532846",
    ]);
  });

  for (const [name, story] of [
    ["a failing probe", failing],
    ["a good probe over HTTP", good],
    ["a good probe on loopback", loopback],
    ["a connection through a tunnel", tunnelled],
    ["a connection whose tunnel is rejected", rejected],
  ] as const) {
    it(`is printed by tcpdump as by ourselves: ${name}`, ({ skip }) => {
      if (!hasTcpdump) skip(NO_TCPDUMP);
      const printer = new TcpdumpText();
      const own = story.events.flatMap((event) => (event.kind === "packet" ? printer.line(event).split("\n") : []));
      expect(tcpdump(captureOf(story), "-t").map((line) => line.replace(/: HTTP$/, ""))).toEqual(own);
    });
  }

  for (const [name, story] of [
    ["plain packets", good],
    ["packets in a tunnel", tunnelled],
  ] as const) {
    it(`has right checksums in every header of ${name}`, ({ skip }) => {
      if (!hasTcpdump) skip(NO_TCPDUMP);
      const lines = tcpdump(captureOf(story), "-v").join("\n");
      expect(lines).not.toContain("incorrect");
      expect(lines).not.toContain("bad");
      expect(lines.match(/cksum 0x[0-9a-f]{4} \(correct\)/g)).toHaveLength(commentedPackets(story.events).length);
    });
  }

  it("leaves the timestamp option out where a side has it switched off, as the write-up's own capture shows it", async () => {
    const story = await storyOf(304, "sysctls.net.ipv4.tcp_timestamps=0");
    const printer = new TcpdumpText();
    const lines = story.events.flatMap((event) => (event.kind === "packet" ? [printer.line(event)] : []));
    expect(lines[0]).toMatch(/win 64240, options \[mss 1460,nop,nop,sackOK,nop,wscale 7\], length 0$/);
    expect(lines.find((line) => line.includes("[S.]"))).toMatch(/win 64240, options \[mss 1460,nop,nop,sackOK,nop/);
  });
});
