import { describe, expect, it } from "vitest";
import { CtTcpInput, CtTcpState, nextCtTcpState } from "../../../src/kernel/conntrack/tcp_state_table.ts";

// The table of the kernel (nf_conntrack_proto_tcp.c tcp_conntracks), written down a second time from its description:
// old state, then the outcomes of SYN, SYN-ACK, FIN, ACK, RST in the original and in the reply direction.
const TABLE = `
NONE        SYN_SENT  INVALID  INVALID    ESTABLISHED INVALID | INVALID   INVALID  INVALID    INVALID     INVALID
SYN_SENT    SYN_SENT  INVALID  INVALID    INVALID     CLOSE   | SYN_SENT2 SYN_RECV INVALID    IGNORE      CLOSE
SYN_RECV    IGNORE    SYN_RECV FIN_WAIT   ESTABLISHED CLOSE   | INVALID   IGNORE   FIN_WAIT   SYN_RECV    CLOSE
ESTABLISHED IGNORE    INVALID  FIN_WAIT   ESTABLISHED CLOSE   | INVALID   IGNORE   FIN_WAIT   ESTABLISHED CLOSE
FIN_WAIT    IGNORE    INVALID  LAST_ACK   CLOSE_WAIT  CLOSE   | INVALID   IGNORE   LAST_ACK   CLOSE_WAIT  CLOSE
CLOSE_WAIT  IGNORE    INVALID  LAST_ACK   CLOSE_WAIT  CLOSE   | INVALID   IGNORE   LAST_ACK   CLOSE_WAIT  CLOSE
LAST_ACK    IGNORE    INVALID  LAST_ACK   TIME_WAIT   CLOSE   | INVALID   IGNORE   LAST_ACK   TIME_WAIT   CLOSE
TIME_WAIT   SYN_SENT  INVALID  TIME_WAIT  TIME_WAIT   CLOSE   | SYN_SENT  IGNORE   TIME_WAIT  TIME_WAIT   CLOSE
CLOSE       SYN_SENT  INVALID  CLOSE      CLOSE       CLOSE   | INVALID   IGNORE   CLOSE      CLOSE       CLOSE
SYN_SENT2   SYN_SENT2 SYN_RECV INVALID    INVALID     CLOSE   | SYN_SENT2 SYN_RECV INVALID    IGNORE      CLOSE
`;

const INPUTS = ["SYN", "SYN_ACK", "FIN", "ACK", "RST"] as const;
const STATES = new Map<string, number>(Object.entries(CtTcpState));

const CELLS = TABLE.trim()
  .split("\n")
  .flatMap((row) => {
    const [old, ...outcomes] = row.replace("|", " ").trim().split(/\s+/);
    return outcomes.map((outcome, column) => {
      const direction = column < 5 ? 0 : 1;
      return { old: old!, input: INPUTS[column % 5]!, direction, way: direction === 0 ? "original" : "reply", outcome };
    });
  });

describe("nextCtTcpState", () => {
  it("has a hundred cells here", () => {
    expect(CELLS).toHaveLength(100);
  });

  it.each(CELLS)("$old, $input in the $way direction: $outcome", ({ old, input, direction, outcome }) => {
    expect(nextCtTcpState(direction, STATES.get(old)!, CtTcpInput[input])).toBe(STATES.get(outcome));
  });

  it("calls a segment without flags invalid in every state", () => {
    for (const direction of [0, 1]) {
      for (let state = 0; state < 10; state += 1) {
        expect(nextCtTcpState(direction, state, CtTcpInput.NONE)).toBe(CtTcpState.INVALID);
      }
    }
  });
});
