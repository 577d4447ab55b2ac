import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Protocol } from "../../../src/kernel/packet.ts";
import {
  formatIpvsConnections,
  parseIpvsConnections,
  showIpvsConnections,
} from "../../../src/kernel/show/ipvs_connection_text.ts";
import { parseIpvs } from "../../../src/kernel/show/ipvs_reader.ts";
import { withoutConnections } from "../../../src/kernel/show/ipvs_rows.ts";
import { parseIpvsSave } from "../../../src/kernel/show/ipvs_save_reader.ts";
import { formatIpvs, formatIpvsSave, showIpvs, showIpvsSave } from "../../../src/kernel/show/ipvs_text.ts";
import { BACKENDS, ip, NODE, NODE_PORT, RecordingOwner, smallNetwork } from "../../support/small_network.ts";
import { IPVS_CONNECTION_ROW, IPVS_ROWS } from "../../support/shown_rows.ts";

// Goal: the texts are those of `ipvsadm -Ln`, `ipvsadm -Lnc` and `ipvsadm-save -n`, and reading them gives the rows back.
// Method: what ipvsadm 1.31 printed on a node, character for character; random rows there and back; incident 001.

const TITLE =
  "IP Virtual Server version 1.2.1 (size=4096)\n" +
  "Prot LocalAddress:Port Scheduler Flags\n" +
  "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n";
const REAL =
  TITLE +
  "TCP  10.23.77.129:31234 rr persistent 10800\n" +
  "  -> 10.23.77.140:8080            Masq    1      0          0         \n" +
  "  -> 10.23.77.141:8080            Masq    1      0          1         \n";
const REAL_SAVE = "-A -t 10.23.77.129:31234 -s rr -p 10800\n-a -t 10.23.77.129:31234 -r 10.23.77.140:8080 -m -w 1\n";
const REAL_CONNECTIONS =
  "IPVS connection entries\n" +
  "pro expire state       source             virtual            destination\n" +
  "TCP 00:59  SYN_RECV    10.23.77.138:80    10.23.77.129:31234 10.23.77.141:8080\n" +
  "TCP 179:59 ASSURED     192.168.50.3:0     10.23.77.129:31234 10.23.77.140:8080\n";

describe("formatIpvs", () => {
  it("writes what ipvsadm -Ln wrote, blanks at the ends included", () => {
    const { rows, problems } = parseIpvs(REAL);
    expect(problems).toEqual([]);
    expect(formatIpvs(rows)).toBe(REAL);
  });

  it("gives back any rows that are read from it", () => {
    fc.assert(
      fc.property(IPVS_ROWS, (rows) => {
        expect(parseIpvs(formatIpvs(rows))).toEqual({ rows, problems: [] });
      }),
      { numRuns: 60 },
    );
  });
});

describe("formatIpvsSave", () => {
  it("writes what ipvsadm-save -n wrote", () => {
    const { rows, problems } = parseIpvsSave(REAL_SAVE);
    expect(problems).toEqual([]);
    expect(formatIpvsSave(rows)).toBe(REAL_SAVE);
  });

  it("gives back any rows that are read from it, without their connections", () => {
    fc.assert(
      fc.property(IPVS_ROWS, (rows) => {
        expect(parseIpvsSave(formatIpvsSave(rows))).toEqual({ rows: withoutConnections(rows), problems: [] });
      }),
      { numRuns: 60 },
    );
  });
});

describe("formatIpvsConnections", () => {
  it("writes what ipvsadm -Lnc wrote", () => {
    const { rows, problems } = parseIpvsConnections(REAL_CONNECTIONS);
    expect(problems).toEqual([]);
    expect(formatIpvsConnections(rows)).toBe(REAL_CONNECTIONS);
  });

  it("gives back any rows that are read from it", () => {
    fc.assert(
      fc.property(fc.array(IPVS_CONNECTION_ROW, { maxLength: 12 }), (rows) => {
        expect(parseIpvsConnections(formatIpvsConnections(rows))).toEqual({ rows, problems: [] });
      }),
      { numRuns: 60 },
    );
  });
});

describe("showIpvs", () => {
  it("sorts as ipvsadm does: 169.254.20.10 before 10.10.85.105, as incident 001 shows it, TCP before UDP", () => {
    const { machine, node } = smallNetwork();
    const ipvs = machine.requireIpvs(node);
    const web = ipvs.addService(Protocol.TCP, ip("10.10.85.105"), 36704, "rr");
    ipvs.addService(Protocol.UDP, ip("10.10.85.105"), 53, "wrr");
    ipvs.addService(Protocol.TCP, ip("169.254.20.10"), 36704, "rr");
    ipvs.addService(Protocol.TCP, ip("169.254.20.10"), 20869, "rr").persistentTimeout = 10_800_000_000;
    for (const server of ["10.23.77.141", "10.23.77.140"]) ipvs.addServer(web, ip(server), 443, 1);
    expect(showIpvs(node)).toBe(
      TITLE +
        "TCP  169.254.20.10:20869 rr persistent 10800\n" +
        "TCP  169.254.20.10:36704 rr\n" +
        "TCP  10.10.85.105:36704 rr\n" +
        "  -> 10.23.77.140:443             Masq    1      0          0         \n" +
        "  -> 10.23.77.141:443             Masq    1      0          0         \n" +
        "UDP  10.10.85.105:53 wrr\n",
    );
    expect(showIpvsSave(node)).toBe(
      "-A -t 169.254.20.10:20869 -s rr -p 10800\n" +
        "-A -t 169.254.20.10:36704 -s rr\n" +
        "-A -t 10.10.85.105:36704 -s rr\n" +
        "-a -t 10.10.85.105:36704 -r 10.23.77.140:443 -m -w 1\n" +
        "-a -t 10.10.85.105:36704 -r 10.23.77.141:443 -m -w 1\n" +
        "-A -u 10.10.85.105:53 -s wrr\n",
    );
  });

  it("shows the titles alone of a namespace without IPVS", () => {
    const { pod } = smallNetwork();
    expect(showIpvs(pod)).toBe(TITLE);
    expect(showIpvsConnections(pod)).toBe(REAL_CONNECTIONS.split("\n").slice(0, 2).join("\n").concat("\n"));
  });
});

describe("showIpvsConnections", () => {
  it("shows templates by whether a connection of theirs was answered, and UDP without a state of its own", () => {
    const { loop, machine, tcp, node } = smallNetwork();
    const ipvs = machine.requireIpvs(node);
    for (const protocol of [Protocol.UDP, Protocol.TCP]) {
      const service = ipvs.addService(protocol, NODE, NODE_PORT, "rr");
      service.persistentTimeout = 300_000_000;
      ipvs.addServer(service, BACKENDS[0], 443, 1);
    }
    const socket = machine.udp.socket(node, { received() {}, failed() {} });
    machine.udp.bind(socket, { address: NODE, port: 1000 });
    machine.udp.send(socket, 1, { address: NODE, port: NODE_PORT });
    const client = tcp.socket(node, new RecordingOwner(), 0);
    tcp.bind(client, { address: 0, port: 1000 });
    tcp.connect(client, NODE, NODE_PORT);
    loop.runUntil(1000);
    const lines = showIpvsConnections(node).split("\n").slice(2, -1);
    expect(lines).toEqual([
      "TCP 05:00  ASSURED     10.23.77.129:0     10.23.77.129:36704 10.23.77.140:443",
      "UDP 05:00  NONE        10.23.77.129:0     10.23.77.129:36704 10.23.77.140:443",
      "TCP 15:00  ESTABLISHED 10.23.77.129:1000  10.23.77.129:36704 10.23.77.140:443",
      "UDP 05:00  UDP         10.23.77.129:1000  10.23.77.129:36704 10.23.77.140:443",
    ]);
  });
});

describe("parseIpvs", () => {
  it("reads the lines of incident 001, which have lost their double blanks", () => {
    const { rows, problems } = parseIpvs("TCP 169.254.20.10:20869 rr\nTCP 10.10.85.235:36704 rr  \n");
    expect(problems).toEqual([]);
    expect(rows.map(({ target }) => target)).toEqual([
      { kind: "address", protocol: "TCP", virtual: { address: "169.254.20.10", port: 20869 } },
      { kind: "address", protocol: "TCP", virtual: { address: "10.10.85.235", port: 36704 } },
    ]);
  });

  it.each([
    ["  -> 10.0.0.2:80 Masq 1 0 0", "Cannot take this real server: no virtual service stands above it"],
    ["TCP  10.0.0.1:80", "Cannot find the scheduler of this virtual service"],
    ["TCP  10.0.0.1:http rr", 'Cannot read "10.0.0.1:http" as the address:port of a virtual service'],
    ["GRE  10.0.0.1:80 rr", 'Cannot read "GRE" as one of TCP, UDP, SCTP, FWM, ->'],
    ["FWM  x rr", 'Cannot read "x" as a firewall mark'],
    ["TCP  10.0.0.1:80 rr persistent", 'Cannot read "persistent " as a flag of a virtual service'],
    ["TCP  10.0.0.1:80 rr slow", 'Cannot read "slow" as a flag of a virtual service'],
  ])("says what is wrong with %s, and in which line", (line, message) => {
    expect(parseIpvs(`${TITLE}${line}\n`)).toEqual({ rows: [], problems: [{ line: 4, message }] });
  });

  it.each([
    ["  -> web:80 Masq 1 0 0", 'Cannot read "web:80" as the address:port of a real server'],
    ["  -> 10.0.0.2:80 Maskq 1 0 0", 'Cannot read "Maskq" as one of Masq, Local, Tunnel, Route, Bypass'],
    ["  -> 10.0.0.2:80 Masq 1 0", 'Cannot read "1 0" as weight, active and inactive connections'],
    ["TCP  10.0.0.1:80 rr", "Cannot take this virtual service: it stands above already"],
  ])("says what is wrong with %s below a service", (line, message) => {
    const { rows, problems } = parseIpvs(`TCP  10.0.0.1:80 rr\n${line}\n`);
    expect(problems).toEqual([{ line: 2, message }]);
    expect(rows).toHaveLength(1);
  });

  it("reports a service that it cannot read once, and not its servers", () => {
    const { problems } = parseIpvs("TCP  web:80 rr\n  -> 10.0.0.2:80 Masq 1 0 0\n  -> 10.0.0.3:80 Masq 1 0 0\n");
    expect(problems.map(({ line }) => line)).toEqual([1]);
  });
});

describe("parseIpvsSave", () => {
  it.each([
    ["-E -t 10.0.0.1:80", 'Cannot read "-E" as -A or -a'],
    ["-A -s rr", "Cannot find the virtual service: -t, -u, --sctp-service or -f"],
    ["-A -t web:http -s rr", 'Cannot read "web:http" as address:port: save with ipvsadm-save -n'],
    ["-A -t 10.0.0.1:80", "Cannot find the scheduler: -s"],
    ["-A -t 10.0.0.1:80 -s rr -p soon", 'Cannot read "-p soon" as seconds'],
    ["-A t 10.0.0.1:80 -s rr", 'Cannot read "t" as an option'],
    ["-A -f x -s rr", 'Cannot read "x" as a firewall mark'],
    ["-a -t 10.0.0.1:80 -m", 'Cannot read "-r " as address:port: save with ipvsadm-save -n'],
    ["-A -t 10.0.0.1:80 -s rr -p 9007199254740992", 'Cannot read "-p 9007199254740992" as seconds'],
    ["-A -t 10.0.0.1:80 -s", "Cannot find the value of -s"],
    [
      "-a -t 10.0.0.1:80 -r 10.0.0.2:80 -m -w 1",
      "Cannot take this real server: its virtual service does not stand above it",
    ],
    ["-a -t 10.0.0.1:80 -r web:80 -m", 'Cannot read "-r web:80" as address:port: save with ipvsadm-save -n'],
    ["-a -t 10.0.0.1:80 -r 10.0.0.2:80 -w x", 'Cannot read "-w x" as a weight'],
  ])("says what is wrong with %s, and in which line", (line, message) => {
    expect(parseIpvsSave(`\n${line}\n`)).toEqual({ rows: [], problems: [{ line: 2, message }] });
  });
});

describe("formatIpvs of what ipvsadm-save tells", () => {
  it("shows weight 1 where it names none, and no connections", () => {
    const { rows, problems } = parseIpvsSave("-A -u 10.0.0.1:53 -s rr\n-a -u 10.0.0.1:53 -r 10.0.0.2:53 -m\n");
    expect(problems).toEqual([]);
    expect(formatIpvs(rows)).toBe(
      `${TITLE}UDP  10.0.0.1:53 rr\n  -> 10.0.0.2:53                  Masq    1      0          0         \n`,
    );
  });
});

describe("parseIpvsConnections", () => {
  it.each([
    ["GRE 00:01 NONE 1.1.1.1:1 1.1.1.1:1 1.1.1.1:1", 'Cannot read "GRE" as one of TCP, UDP, SCTP, IP'],
    ["TCP 00:61 NONE 1.1.1.1:1 1.1.1.1:1 1.1.1.1:1", 'Cannot read "00:61" as minutes:seconds'],
    ["TCP 00:01", "Cannot find the state of this connection"],
    ["TCP 00:01 NONE 1.1.1.1:1 1.1.1.1:1", 'Cannot read "1.1.1.1:1 1.1.1.1:1" as three times address:port'],
  ])("says what is wrong with %s, and in which line", (line, message) => {
    expect(parseIpvsConnections(`\n${line}\n`)).toEqual({ rows: [], problems: [{ line: 2, message }] });
  });
});
