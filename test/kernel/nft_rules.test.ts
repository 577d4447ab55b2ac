import { describe, expect, it } from "vitest";
import { Verdict } from "../../src/kernel/netfilter/hooks.ts";
import { NftCompiler } from "../../src/kernel/netfilter/nft_compiler.ts";
import { CtState } from "../../src/kernel/packet.ts";
import { synTo } from "../support/match_view.ts";
import { baseChain, dnat, drops, environment, forward, readNft } from "../support/nft.ts";
import { ip } from "../support/small_network.ts";

// Goal: each match, statement and target of the nft language means what it means in the kernel.
// Method: one rule at a time on a packet that is chosen for it.

describe("A match", () => {
  const packet = synTo("10.23.77.138", 8080, { mark: 0x4001, ctState: CtState.ESTABLISHED, outDevice: "cni0" });
  it.each([
    ["ip daddr 10.23.77.138", true],
    ["ip daddr != 10.23.77.138", false],
    ["ip daddr 10.23.77.128/25", true],
    ["ip daddr 10.23.77.0-10.23.77.137", false],
    ["ip daddr { 10.0.0.1, 10.23.77.128/28, }", true],
    ["ip saddr != { 10.0.0.0/8, 192.0.2.0/24 }", false],
    ["ip saddr 0.0.0.0/0", true],
    ["ip protocol tcp", true],
    ["meta l4proto { tcp, udp }", true],
    ["meta l4proto != 6", false],
    ["meta nfproto ipv6", false],
    ["tcp dport 8080", true],
    ["udp dport 8080", false],
    ["th dport 8000-8080", true],
    ["tcp dport { 80, 8000-8079 }", false],
    ["tcp sport != 40000", false],
    ["tcp dport == 8080 tcp sport eq 40000", true],
    ["meta mark 0x4001", true],
    ["mark and 0x4000 == 0x4000", true],
    ["meta mark & 0x00004000 != 0x00000000", true],
    ["meta mark { 1, 2 }", false],
    ["ct state established,related", true],
    ["ct state { new, invalid }", false],
    ["ct state != established", false],
    ["iifname eth0", true],
    ['iifname "eth*"', true],
    ["meta iifname != lo", true],
    ['oifname { "cni0", "lo" }', true],
    ["fib daddr type local", false],
    ["fib saddr type != local", true],
    ["ip daddr . tcp dport { 10.23.77.138 . 80, 10.23.77.138 . 8080 }", true],
    ["ip saddr . ip daddr != { 192.0.2.0/24 . 10.23.77.138 }", false],
    ["numgen random mod 4 1", true],
    ["numgen random mod 4 offset 10 11", true],
    ['counter packets 5 bytes 300 comment "x"', true],
  ])("%s: %s", (matches, expected) => {
    expect(drops(matches, packet)).toBe(expected);
  });

  it("on a port does not hold for another protocol", () => {
    expect(drops("tcp dport 8080", { ...packet, protocol: 17 })).toBe(false);
    expect(drops("th dport 8080", { ...packet, protocol: 17 })).toBe(true);
  });

  it("calls a packet without a conntrack entry invalid", () => {
    expect(drops("ct state invalid", { ...packet, ctState: 0 })).toBe(true);
  });

  it.each([
    ["iif eth0", true],
    ["oif eth0", false],
    ["meta iif eth0 meta oifname != eth0", true],
    ["ip protocol tcp", true],
    ["ip protocol . tcp dport { tcp . 80, tcp . 443 }", true],
    ["meta nfproto ipv4 fib saddr type != local", true],
  ])("%s holds for a packet by eth0: %s", (matches, isMet) => {
    expect(drops(matches, synTo("10.0.0.1", 80))).toBe(isMet);
  });

  it("on an interface does not hold for a packet that has none", () => {
    const local = { ...packet, inDevice: undefined };
    expect([drops("iifname eth0", local), drops("iifname != eth0", local)]).toEqual([false, true]);
  });
});

describe("A rule", () => {
  const nat = (rule: string): string => `table ip t { chain c { type nat hook prerouting priority dstnat\n${rule}\n} }`;

  it("does its statements in order and stops at the first match that does not hold", () => {
    const packet = synTo("10.0.0.1", 80);
    baseChain(readNft(forward("mark set 1 tcp dport 81 mark set 2 drop")), "c")(packet);
    expect(packet.mark).toBe(1);
  });

  it("of a set that names an element twice finds it all the same", () => {
    expect(drops("tcp dport { 80, 80, 443 }", synTo("10.0.0.1", 80))).toBe(true);
  });

  it.each([
    ["mark set 0x10", 0x10],
    ["meta mark set mark or 0x4000", 0x4f01],
    ["meta mark set meta mark | 0x4000", 0x4f01],
    ["mark set mark xor 0x0f01", 0],
    ["mark set mark and 0xff or 0x10", 0x11],
    ["mark set mark and 0xfffff0ff xor 0x80000000 or 0x2", 0x80000003],
  ])("%s gives mark %i", (rule, expected) => {
    const packet = synTo("10.0.0.1", 80, { mark: 0x0f01 });
    baseChain(readNft(forward(rule)), "c")(packet);
    expect(packet.mark).toBe(expected);
  });

  it("counts with numgen inc from 0, once for all chains that lead to it", () => {
    const text = `table ip t {
      chain pre { type nat hook prerouting priority dstnat; jump svc; }
      chain out { type nat hook output priority -100; jump svc; }
      chain svc { numgen inc mod 2 vmap { 0 : goto a, 1 : goto b } }
      chain a { meta l4proto tcp dnat to 10.23.77.140:443 }
      chain b { meta l4proto tcp dnat to 10.23.77.141:443 }
    }`;
    const [table] = readNft(text);
    const compiler = new NftCompiler(table!, environment());
    const [pre, out] = [compiler.baseChain("pre"), compiler.baseChain("out")];
    const first = dnat("10.23.77.140", 443);
    const second = dnat("10.23.77.141", 443);
    expect([pre, out, out, pre].map((chain) => chain(synTo("10.0.0.1", 80)))).toEqual([first, second, first, second]);
  });

  it.each([
    ["tcp dport 80 dnat to 10.0.0.9", dnat("10.0.0.9")],
    ["tcp dport 80 dnat ip to 10.0.0.9:81", dnat("10.0.0.9", 81)],
    ["tcp dport 80 dnat to :81", { kind: "dnat", portLow: 81, portHigh: 81, isRandom: false }],
    ["tcp dport 80 dnat to :81-83 random", { kind: "dnat", portLow: 81, portHigh: 83, isRandom: true }],
    ["dnat to numgen inc mod 2 map { 0 : 10.0.0.8, 1 : 10.0.0.9 }", dnat("10.0.0.8")],
    ["tcp dport 80 dnat to numgen inc mod 2 offset 1 map { 1 : 10.0.0.8, 2 : 10.0.0.9 }:443", dnat("10.0.0.8", 443)],
    ["dnat ip to tcp dport map { 80 : 10.0.0.8 . 8080, 81 : 10.0.0.9 . 8081 }", dnat("10.0.0.8", 8080)],
    ["dnat ip addr . port to tcp dport map { 80 : 10.0.0.8 . 8080 }", dnat("10.0.0.8", 8080)],
    ["dnat to tcp dport map { 81 : 10.0.0.9 }", Verdict.ACCEPT],
  ])("%s", (rule, expected) => {
    expect(baseChain(readNft(nat(rule)), "c")(synTo("10.0.0.1", 80))).toEqual(expected);
  });

  it.each([
    ["masquerade", { kind: "masquerade", isRandom: false }],
    ["masquerade random", { kind: "masquerade", isRandom: true }],
    ["masquerade persistent", { kind: "masquerade", isRandom: false }],
    ["masquerade fully-random,persistent", { kind: "masquerade", isRandom: true }],
    [
      "meta l4proto tcp masquerade to :1024-2047",
      { kind: "masquerade", portLow: 1024, portHigh: 2047, isRandom: false },
    ],
  ])("%s in postrouting", (rule, expected) => {
    const text = `table ip t { chain c { type nat hook postrouting priority srcnat; ${rule}; } }`;
    expect(baseChain(readNft(text), "c")(synTo("10.0.0.1", 80))).toEqual(expected);
  });

  it.each([
    ["reject", { kind: "reject", answer: "icmp", icmpCode: 3 }],
    ["reject with icmp type host-unreachable", { kind: "reject", answer: "icmp", icmpCode: 1 }],
    ["reject with icmpx admin-prohibited", { kind: "reject", answer: "icmp", icmpCode: 13 }],
    ["reject with tcp reset", { kind: "reject", answer: "tcp-reset", icmpCode: 3 }],
  ])("%s", (rule, expected) => {
    expect(baseChain(readNft(forward(rule)), "c")(synTo("10.0.0.1", 80))).toEqual(expected);
  });

  it("that goes to a chain does not come back, one that jumps does", () => {
    const text = (call: string): string => `table ip t {
      chain c { type filter hook input priority 0; policy drop; jump a; accept; }
      chain a { ${call} b; mark set 7; }
      chain b { tcp dport 1 drop; }
    }`;
    const [jumped, gone] = [synTo("10.0.0.1", 80), synTo("10.0.0.1", 80)];
    expect([baseChain(readNft(text("jump")), "c")(jumped), jumped.mark]).toEqual([Verdict.ACCEPT, 7]);
    expect([baseChain(readNft(text("goto")), "c")(gone), gone.mark]).toEqual([Verdict.ACCEPT, 0]);
  });

  it("whose map lacks the key lets the next rule decide, and so does continue", () => {
    const rules = (verdict: string): string => forward(`tcp dport vmap { 80 : ${verdict} }`, "drop");
    const decide = (verdict: string, port: number): unknown =>
      baseChain(readNft(rules(verdict)), "c")(synTo("10.0.0.1", port));
    expect([decide("accept", 80), decide("accept", 81)]).toEqual([Verdict.ACCEPT, Verdict.DROP]);
    expect([decide("continue", 80), decide("return", 80)]).toEqual([Verdict.DROP, Verdict.ACCEPT]);
  });
});

describe("A set", () => {
  it("may be declared after its use, in parts, with ranges, over several lines", () => {
    const text = `
      flush ruleset
      add table ip t
      table ip t {
        chain c { type filter hook forward priority 0
          ip saddr . tcp dport @allowed accept  # by source
          drop
        }
        set allowed {
          typeof ip saddr . tcp dport; flags interval, constant; auto-merge; size 100
          elements = { 10.0.0.0/8 . 80-90,   # a range
                       192.0.2.1 . 443 }
        }
      }
      add element t allowed { 192.0.2.1 . 444, \\
        192.0.2.1 . 445 }`;
    const chain = baseChain(readNft(text), "c");
    const decide = (src: string, port: number): unknown => chain(synTo("10.0.0.1", port, { src: ip(src) }));
    expect(["10.1.2.3", "192.0.2.1"].map((src) => decide(src, 85))).toEqual([Verdict.ACCEPT, Verdict.DROP]);
    expect([443, 444, 445, 446].map((port) => decide("192.0.2.1", port))).toEqual([1, 1, 1, 0]);
  });
});

describe("A flush", () => {
  it.each([
    ["flush table ip t", "all rules of a table", [0, 0]],
    ["flush chain ip t c", "the rules of one chain", [0, 1]],
    ["flush set ip t s", "none of a set's table", [1, 1]],
  ])("%j takes away %s", (command, _what, left) => {
    const text = `table ip t {
      set s { type ipv4_addr; elements = { 10.0.0.1 } }
      chain c { ip saddr @s drop
      }
      chain d { accept
      }
    }
    ${command}`;
    const [table] = readNft(text);
    expect([...table!.chains.values()].map(({ rules }) => rules.length)).toEqual(left);
  });
});
