import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Hook } from "../../src/kernel/netfilter/hooks.ts";
import { parseNft } from "../../src/kernel/netfilter/nftables.ts";
import { forward, KUBE_PROXY, nftProblems, readNft } from "../support/nft.ts";

// Goal: what cannot be read, or what the kernel would refuse, is named by its line; nothing is ignored.
// Method: one fault at a time with the whole message; and random texts of the language's words.

describe("parseNft", () => {
  it.each([
    [forward("ct status dnat accept"), '3: "ct status" is not modelled'],
    [forward("accept", "limit rate 5/second accept"), '4: the statement "limit" is not modelled'],
    [forward('log prefix "x" drop'), '3: the statement "log" is not modelled'],
    [forward("tcp flags syn accept"), '3: "tcp flags" is not modelled'],
    [forward("tcp dport https accept"), '3: "https" is not a value of type inet_service that is modelled'],
    [forward("tcp dport 70000 accept"), '3: "70000" is not a value of type inet_service that is modelled'],
    [forward("tcp dport >= 80 accept"), '3: ">=" is not a value of type inet_service that is modelled'],
    [forward("ip saddr 10.0.0.256 drop"), '3: "10.0.0.256" is not an IPv4 address'],
    [forward("ip saddr 10.0.0.0/33 drop"), '3: "33" is not a prefix length from 0 to 32'],
    [forward("th dport 9-8 drop"), "3: a range begins with its lower end"],
    [forward("ip saddr drop"), '3: "drop" is not a value of type ipv4_addr that is modelled'],
    [forward("ip saddr @nobody drop"), '3: the set "nobody" is not declared in the table'],
    [forward("accept counter drop"), '3: "drop" stands behind the rule\'s verdict'],
    [forward("jump nowhere"), '3: the chain "nowhere" is not declared in table inet t'],
    [forward("jump c"), "3: the base chain c cannot be called"],
    ["table ip t { chain a { jump b; }\nchain b { goto a; } }", "2: the chain a calls itself: a -> b -> a"],
    [forward("tcp dport vmap { 80 : accept, 70-90 : drop }"), "3: two elements of the map have a key in common"],
    [forward("tcp dport vmap { 80 : 10.0.0.1 }"), '3: "10.0.0.1" is not a verdict'],
    [forward("mark set mark or 1 and 2"), "3: operators on the mark stand in the order and, xor, or"],
    [forward("ip saddr set 1"), "3: only the mark can be set"],
    [forward("numgen random mod 0 vmap { 0 : drop }"), "3: a modulus is 1 or more"],
    [forward("tcp dport 80 dnat to 10.0.0.1"), "3: dnat cannot stand in what the filter chain c calls"],
    [forward("masquerade"), "3: masquerade cannot stand in what the filter chain c calls"],
    [forward("tcp dport 80 dnat to 10.0.0.1:lunch"), '3: "lunch" is not a value of type inet_service that is modelled'],
    [forward("tcp dport 80 dnat to :80 random,lunch"), '3: "lunch" is not a flag of a translation'],
    [forward("tcp dport 80 dnat to 10.0.0.1 - 10.0.0.2"), "3: a range of addresses to choose from is not modelled"],
    [forward("meta l4proto tcp masquerade to lunch"), '3: "lunch" stands where ":" belongs'],
    [
      forward("meta l4proto tcp masquerade to :lunch"),
      '3: "lunch" is not a value of type inet_service that is modelled',
    ],
    [forward("masquerade random,lunch"), '3: "lunch" is not a flag of a translation'],
    [forward("reject with icmp lunch"), '3: "lunch" after "reject with icmp" is not known'],
    [forward('drop "x'), "3: a quote is not closed"],
    [forward("drop %"), '3: "%" cannot stand here'],
    [forward("ip ttl 3 drop"), '3: "ip ttl" is not modelled'],
    [forward("meta skuid 3 drop"), '3: "meta skuid" is not modelled'],
    [forward("fib daddr oif 3 drop"), '3: "fib daddr oif" is not modelled'],
    [forward("numgen hash mod 3 vmap { 0 : drop }"), '3: "numgen hash" is not modelled'],
    [forward("numgen inc 3 vmap { 0 : drop }"), '3: "3" stands where "mod" belongs'],
    [forward("ip saddr . lunch 3 drop"), '3: "lunch" is not modelled'],
    [forward("comment 3 drop"), '3: "3" is not a comment'],
    [forward("counter packets x drop"), '3: "x" is not a count'],
    [forward("jump 7"), '3: "7" is not a name of a chain'],
    [forward("ip saddr @7 drop"), '3: "7" is not a name of a set'],
    [forward("ip saddr . tcp dport 10.0.0.1 drop"), '3: "drop" stands where "." belongs'],
    [forward("ip saddr { 10.0.0.1 10.0.0.2 } drop"), '3: "10.0.0.2" stands where "," belongs'],
    [forward("ip saddr { 10.0.0.1 counter bytes - } drop"), '3: "-" is not a count'],
    [forward("tcp dport vmap 80"), '3: "80" stands where "{" belongs'],
    [forward("tcp dport vmap { 80 drop }"), '3: "drop" stands where ":" belongs'],
    [forward('iifname vmap { "eth0" : drop, "eth*" : accept }'), "3: two elements of the map have a key in common"],
    [forward('iifname vmap { "eth*" : drop, "eth0" : accept }'), "3: two elements of the map have a key in common"],
    [forward("tcp dport vmap { 1-9 : accept, 5 : drop }"), "3: two elements of the map have a key in common"],
    [forward("reject with tcp fin"), '3: "fin" stands where "reset" belongs'],
    [forward("reject with icmpv6 no-route"), '3: "reject with icmpv6" is not modelled'],
    [forward("mark set mark xor x"), '3: "x" is not a mark from 0 to 4294967295'],
    [forward("mark set ct mark"), '3: "ct" is not a mark from 0 to 4294967295'],
    [forward("mark and x 1 drop"), '3: "x" is not a mask from 0 to 4294967295'],
    ["table 7 { }", '1: "7" is not a name of a table'],
    ["table ip t { chain 7 { } }", '1: "7" is not a name of a chain'],
    ["table ip t { }\nflush chain ip t 7", '2: "7" is not a name of a chain'],
    ["table ip t { }\nflush chain ip t c", '2: the chain "c" is not declared in the table'],
    ["table ip t { }\ndelete set ip t s", '2: the set "s" is not declared in the table'],
    ["table ip t { }\nadd element ip t s { 1 }", '2: the set "s" is not declared in the table'],
    ["insert table ip t", '1: the command "table" is not modelled'],
    ["table ip t { chain c { type filter input; } }", '1: "input" stands where "hook" belongs'],
    ["table ip t { chain c { type filter hook input 0; } }", '1: "0" stands where "priority" belongs'],
    [
      "table ip t { chain c { type filter hook input priority filter + x; } }",
      '1: "x" is not a priority from 0 to 2147483647',
    ],
    [
      "table ip t { chain c { type filter hook input priority 0; policy reject; } }",
      '1: the policy "reject" is neither accept nor drop',
    ],
    ["table ip t { set s { timeout 1; } }", '1: "timeout" in a set is not modelled'],
    [
      "table ip t { set s { type ipv4_addr; policy speed; } }",
      '1: the policy "speed" is neither performance nor memory',
    ],
    ["table ip t { map m { type ipv4_addr; } }", '1: ";" stands where ":" belongs'],
    ["table ip6 t { }", "1: the family ip6 is not modelled, only ip and inet are"],
    ["\ntable ip t {\n counter x { }\n}", '3: "counter" in a table is not modelled'],
    ["define node = 10.0.0.1", '1: the command "define" is not modelled'],
    ["list ruleset", '1: the command "list" is not modelled'],
    ["delete table ip t", "1: the table ip t does not exist"],
    ["add rule ip t c accept", "1: the table ip t does not exist"],
    ["table ip t { }\nadd rule ip t c accept", '2: the chain "c" is not declared in the table'],
    ["table ip t {\nchain c { accept\n", "2: a block is not closed"],
    ["}", '1: "}" closes nothing'],
    ["flush ruleset x", '1: "x" stands where the line should end'],
    ["table ip t { chain c { policy drop; } }", "1: only a base chain has a policy"],
    ["table ip t { chain c { type route hook output priority 0; } }", '1: chains of type "route" are not modelled'],
    ["table ip t { chain c { type filter hook ingress priority 0; } }", '1: the hook "ingress" is not modelled'],
    ["table ip t { chain c { type filter hook input priority late; } }", '1: "late" is not a priority'],
    ["table ip t { chain c { type nat hook forward priority 0; } }", "1: the hook forward has no chains of type nat"],
    [
      "table ip t { chain c { type nat hook output priority raw; } }",
      "1: a chain of type nat has a priority above -200",
    ],
    [
      "table ip t { chain c { type nat hook output priority -100; dnat to 10.0.0.1:80; } }",
      "1: a port needs a match of the protocol before it, as `meta l4proto tcp`",
    ],
    ["table ip t { set s { type ipv6_addr; } }", '1: the type "ipv6_addr" is not modelled'],
    ["table ip t { set s { type ipv4_addr; flags dynamic; } }", '1: the flag "dynamic" is not modelled'],
    ["table ip t { set s { elements = { 1 } } }", "1: the type of a set stands before its elements"],
    [
      "table ip t { map m { type inet_service : verdict\nelements = { 80 : drop,\n80 : accept } } }",
      '3: the key of an element of "m" meets that of an element on line 2',
    ],
    [
      "table ip t { set s { type inet_service; }\nchain c { ip daddr @s drop; } }",
      '2: the set "s" has type inet_service where ipv4_addr belongs',
    ],
    [
      "table ip t { chain c { type filter hook input priority 0; }\nchain d { jump c; } }",
      "2: the base chain c cannot be called",
    ],
  ])("names the line and what is wrong: %s", (text, expected) => {
    expect(nftProblems(text)).toEqual([expected]);
  });

  it("collects all problems", () => {
    expect(nftProblems(forward("jump x", "log", "accept", "limit"))).toEqual([
      '3: the chain "x" is not declared in table inet t',
      '4: the statement "log" is not modelled',
      '6: the statement "limit" is not modelled',
    ]);
  });

  it("allows 16 chains in a row and no more", () => {
    const row = (length: number): string => {
      const calls = Array.from(
        { length },
        (_, index) => `chain x${index} { ${index + 1 < length ? `jump x${index + 1}` : "accept"}; }`,
      );
      return `table ip t { chain c { type filter hook input priority 0; jump x0; }\n${calls.join("\n")} }`;
    };
    expect(nftProblems(row(15))).toEqual([]);
    expect(nftProblems(row(16))).toEqual(["16: chains call each other more than 15 deep from c"]);
  });

  it("knows the hooks and priorities by name and number", () => {
    const bases = readNft(KUBE_PROXY).flatMap(({ chains }) => [...chains.values()].flatMap(({ base }) => base ?? []));
    expect(bases.map(({ type, hook, priority }) => [type, hook, priority])).toEqual([
      ["filter", Hook.LOCAL_IN, -110],
      ["filter", Hook.FORWARD, -110],
      ["filter", Hook.LOCAL_OUT, -110],
      ["filter", Hook.LOCAL_OUT, -90],
      ["nat", Hook.PRE_ROUTING, -100],
      ["nat", Hook.LOCAL_OUT, -100],
      ["nat", Hook.POST_ROUTING, 100],
    ]);
  });

  it("answers any text with rules or with problems", () => {
    const word = fc.constantFrom(
      ..."table ip t { } chain c ; type filter nat hook input priority 0 policy drop accept jump tcp dport 80 vmap : , . - @s".split(
        " ",
      ),
      ..."set map elements = ip daddr 10.0.0.1 / 8 meta mark & != dnat to numgen inc mod 2 add rule element flush\n".split(
        " ",
      ),
      "\n",
      '"',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), (words) => {
        const reading = parseNft(words.join(" "));
        expect(reading.ok || reading.problems.length > 0).toBe(true);
      }),
    );
  });
});
