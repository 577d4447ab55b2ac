import { describe, expect, it } from "vitest";
import { Hook, NetfilterHooks, Verdict } from "../../src/kernel/netfilter/hooks.ts";
import { Packet } from "../../src/kernel/packet.ts";

describe("NetfilterHooks", () => {
  it("runs low priorities first, and of equal ones the one registered last", () => {
    const hooks = new NetfilterHooks();
    const order: string[] = [];
    for (const [name, priority] of [
      ["a", 0],
      ["b", -1],
      ["c", 0],
      ["d", 1],
      ["e", 0],
    ] as const) {
      hooks.register(Hook.FORWARD, priority, () => {
        order.push(name);
        return Verdict.ACCEPT;
      });
    }
    expect(hooks.run(Hook.FORWARD, new Packet(0))).toBe(Verdict.ACCEPT);
    expect(order.join("")).toBe("becad");
  });
});
