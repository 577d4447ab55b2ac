import { describe, expect, it } from "vitest";
import {
  IPVS_STATE_NAMES,
  IPVS_TCP_TIMEOUTS,
  IpvsDirection,
  isActiveState,
  nextIpvsTcpState,
} from "../../../src/kernel/ipvs/ipvs_tcp_states.ts";
import { era } from "../../support/small_network.ts";
import { parseFlags } from "../../support/wire.ts";

// The kernel's table (ip_vs_proto_tcp.c tcp_states) written down a second time from its description: old state, then
// the next one after SYN, FIN, ACK, RST from the client (INPUT) and from the real server (OUTPUT).
const TABLE = `
NONE        SYN_RECV    CLOSE      ESTABLISHED CLOSE    | SYN_SENT TIME_WAIT ESTABLISHED CLOSE
ESTABLISHED ESTABLISHED CLOSE_WAIT ESTABLISHED CLOSE    | ESTABLISHED FIN_WAIT ESTABLISHED CLOSE
SYN_SENT    ESTABLISHED SYN_SENT   SYN_SENT    CLOSE    | SYN_SENT SYN_SENT  SYN_SENT    SYN_SENT
SYN_RECV    SYN_RECV    TIME_WAIT  ESTABLISHED SYN_RECV | SYN_RECV TIME_WAIT ESTABLISHED CLOSE
FIN_WAIT    SYN_RECV    TIME_WAIT  FIN_WAIT    CLOSE    | SYN_SENT FIN_WAIT  FIN_WAIT    CLOSE
TIME_WAIT   SYN_RECV    TIME_WAIT  TIME_WAIT   CLOSE    | SYN_SENT TIME_WAIT TIME_WAIT   TIME_WAIT
CLOSE       SYN_RECV    CLOSE      CLOSE       CLOSE    | SYN_SENT CLOSE     CLOSE       CLOSE
CLOSE_WAIT  SYN_RECV    CLOSE_WAIT CLOSE_WAIT  CLOSE    | SYN_SENT TIME_WAIT CLOSE_WAIT  CLOSE
LAST_ACK    SYN_RECV    LAST_ACK   CLOSE       LAST_ACK | SYN_SENT LAST_ACK  LAST_ACK    CLOSE
LISTEN      SYN_RECV    LISTEN     LISTEN      LISTEN   | LISTEN   LISTEN    ESTABLISHED CLOSE
SYNACK      SYN_RECV    TIME_WAIT  ESTABLISHED SYN_RECV | SYN_RECV TIME_WAIT ESTABLISHED CLOSE
`;

const FLAGS = ["S", "F", ".", "R"] as const;

const CELLS = TABLE.trim()
  .split("\n")
  .flatMap((row) => {
    const [old, ...nexts] = row.replace("|", " ").trim().split(/\s+/);
    return nexts.map((next, column) => {
      const direction = column < 4 ? IpvsDirection.INPUT : IpvsDirection.OUTPUT;
      return { old: old!, flags: FLAGS[column % 4]!, way: column < 4 ? "INPUT" : "OUTPUT", direction, next };
    });
  });

describe("nextIpvsTcpState", () => {
  it("has 88 cells here", () => {
    expect(CELLS).toHaveLength(88);
  });

  it.each(CELLS)("$old, $way $flags: $next", ({ old, flags, direction, next }) => {
    const state = nextIpvsTcpState(direction, IPVS_STATE_NAMES.indexOf(old), parseFlags(flags));
    expect(IPVS_STATE_NAMES[state]).toBe(next);
  });

  it("tells a RST first, then SYN, FIN, ACK; a segment without flags means CLOSE", () => {
    const next = (state: string, flags: string): string | undefined =>
      IPVS_STATE_NAMES[nextIpvsTcpState(IpvsDirection.OUTPUT, IPVS_STATE_NAMES.indexOf(state), parseFlags(flags))];
    expect([next("SYN_RECV", "R."), next("SYN_RECV", "RSF."), next("SYN_RECV", "S."), next("SYN_RECV", "F.")]).toEqual([
      "CLOSE",
      "CLOSE",
      "SYN_RECV",
      "TIME_WAIT",
    ]);
    expect(IPVS_STATE_NAMES.map((state) => next(state, ""))).toEqual(IPVS_STATE_NAMES.map(() => "CLOSE"));
  });

  it("has a timeout for each state", () => {
    const seconds = Object.fromEntries(IPVS_STATE_NAMES.map((name, state) => [name, IPVS_TCP_TIMEOUTS[state]]));
    expect(seconds).toEqual({
      NONE: 2,
      ESTABLISHED: 900,
      SYN_SENT: 120,
      SYN_RECV: 60,
      FIN_WAIT: 120,
      TIME_WAIT: 120,
      CLOSE: 10,
      CLOSE_WAIT: 60,
      LAST_ACK: 30,
      LISTEN: 120,
      SYNACK: 120,
    });
  });

  it.each([
    ["4.7", ["ESTABLISHED"]],
    ["4.8", ["ESTABLISHED", "SYN_SENT", "SYN_RECV", "SYNACK"]],
  ])("count as active on %s: %j", (kernel, active) => {
    const kernelEra = era(kernel);
    expect(IPVS_STATE_NAMES.filter((_name, state) => isActiveState(kernelEra, state))).toEqual(active);
  });
});
