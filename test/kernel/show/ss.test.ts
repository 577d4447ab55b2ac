import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseSs } from "../../../src/kernel/show/ss_reader.ts";
import { durationText, formatSs, showSs } from "../../../src/kernel/show/ss_text.ts";
import { BACKENDS, ip, listen, POD, RecordingOwner, smallNetwork } from "../../support/small_network.ts";
import { SS_ROW } from "../../support/shown_rows.ts";

// Goal: the text is that of `ss -tan`, and reading it gives the rows back.
// Method: a listing that ss of iproute2 6.1.0 printed into a pipe on a Linux 6.18 with two listening sockets and three
// connections, character for character; random rows there and back; the lines that incident 001 prints.

const REAL = [
  "State      Recv-Q Send-Q      Local Address:Port        Peer Address:Port Process                  ",
  "LISTEN     0      5               127.0.0.1:8080             0.0.0.0:*                             ",
  "ESTAB      0      0               127.0.0.1:57634          127.0.0.1:9000                          ",
  "TIME-WAIT  0      0               127.0.0.1:45444          127.0.0.1:8080  timer:(timewait,59sec,0)",
  "FIN-WAIT-2 0      0               127.0.0.1:45454          127.0.0.1:8080  timer:(timewait,59sec,0)",
  "CLOSE-WAIT 1      0               127.0.0.1:8080           127.0.0.1:45454                         ",
  "ESTAB      500    0               127.0.0.1:8080           127.0.0.1:45462                         ",
  "LISTEN     0      4096                    *:9000                   *:*                             ",
  "ESTAB      0      0      [::ffff:127.0.0.1]:9000  [::ffff:127.0.0.1]:57634                         ",
  "",
].join("\n");

/** Another one, with a connect() that nobody answers. */
const REAL_SYN_SENT = [
  "State      Recv-Q Send-Q Local Address:Port  Peer Address:Port Process                    ",
  "FIN-WAIT-2 0      0          127.0.0.1:46620    127.0.0.1:8080  timer:(timewait,58sec,0)  ",
  "ESTAB      0      0          127.0.0.1:46632    127.0.0.1:8080  timer:(keepalive,119min,0)",
  "CLOSE-WAIT 1      0          127.0.0.1:8080     127.0.0.1:46620                           ",
  "SYN-SENT   0      1           10.9.0.1:53568     10.9.0.2:80    timer:(on,684ms,1)        ",
  "LISTEN     1      4096           [::1]:9000          [::]:*                               ",
  "ESTAB      0      0              [::1]:38508        [::1]:9000                            ",
  "",
].join("\n");

describe("formatSs", () => {
  it.each([REAL, REAL_SYN_SENT])("writes what ss wrote, blanks at the ends included", (text) => {
    const { rows, problems } = parseSs(text);
    expect(problems).toEqual([]);
    expect(formatSs(rows, { hasTimers: true })).toBe(text);
  });

  it("glues the title of the last column to the ports when they are short", () => {
    const { rows } = parseSs("LISTEN 0 128 0.0.0.0:2024 0.0.0.0:*\n");
    expect(formatSs(rows)).toBe(
      "State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess\n" +
        "LISTEN 0      128          0.0.0.0:2024      0.0.0.0:*          \n",
    );
  });

  it("leaves out timers and header on request", () => {
    const { rows } = parseSs(REAL);
    expect(formatSs(rows.slice(1, 3), { hasHeader: false })).toBe(
      "ESTAB     0      0      127.0.0.1:57634 127.0.0.1:9000\nTIME-WAIT 0      0      127.0.0.1:45444 127.0.0.1:8080\n",
    );
  });

  it("gives back any rows that are read from it", () => {
    fc.assert(
      fc.property(fc.array(SS_ROW, { maxLength: 12 }), (rows) => {
        expect(parseSs(formatSs(rows, { hasTimers: true }))).toEqual({ rows, problems: [] });
      }),
      { numRuns: 60 },
    );
  });
});

describe("durationText", () => {
  it.each([
    [0, ""],
    [4, "004ms"],
    [200, "200ms"],
    [1000, "1sec"],
    [1500, "1.500sec"],
    [10_500, "10sec"],
    [59_999, "59sec"],
    [60_000, "1min"],
    [119_999, "1min59sec"],
    [599_000, "9min59sec"],
    [659_999, "10min"],
  ])("writes %i ms as ss does", (milliseconds, text) => {
    expect(durationText(milliseconds)).toBe(text);
  });
});

describe("showSs", () => {
  it("shows a server's sockets: LISTEN with its backlog, the request and the client in SYN-SENT", () => {
    const { tcp, loop, node, pod } = smallNetwork();
    const client = tcp.socket(node, new RecordingOwner(), 0);
    tcp.bind(client, { address: 0, port: 40_000 });
    tcp.connect(client, POD, 80);
    expect(showSs(node, { hasTimers: true })).toBe(
      "State    Recv-Q Send-Q Local Address:Port  Peer Address:PortProcess           \n" +
        "SYN-SENT 0      1       10.23.77.129:40000 10.23.77.138:80   timer:(on,1sec,0)\n",
    );
    loop.runUntil(1_000_000);
    expect(showSs(pod, { hasHeader: false })).toBe(
      [
        "LISTEN 0      4096        0.0.0.0:80      0.0.0.0:*    ",
        "ESTAB  0      0      10.23.77.138:80 10.23.77.129:40000",
        "",
      ].join("\n"),
    );
  });

  it("shows TIME-WAIT until its timer has fired, which is not before its 60 s", () => {
    const { tcp, loop, node } = smallNetwork();
    const client = tcp.socket(node, new RecordingOwner(), 0);
    tcp.connect(client, POD, 80);
    loop.runUntil(500_000);
    tcp.close(client);
    loop.runUntil(1_000_000);
    const at = (second: number): string => {
      loop.runUntil(second * 1_000_000);
      return showSs(node, { hasTimers: true, hasHeader: false });
    };
    expect(at(1)).toContain("timer:(timewait,59sec,0)");
    expect(at(56)).toMatch(/timer:\(timewait,4\.[0-9]{3}sec,0\)/);
    expect(at(61)).toContain("timer:(timewait,,0)");
    expect(at(64)).toBe("");
  });

  it("shows FIN-WAIT-2 as the kernel's small sockets are: nothing to send, and a timer of tcp_fin_timeout", () => {
    const { tcp, loop, node } = smallNetwork({ sysctls: { "net.ipv4.tcp_fin_timeout": "20" } });
    const client = tcp.socket(node, new RecordingOwner(), 0);
    tcp.bind(client, { address: 0, port: 40_000 });
    tcp.connect(client, BACKENDS[0], 443);
    loop.runUntil(500_000);
    tcp.close(client);
    expect(showSs(node, { hasTimers: true, hasHeader: false })).toContain("timer:(on,200ms,0)");
    loop.runUntil(1_500_000);
    expect(showSs(node, { hasTimers: true, hasHeader: false })).toBe(
      "FIN-WAIT-2 0      0      10.23.77.129:40000 10.23.77.140:443 timer:(timewait,19sec,0)\n",
    );
  });

  it("lists sockets in one order, listening ones first, whatever the order in which they were opened", () => {
    const { tcp, node } = smallNetwork();
    for (const port of [9000, 81, 8080]) listen(tcp, node, new RecordingOwner(), port);
    const client = tcp.socket(node, new RecordingOwner(), 0);
    tcp.bind(client, { address: 0, port: 80 });
    tcp.connect(client, ip("10.23.77.200"), 1);
    const locals = parseSs(showSs(node)).rows.map(({ state, local }) => `${state} ${local.port}`);
    expect(locals).toEqual(["LISTEN 81", "LISTEN 8080", "LISTEN 9000", "SYN-SENT 80"]);
  });
});

describe("parseSs", () => {
  it("reads the lines of incident 001", () => {
    const { rows, problems } = parseSs(
      "TIME-WAIT 0 0 169.254.20.10:50967 169.254.20.10:8080\nTIME-WAIT 0 0 169.254.20.10:56855 169.254.20.10:8080  \n",
    );
    expect(problems).toEqual([]);
    expect(rows[1]).toEqual({
      state: "TIME-WAIT",
      receiveQueue: 0,
      sendQueue: 0,
      local: { address: "169.254.20.10", port: 56855 },
      peer: { address: "169.254.20.10", port: 8080 },
    });
  });

  it("passes over processes, details of -i and other protocols", () => {
    const text =
      "Netid State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process\n" +
      "udp   UNCONN 0      0          127.0.0.1:53        0.0.0.0:*\n" +
      'tcp   ESTAB  0      0          127.0.0.1:1       127.0.0.1:2 users:(("python3",pid=12,fd=5)) timer:(keepalive,1min59sec,0)\n' +
      "\t cubic wscale:10,10 rto:200\n";
    const { rows, problems } = parseSs(text);
    expect(problems).toEqual([]);
    expect(rows.map(({ timer }) => timer)).toEqual([{ name: "keepalive", leftMs: 119_000, retransmits: 0 }]);
  });

  it.each([
    ["OPEN 0 0 1.1.1.1:1 1.1.1.1:2", 'Cannot read "OPEN" as a TCP state of ss'],
    ["ESTAB 0 x 1.1.1.1:1 1.1.1.1:2", 'Cannot read "0 x" as Recv-Q and Send-Q'],
    ["ESTAB 0 0 web:1 1.1.1.1:2", 'Cannot read "web:1" as the local address:port'],
    ["ESTAB 0 0 1.1.1.1:1", 'Cannot read "" as the peer\'s address:port'],
    ["ESTAB 0 0 1.1.1.1:1 1.1.1.1:2 timer:(on)", 'Cannot read "timer:(on)" as a timer'],
    ["ESTAB 0 0 1.1.1.1:1 1.1.1.1:2 timer:(on,soon,0)", 'Cannot read "timer:(on,soon,0)" as a timer'],
  ])("says what is wrong with %s, and in which line", (line, message) => {
    const { rows, problems } = parseSs(`\nESTAB 0 0 1.1.1.1:1 1.1.1.1:2\n${line}\n`);
    expect(problems).toEqual([{ line: 3, message }]);
    expect(rows).toHaveLength(1);
  });
});
