import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runCli } from "../../src/app/cli/run_cli.ts";
import type { ExplainDocument } from "../../src/report/explain_document.ts";
import { memoryIo, type MemoryIo } from "./memory_io.ts";

// Goal: sim explain tells one probe truly, and says clearly what it cannot tell.
// Method: the command as the shell would call it, on a machine in memory; the scenario is incident 001, whose seed
// capture-214 has a probe of nginx that fails after 21.5 s.

const FILE = "scenarios/nodelocaldns.yaml";
const TEXT = readFileSync(new URL(`../../${FILE}`, import.meta.url), "utf8");

async function explain(words: readonly string[], parts: Partial<MemoryIo> = {}): Promise<MemoryIo & { code: number }> {
  const io = memoryIo({ [FILE]: TEXT }, parts);
  const code = await runCli(["explain", FILE, "--seed", "capture-214", "--duration", "1m", ...words], io);
  return Object.assign(io, { code });
}

async function problem(...words: readonly string[]): Promise<string> {
  const io = await explain(words);
  expect([io.code, io.out()]).toEqual([2, ""]);
  return io.err();
}

describe("sim explain", async () => {
  const story = await explain(["--at", "1.6s"]);
  const lines = story.out().split("\n");

  it("states the finding: whose NodePort the source port was, and where IPVS sent the answer", () => {
    expect(story.code).toBe(0);
    const finding = lines.slice(lines.findIndex((line) => line.startsWith("Probe 304"))).slice(0, 4);
    expect(finding.join(" ").trim()).toBe(
      "Probe 304 of this boot, the readiness probe of default/nginx (10.23.77.138:80), failed after 2 seconds: " +
        "connect() gave it the source port 35934, the NodePort of fe-node-online/bos-fe-xapi-node-online-1. IPVS took " +
        "the pod's SYN-ACK for a new client of that service and sent it to 10.23.78.12:7071; the kubelet waited in " +
        "SYN-SENT until its timeout.",
    );
  });

  it("prints each packet as tcpdump does", () => {
    expect(lines).toContain(
      "  IP 10.23.77.138.80 > 10.23.78.12.7071: Flags [S.], seq 2489139840, ack 2258532846, win 65160, " +
        "options [mss 1460,sackOK,TS val 21545 ecr 21545,nop,wscale 7], length 0",
    );
    expect(lines).toContain("  IP 10.23.77.129.35934 > 10.23.77.138.80: Flags [R], seq 2258532846, win 0, length 0");
  });

  it("names the hook function that takes the SYN-ACK, why, and the source that decides", () => {
    const first = lines.findIndex((line) => line.includes("ip_vs_in (99) STOLEN"));
    const said = lines.slice(first, first + 5).map((line) => line.trim());
    expect(said.join(" ")).toContain(
      "ip_vs_in (99) STOLEN: scheduled to 10.23.78.12:7071 by rr; destination 10.23.77.129:35934 -> 10.23.78.12:7071; " +
        "IPVS connection NONE -> SYN_RECV. A virtual service stands on 10.23.77.129:35934, and this SYN-ACK carries a SYN: " +
        "it counts as a new client's. [net/netfilter/ipvs/ip_vs_proto_tcp.c tcp_conn_schedule, v6.1]",
    );
  });

  it("names the rules that matched", () => {
    expect(story.out()).toContain("rule -A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN");
  });

  it("ends with the kubelet's log line, the Event and the command that tells it again", () => {
    expect(story.out()).toContain('I0101 00:00:23.545784    1000 prober.go:121] "Probe failed" probeType="Readiness"');
    expect(story.out()).toContain("Warning Unhealthy Readiness probe failed: Get");
    expect(story.out()).toContain("npx --no sim explain scenarios/nodelocaldns.yaml --seed capture-214 --duration 1m");
  });

  it("shows at 1.6 s one retransmitted SYN at the node and two requests reset in the pod", () => {
    const nstat = story.out().slice(story.out().indexOf("+1.600000  node: nstat"));
    expect(nstat).toMatch(/^TcpExtTCPSynRetrans +1 +0\.0$/m);
    expect(nstat.slice(nstat.indexOf("default/nginx: nstat"))).toMatch(/^TcpExtEmbryonicRsts +2 +0\.0$/m);
    expect(nstat).not.toContain("default/app-0");
  });

  it("shows the states of that moment in the words of each tool: SYN-SENT in ss, SYN_RECV in conntrack and IPVS", () => {
    const after = (title: string): string => story.out().split(`+1.600000  ${title}\n`)[1]!.split("\n\n")[0]!;
    const titles = [...story.out().matchAll(/^\+1\.600000 {2}(.*)$/gm)].map(([, title]) => title);
    expect(titles).toEqual([
      ...["ss -tan", "conntrack -L", "ipvsadm -Ln", "ipvsadm -Lnc", "nstat -az"].map((command) => `node: ${command}`),
      "network: ss -tan",
      "network: nstat -az",
      "default/nginx: ss -tan",
      "default/nginx: nstat -az",
    ]);
    expect(after("node: ss -tan")).toMatch(/^SYN-SENT +0 +1 +10\.23\.77\.129:35934 +10\.23\.77\.138:80 *$/m);
    expect(after("node: conntrack -L")).toMatch(
      /^tcp +6 \d+ SYN_RECV src=10\.23\.77\.129 dst=10\.23\.77\.138 sport=35934 /m,
    );
    expect(after("node: ipvsadm -Lnc")).toMatch(
      /^TCP 0\d:\d\d {2}CLOSE +10\.23\.77\.138:80 +10\.23\.77\.129:35934 10\.23\.78\.12:7071$/m,
    );
  });

  it("tells the same of the same probe by its number", async () => {
    const named = await explain(["--probe", "304", "--at", "1.6s"]);
    expect(named.out()).toBe(story.out());
  });

  it("gives one document explain/1 with --format json", async () => {
    const document: ExplainDocument = JSON.parse((await explain(["--format", "json"])).out());
    expect(document.format).toBe("explain/1");
    expect(document.connection).toMatchObject({
      number: 304,
      localPort: 35934,
      ok: false,
      cause: "nodeport-collision",
    });
    const hijacks = document.events.filter((event) => event.kind === "decision" && event.isHijack === true);
    expect(hijacks).toHaveLength(2);
  });

  it("names the function that drops a packet", async () => {
    const io = await explain(["--set", "sysctls.net.netfilter.nf_conntrack_max=30"]);
    const text = io.out().replace(/\s+/g, " ");
    expect(text).toContain(
      "conntrack (-200) DROP: The table is full (nf_conntrack_max 30) and no entry could be dropped",
    );
    expect(text).toContain("failed after 1 second: the conntrack table was full and the kernel dropped the packet.");
    expect(text).toContain(
      "node: the kernel's log [133117.757735] nf_conntrack: nf_conntrack: table full, dropping packet",
    );
  });

  it("shows the kernel's line from before where the kernel was silent about this drop", async () => {
    const file = "scenarios/conntrack-full.yaml";
    const io = memoryIo({ [file]: readFileSync(new URL(`../../${file}`, import.meta.url), "utf8") });
    await runCli(["explain", file], io);
    expect(io.out()).toMatch(/^-\d\.\d{6} {2}node: the kernel's log\n {2}\[\d+\.\d{6}\] nf_conntrack: .*table full/m);
  });

  it("tells of a probe that succeeds, too", async () => {
    const io = await explain(["--probe", "21"]);
    expect(io.code).toBe(0);
    expect(io.out()).toContain("succeeded in 540 µs");
    expect(io.out()).not.toContain("STOLEN");
    expect(io.out()).toContain('10.23.77.129 - - [01/Jan/2026:00:00:01 +0000] "GET / HTTP/1.1" 200 615 "-"');
  });
});

describe("sim explain --workload", () => {
  it("tells of a connection of that workload, and how to see it again", async () => {
    const io = await explain(["--workload", "node-local-dns", "--connect", "2"]);
    const text = io.out().replace(/\s+/g, " ");
    expect(io.code).toBe(0);
    expect(text).toContain(
      "Connection 2 of node-local-dns in this boot, from node to 169.254.20.10:8080, succeeded in",
    );
    expect(text).toContain("the connection has succeeded");
    expect(text).toContain("--workload node-local-dns --connect 2");
  });

  it("has no probe in its document", async () => {
    const io = await explain(["--workload", "node-local-dns", "--connect", "2", "--format", "json"]);
    const document: ExplainDocument = JSON.parse(io.out());
    expect(document.connection).toMatchObject({ workload: "node-local-dns", number: 2, probe: null, ok: true });
  });

  it("says that none failed", async () => {
    expect(await problem("--workload", "node-local-dns", "--replications", "1")).toBe(
      "sim: Cannot explain a failure: none of 60 connections failed in 1 replication of 60 seconds; raise --duration or " +
        "--replications, or name a connection with --connect N\n",
    );
  });

  it("knows the workloads that there are", async () => {
    expect(await problem("--workload", "node-local-dsn")).toBe(
      'sim: Cannot explain a connection of "node-local-dsn": there is no such workload; did you mean node-local-dns?\n',
    );
  });
});

describe("sim explain, with files", () => {
  it("writes a capture and a chart and says so", async () => {
    const io = await explain(["--pcap", "probe.pcapng", "--svg", "probe.svg"]);
    expect(io.err()).toBe("wrote probe.pcapng\nwrote probe.svg\n");
    expect(io.files.get("probe.pcapng")!.slice(0, 4)).toBe("\n\r\r\n");
    expect(io.files.get("probe.svg")).toContain("Source port 35934 is a NodePort");
  });

  it("prints nothing and exits with 2 when the capture cannot be written", async () => {
    const io = await explain(["--pcap", "gone/x.pcapng"], { writeWholeFile: async () => "there is no such folder" });
    expect([io.code, io.out()]).toEqual([2, ""]);
    expect(io.err()).toBe('sim: Cannot write "gone/x.pcapng": there is no such folder\n');
  });

  it("knows the interfaces that there are", async () => {
    expect(await problem("--pcap", "x", "--interface", "default/ngin/eth0")).toBe(
      'sim: Cannot capture on "default/ngin/eth0": there is no such interface; did you mean default/nginx/eth0?\n',
    );
  });
});

describe("sim explain, asked for what there is not", () => {
  it("says how many probes there were", async () => {
    expect(await problem("--probe", "999999999")).toBe(
      "sim: Cannot explain that probe: 849 probes began in replication 0 of 60 seconds, and the last of them may not " +
        "have ended; name a lower number, or raise --duration\n",
    );
  });

  it("says that no probe failed", async () => {
    const fix = ["--set", "sysctls.net.ipv4.ip_local_reserved_ports=20000-40000", "--replications", "1"];
    expect(await problem(...fix)).toBe(
      "sim: Cannot explain a failure: none of 849 probes failed in 1 replication of 60 seconds; raise --duration or " +
        "--replications, or name a probe with --probe N\n",
    );
  });

  it("says how long the run goes on after the first SYN", async () => {
    expect(await problem("--at", "40s")).toBe(
      "sim: Cannot show the states of that moment: the run of 60 seconds ends 38.454216 s after the probe's first SYN; " +
        "name an earlier moment with --at, or raise --duration\n",
    );
  });

  it.each([
    [["--probe", "0"], 'Cannot use --probe "0": it must be a whole number from 1 to 1000000000'],
    [["--probe", "3", "--first-failure"], "Cannot use --probe and --first-failure together: name the probe in one way"],
    [["--connect", "3"], "Cannot use --connect alone: say with --workload whose connection it is"],
    [
      ["--probe", "3", "--workload", "x"],
      "Cannot use --probe with --workload or --connect: name a probe or a connection of a workload",
    ],
    [["--workload", "x", "--connect", "0"], 'Cannot use --connect "0": it must be a whole number from 1 to 1000000000'],
    [["--interface", "node/eth0"], "Cannot use --interface alone: say with --pcap which file to write"],
    [["--at", "5"], 'Cannot use --at "5": it has no unit; write a time from the first SYN, such as 1.6s'],
    [["--jobs", "2"], "Cannot use --jobs here: it is an option of sim run and sim sweep"],
    [["--pcap", ""], "Cannot use --pcap without a value"],
  ])("refuses %j", async (words, message) => {
    expect(await problem(...words)).toBe(`sim: ${message}\nSee: sim explain --help\n`);
  });

  it("refuses a replication that there is not", async () => {
    expect(await problem("--replication", "8")).toBe(
      "sim: Cannot look in replication 8: there are 8, counted from 0; raise --replications\n",
    );
  });
});

describe("sim explain, interrupted", () => {
  it("stops at once and exits with 130", async () => {
    const io = await explain([], { signal: AbortSignal.abort() });
    expect([io.code, io.out(), io.err()]).toEqual([130, "", "sim: interrupted; nothing was printed\n"]);
  });
});
