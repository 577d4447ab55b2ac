import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseConntrack } from "../../../src/kernel/show/conntrack_reader.ts";
import { conntrackSummary, formatConntrack, showConntrack } from "../../../src/kernel/show/conntrack_text.ts";
import { NODE, POD, RecordingOwner, smallNetwork } from "../../support/small_network.ts";
import { CONNTRACK_ROW } from "../../support/shown_rows.ts";

// Goal: the text is that of `conntrack -L`, and reading it gives the rows back.
// Method: lines that conntrack 1.4.7 printed on a node with IPVS; random rows there and back.

const REAL =
  "tcp      6 119 SYN_SENT src=192.168.50.2 dst=192.168.50.1 sport=52001 dport=9000 [UNREPLIED] src=192.168.50.1 dst=192.168.50.2 sport=9000 dport=52001 mark=0 use=1\n" +
  "tcp      6 59 SYN_RECV src=10.23.77.129 dst=10.23.77.138 sport=31234 dport=80 src=10.23.77.138 dst=10.23.77.129 sport=80 dport=31234 mark=0 use=1\n" +
  "tcp      6 431999 ESTABLISHED src=192.168.50.3 dst=10.23.77.129 sport=40003 dport=31234 src=10.23.77.141 dst=10.23.77.129 sport=8080 dport=40003 [ASSURED] mark=0 use=1\n";

describe("formatConntrack", () => {
  it("writes what conntrack -L wrote", () => {
    const { rows, problems } = parseConntrack(REAL);
    expect(problems).toEqual([]);
    expect(formatConntrack(rows)).toBe(REAL);
  });

  it("gives back any rows that are read from it", () => {
    fc.assert(
      fc.property(fc.array(CONNTRACK_ROW, { maxLength: 12 }), (rows) => {
        const text = formatConntrack(rows) + conntrackSummary(rows.length);
        expect(parseConntrack(text)).toEqual({ rows, problems: [] });
      }),
      { numRuns: 60 },
    );
  });
});

describe("showConntrack", () => {
  it("shows a connection with its state, its direction and its seconds", () => {
    const { tcp, loop, node } = smallNetwork();
    const client = tcp.socket(node, new RecordingOwner(), 0);
    tcp.bind(client, { address: 0, port: 40_000 });
    tcp.connect(client, POD, 80);
    const way = "src=10.23.77.129 dst=10.23.77.138 sport=40000 dport=80";
    const back = "src=10.23.77.138 dst=10.23.77.129 sport=80 dport=40000";
    expect(showConntrack(node)).toBe(`tcp      6 120 SYN_SENT ${way} [UNREPLIED] ${back} mark=0 use=1\n`);
    loop.runUntil(1_000_000);
    expect(showConntrack(node)).toBe(`tcp      6 431999 ESTABLISHED ${way} ${back} [ASSURED] mark=0 use=1\n`);
  });

  it("shows a UDP flow without a state, behind all of TCP", () => {
    const { tcp, machine, node } = smallNetwork();
    const socket = machine.udp.socket(node, { received() {}, failed() {} });
    machine.udp.bind(socket, { address: 0, port: 1000 });
    machine.udp.send(socket, 1, { address: POD, port: 53 });
    tcp.connect(tcp.socket(node, new RecordingOwner(), 0), POD, 80);
    const [first, second] = showConntrack(node).split("\n");
    expect(first).toMatch(/^tcp {6}6 120 SYN_SENT /);
    expect(second).toBe(
      "udp      17 30 src=10.23.77.129 dst=10.23.77.138 sport=1000 dport=53 [UNREPLIED] " +
        "src=10.23.77.138 dst=10.23.77.129 sport=53 dport=1000 mark=0 use=1",
    );
  });

  it("shows nothing of a namespace without conntrack", () => {
    expect(showConntrack(smallNetwork().pod)).toBe("");
  });

  it("hides an entry from the very moment on at which it expires", () => {
    const { tcp, loop, node } = smallNetwork({ kernel: "6.2" });
    // One second behind the collector, which would take it away.
    loop.runUntil(1_000_000);
    tcp.connect(tcp.socket(node, new RecordingOwner(), 0), NODE + 100, 80);
    const { table } = node.conntrack!;
    loop.runUntil(table.expires(0) - 1);
    expect(showConntrack(node)).toMatch(/^tcp {6}6 0 SYN_SENT /);
    loop.runUntil(loop.now + 1);
    expect([showConntrack(node), table.count]).toEqual(["", 1]);
  });

  it("hides an entry that has expired and is still in the table", () => {
    const { tcp, loop, node } = smallNetwork({ sysctls: { "net.netfilter.nf_conntrack_tcp_timeout_time_wait": "10" } });
    const client = tcp.socket(node, new RecordingOwner(), 0);
    tcp.connect(client, POD, 80);
    loop.runUntil(500_000);
    tcp.close(client);
    loop.runUntil(10_000_000);
    expect(showConntrack(node)).toMatch(/^tcp {6}6 0 TIME_WAIT /);
    loop.runUntil(11_000_000);
    expect([showConntrack(node), node.conntrack?.table.count]).toEqual(["", 1]);
  });
});

describe("parseConntrack", () => {
  it("reads /proc/net/nf_conntrack, accounting, zones and ids", () => {
    const tuple = "src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2";
    const text =
      `ipv4     2 tcp      6 59 SYN_RECV ${tuple} packets=1 bytes=60 ${tuple} packets=0 bytes=0 mark=5 zone=0 use=2\n` +
      `ipv6     10 udp      17 29 src=::1 dst=::1 sport=1 dport=2 [UNREPLIED] src=::1 dst=::1 sport=2 dport=1 mark=0 use=1 id=7\n`;
    const { rows, problems } = parseConntrack(text);
    expect(problems).toEqual([]);
    expect(rows).toMatchObject([
      { protocol: "tcp", timeoutSeconds: 59, state: "SYN_RECV", mark: 5 },
      { protocol: "udp", timeoutSeconds: 29, isUnreplied: true },
    ]);
  });

  it("takes the mark for 0 where the kernel has none", () => {
    const text = `udp 17 5 ${"src=1.1.1.1 dst=1.1.1.1 sport=1 dport=2 ".repeat(2)}`;
    expect(parseConntrack(text).rows[0]?.mark).toBe(0);
  });

  it("passes over other protocols", () => {
    const text =
      "icmp     1 29 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=1 src=10.0.0.2 dst=10.0.0.1 type=0 code=0 id=1 mark=0 use=1\n";
    expect(parseConntrack(text)).toEqual({ rows: [], problems: [] });
  });

  it.each([
    ["nonsense", 'Cannot read "nonsense" as an entry of conntrack -L'],
    ["tcp 6 soon SYN_SENT", 'Cannot read "soon" as a timeout in seconds'],
    ["tcp 6 5 OPEN src=1.1.1.1", 'Cannot read "OPEN" as a TCP state of conntrack'],
    ["tcp 6 5", 'Cannot read "" as a TCP state of conntrack'],
    ["tcp 6", 'Cannot read "" as a timeout in seconds'],
    ["udp 17 5 src=1.1.1.1 dst=web sport=1 dport=2", 'Cannot read "dst=web" as an address in the original direction'],
    [
      "udp 17 5 src=1.1.1.1 dst=1.1.1.1 sport=http dport=2",
      'Cannot read "sport=http" as a port in the original direction',
    ],
    [`udp 17 5 ${"src=1.1.1.1 dst=1.1.1.1 sport=1 dport=2 ".repeat(2)}mark=0x1`, 'Cannot read "mark=0x1" as a mark'],
    ["udp 17 5 src=1.1.1.1 dst=1.1.1.1 sport=1", "Cannot find dport= in the original direction"],
    ["udp 17 5 src=1.1.1.1 dst=1.1.1.1 sport=1 dport=2", "Cannot find src= in the reply direction"],
    [
      "udp 17 5 src=1.1.1 dst=1.1.1.1 sport=1 dport=2",
      'Cannot read "src=1.1.1" as an address in the original direction',
    ],
    [
      "udp 17 5 src=1.1.1.1 dst=1.1.1.1 sport=1 dport=99999",
      'Cannot read "dport=99999" as a port in the original direction',
    ],
  ])("says what is wrong with %s, and in which line", (line, message) => {
    expect(parseConntrack(`\n${line}\n`)).toEqual({ rows: [], problems: [{ line: 2, message }] });
  });
});
