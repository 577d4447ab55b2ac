import { describe, expect, it } from "vitest";
import { Hook, type HookFunction, NetfilterHooks, Verdict } from "../../src/kernel/netfilter/hooks.ts";
import { Packet, Standing } from "../../src/kernel/packet.ts";

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

  it("calls a function for fewer packets while it spares them, and then for all again", () => {
    const hooks = new NetfilterHooks();
    const seen: number[] = [];
    const note: HookFunction = (packet) => {
      seen.push(packet.standing);
      return Verdict.ACCEPT;
    };
    hooks.register(Hook.LOCAL_IN, 0, note);
    for (const from of [Standing.MIDWAY, Standing.FRESH, Standing.NONE]) {
      hooks.spare(note, from);
      for (const standing of [Standing.FRESH, Standing.SETTLED, Standing.MIDWAY]) {
        const packet = new Packet(0);
        packet.standing = standing;
        hooks.run(Hook.LOCAL_IN, packet);
      }
    }
    expect(seen).toEqual([0, 1, 0, 1, 2]);
  });

  it("passes over what a packet is spared from the function on that settles it", () => {
    const hooks = new NetfilterHooks();
    const seen: string[] = [];
    const noteAs =
      (name: string, standing?: number): HookFunction =>
      (packet) => {
        seen.push(name);
        if (standing !== undefined) packet.standing = standing;
        return Verdict.ACCEPT;
      };
    hooks.register(Hook.PRE_ROUTING, -200, noteAs("conntrack", Standing.SETTLED), "conntrack");
    hooks.register(Hook.PRE_ROUTING, -100, noteAs("nat"), "nat");
    hooks.register(Hook.PRE_ROUTING, 0, noteAs("filter"));
    hooks.run(Hook.PRE_ROUTING, new Packet(0));
    expect(seen).toEqual(["conntrack", "filter"]);
  });
});
