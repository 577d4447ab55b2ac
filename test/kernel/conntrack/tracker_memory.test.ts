import { describe, expect, it } from "vitest";
import { ConntrackTable } from "../../../src/kernel/conntrack/conntrack_table.ts";
import { CtTcpInput } from "../../../src/kernel/conntrack/tcp_state_table.ts";

/** A table with one entry, whose reply direction has sent up to 500. */
function tableWithAnswer(): { readonly table: ConntrackTable; readonly slot: number } {
  const table = new ConntrackTable(16);
  const slot = table.allocate();
  table.memory.setSentEnd(2 * slot + 1, 500);
  return { table, slot };
}

describe("TrackerMemory", () => {
  it("knows where the last segment ended if that is before the end of what its direction has sent, and if it is that end", () => {
    const { table, slot } = tableWithAnswer();
    table.setLast(slot, 1, CtTcpInput.ACK, 400);
    expect(table.lastEnd(slot)).toBe(400);
    table.setLast(slot, 1, CtTcpInput.ACK, 500);
    expect(table.lastEnd(slot)).toBe(500);
  });

  it("forgets where an entry's last segment ended when its slot is given to another", () => {
    const { table, slot } = tableWithAnswer();
    table.setLast(slot, 1, CtTcpInput.ACK, 400);
    table.free(slot);
    expect([table.allocate(), table.lastEnd(slot)]).toEqual([slot, 0]);
  });
});
