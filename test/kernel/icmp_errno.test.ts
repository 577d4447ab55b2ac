import { describe, expect, it } from "vitest";
import { errnoName } from "../../src/kernel/errno.ts";
import { hardIcmpErrno, icmpErrno } from "../../src/kernel/icmp_errno.ts";
import { Protocol } from "../../src/kernel/packet.ts";
import { PEER, Wire } from "../support/wire.ts";

// As the kernel's table has them: the code of "destination unreachable", its errno, and whether it is hard.
const UNREACHABLE: readonly [code: number, errno: string, isHard: boolean][] = [
  [0, "ENETUNREACH", false],
  [1, "EHOSTUNREACH", false],
  [2, "ENOPROTOOPT", true],
  [3, "ECONNREFUSED", true],
  [5, "EOPNOTSUPP", false],
  [6, "ENETUNREACH", true],
  [7, "EHOSTDOWN", true],
  [8, "ENONET", true],
  [9, "ENETUNREACH", true],
  [10, "EHOSTUNREACH", true],
  [11, "ENETUNREACH", false],
  [12, "EHOSTUNREACH", false],
  [13, "EHOSTUNREACH", true],
  [14, "EHOSTUNREACH", true],
  [15, "EHOSTUNREACH", true],
];

describe("An ICMP error", () => {
  it.each(UNREACHABLE)("of type 3 code %i means %s, and is hard: %s", (code, errno, isHard) => {
    expect(errnoName(icmpErrno(3, code))).toBe(errno);
    expect(hardIcmpErrno(3, code)).toBe(isHard ? icmpErrno(3, code) : 0);
  });

  it("of another type, of an unknown code or about the MTU means nothing to a socket", () => {
    const others = [
      [3, 4],
      [3, 16],
      [4, 0],
      [5, 1],
    ] as const;
    expect(others.map(([type, code]) => icmpErrno(type, code))).toEqual([0, 0, 0, 0]);
    expect(others.map(([type, code]) => hardIcmpErrno(type, code))).toEqual([0, 0, 0, 0]);
  });

  it("of time exceeded may pass, of a parameter problem may not", () => {
    expect([icmpErrno(11, 0), hardIcmpErrno(11, 0)].map(errnoName)).toEqual(["EHOSTUNREACH", "errno 0"]);
    expect([icmpErrno(12, 0), hardIcmpErrno(12, 0)].map(errnoName)).toEqual(["EPROTO", "EPROTO"]);
  });

  it("is told to a connected UDP socket if it is hard", () => {
    const wire = new Wire();
    const { udp } = wire.machine;
    const told: string[] = [];
    const socket = udp.socket(wire.host, { received() {}, failed: (_, errno) => told.push(errnoName(errno)) });
    udp.connect(socket, PEER, 53);
    const quoted = { sport: socket.localPort, dport: 53, seq: 0 };
    for (const [type, code] of [
      [3, 1],
      [3, 13],
      [11, 0],
      [12, 0],
    ] as const)
      wire.injectIcmpError(type, code, quoted, Protocol.UDP);
    expect(told).toEqual(["EHOSTUNREACH", "EPROTO"]);
  });
});
