import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileChain } from "../../src/kernel/netfilter/compile_chain.ts";
import { Verdict } from "../../src/kernel/netfilter/hooks.ts";
import { parseIptables } from "../../src/kernel/netfilter/iptables.ts";
import { compileMatch, type MatchView } from "../../src/kernel/netfilter/rule_match.ts";
import { usesConntrack } from "../../src/kernel/netfilter/ruleset.ts";
import type { BuiltinChainName, Ruleset, TableName } from "../../src/kernel/netfilter/ruleset.ts";
import { CtState } from "../../src/kernel/packet.ts";
import { formatIpv4, parseIpv4 } from "../../src/units.ts";
import { drawsFrom, synTo } from "../support/match_view.ts";

const NODE_ADDRESSES = new Set([ip("10.23.77.129"), ip("10.10.85.235")]);
const NODE = { isLocalAddress: (address: number) => NODE_ADDRESSES.has(address), draws: drawsFrom([0.25]) };

/** kube-proxy's iptables mode with two endpoints, and its filter table. */
const KUBE_PROXY = [
  "*nat",
  ":KUBE-SERVICES - [0:0]",
  ":KUBE-NODE-PORT - [0:0]",
  ":KUBE-MARK-MASQ - [0:0]",
  ":KUBE-POSTROUTING - [0:0]",
  ":KUBE-SEP-0 - [0:0]",
  ":KUBE-SEP-1 - [0:0]",
  ":KUBE-SVC - [0:0]",
  "-A PREROUTING -j KUBE-SERVICES",
  "-A OUTPUT -j KUBE-SERVICES",
  "-A POSTROUTING -j KUBE-POSTROUTING",
  "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000",
  '-A KUBE-SEP-0 -m comment --comment "default/web: \\"http\\"" -s 10.23.77.140/32 -j KUBE-MARK-MASQ',
  "-A KUBE-SEP-0 -p tcp -m tcp -j DNAT --to-destination 10.23.77.140:443",
  "-A KUBE-SEP-1 -p tcp -j DNAT --to-destination 10.23.77.141:443",
  "-A KUBE-SVC -m statistic --mode nth --every 2 --packet 0 -j KUBE-SEP-0",
  "-A KUBE-SVC  -j KUBE-SEP-1",
  "-A KUBE-NODE-PORT -p tcp --dport 36704 -j KUBE-MARK-MASQ",
  "-A KUBE-NODE-PORT -p tcp --dport 36704 -j KUBE-SVC",
  "-A KUBE-SERVICES ! -s 10.23.76.0/22 -d 10.23.254.52/32 -p tcp --dport 443 -j KUBE-MARK-MASQ",
  "-A KUBE-SERVICES -d 10.23.254.52/32 -p tcp --dport 443 -j KUBE-SVC",
  "-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODE-PORT",
  "-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN",
  "-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000",
  "-A KUBE-POSTROUTING -j MASQUERADE --random-fully",
  "COMMIT",
  "*filter",
  ":KUBE-FORWARD - [0:0]",
  "-A FORWARD -j KUBE-FORWARD",
  "-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP",
  "-A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
  "COMMIT",
];

function ip(text: string): number {
  const address = parseIpv4(text);
  if (address === undefined) throw new Error(`"${text}" is not an address`);
  return address;
}

function read(lines: readonly string[]): Ruleset {
  const reading = parseIptables(lines);
  if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
  return reading.ruleset;
}

function problems(lines: readonly string[]): string[] {
  const reading = parseIptables(lines);
  return reading.ok ? [] : reading.problems.map(({ line, message }) => `${line}: ${message}`);
}

function table(name: TableName, ...rules: string[]): string[] {
  return [`*${name}`, ...rules, "COMMIT"];
}

/** Whether a rule of these options in filter FORWARD drops the packet. */
function drops(options: string, packet: MatchView): boolean {
  const chain = compileChain(read(table("filter", `-A FORWARD ${options} -j DROP`)), "filter", "FORWARD", NODE);
  return chain?.(packet) === Verdict.DROP;
}

function run(ruleset: Ruleset, name: TableName, chain: BuiltinChainName, packet: MatchView): unknown {
  return compileChain(ruleset, name, chain, { ...NODE })?.(packet);
}

describe("kube-proxy's rules", () => {
  it("translate a NodePort to the endpoints in turn, one count for PREROUTING and OUTPUT together", () => {
    const ruleset = read(KUBE_PROXY);
    const environment = { ...NODE };
    const prerouting = compileChain(ruleset, "nat", "PREROUTING", environment);
    const output = compileChain(ruleset, "nat", "OUTPUT", environment);
    const chosen = [prerouting, output, output, prerouting].map((chain) => chain?.(synTo("10.10.85.235", 36704)));
    expect(chosen).toEqual(
      ["10.23.77.140", "10.23.77.141", "10.23.77.140", "10.23.77.141"].map((address) => ({
        kind: "dnat",
        address: ip(address),
        portLow: 443,
        portHigh: 443,
        isRandom: false,
      })),
    );
  });

  it("mark NodePort traffic, masquerade what is marked, and take the mark off", () => {
    const ruleset = read(KUBE_PROXY);
    const packet = synTo("10.10.85.235", 36704);
    run(ruleset, "nat", "PREROUTING", packet);
    expect(packet.mark).toBe(0x4000);
    expect(run(ruleset, "nat", "POSTROUTING", packet)).toEqual({ kind: "masquerade", isRandom: true });
    expect(packet.mark).toBe(0);
    expect(run(ruleset, "nat", "POSTROUTING", packet)).toBe(Verdict.ACCEPT);
  });

  it("mark ClusterIP traffic only from outside the pod network", () => {
    const ruleset = read(KUBE_PROXY);
    const outside = synTo("10.23.254.52", 443);
    const pod = synTo("10.23.254.52", 443, { src: ip("10.23.77.138") });
    run(ruleset, "nat", "PREROUTING", outside);
    run(ruleset, "nat", "PREROUTING", pod);
    expect([outside.mark, pod.mark]).toEqual([0x4000, 0]);
  });

  it("leave alone what goes to an address that is not local", () => {
    expect(run(read(KUBE_PROXY), "nat", "PREROUTING", synTo("10.23.77.138", 36704))).toBe(Verdict.ACCEPT);
  });

  it("drop what conntrack calls INVALID, and a packet it has not seen", () => {
    const ruleset = read(KUBE_PROXY);
    const forward = (ctState: number): unknown => run(ruleset, "filter", "FORWARD", synTo("10.0.0.1", 80, { ctState }));
    expect([CtState.INVALID, 0, CtState.ESTABLISHED, CtState.NEW].map(forward)).toEqual([
      Verdict.DROP,
      Verdict.DROP,
      Verdict.ACCEPT,
      Verdict.ACCEPT,
    ]);
  });
});

describe("compileChain", () => {
  it("answers undefined for a chain without rules that accepts, and a function for a policy DROP", () => {
    const empty = read(table("filter", ":INPUT ACCEPT [0:0]", ":FORWARD DROP [12:720]"));
    expect(compileChain(empty, "filter", "INPUT", NODE)).toBeUndefined();
    expect(compileChain(empty, "nat", "OUTPUT", NODE)).toBeUndefined();
    expect(run(empty, "filter", "FORWARD", synTo("10.0.0.1", 80))).toBe(Verdict.DROP);
  });

  it("comes back after a jump, but leaves the calling chain after a goto", () => {
    const rules = (call: string): Ruleset =>
      read(
        table(
          "filter",
          ":MID - [0:0]",
          ":SUB - [0:0]",
          "-A INPUT -j MID",
          "-A INPUT -p udp -j DROP",
          `-A MID ${call} SUB`,
          "-A MID -j DROP",
          "-A SUB -p tcp -j RETURN",
          "-A SUB -p icmp -j DROP",
        ),
      );
    expect(run(rules("-j"), "filter", "INPUT", synTo("10.0.0.1", 80))).toBe(Verdict.DROP);
    expect(run(rules("-g"), "filter", "INPUT", synTo("10.0.0.1", 80))).toBe(Verdict.ACCEPT);
  });

  it("inserts at the given place and empties a chain that is declared again", () => {
    const ruleset = read([
      ...table("filter", ":KUBE-A - [0:0]", "-A INPUT -j KUBE-A", "-A KUBE-A -j DROP"),
      ...table("filter", ":KUBE-A - [0:0]", "-I INPUT 2 -p tcp -j DROP", "-I INPUT -p tcp --dport 22 -j ACCEPT"),
    ]);
    expect([22, 80].map((port) => run(ruleset, "filter", "INPUT", synTo("10.0.0.1", port)))).toEqual([
      Verdict.ACCEPT,
      Verdict.DROP,
    ]);
    expect(run(ruleset, "filter", "INPUT", synTo("10.0.0.1", 80, { protocol: 17 }))).toBe(Verdict.ACCEPT);
  });

  it("draws for --mode random and hands REJECT over with its answer", () => {
    const lines = table(
      "filter",
      "-A INPUT -m statistic --mode random --probability 0.3 -p tcp -j REJECT",
      "-A INPUT -p tcp -j REJECT --reject-with tcp-reset",
    );
    const answer = (unit: number): unknown =>
      compileChain(read(lines), "filter", "INPUT", { ...NODE, draws: drawsFrom([unit]) })?.(synTo("10.0.0.1", 80));
    expect(answer(0.29)).toEqual({ kind: "reject", answer: "icmp", icmpCode: 3 });
    expect(answer(0.31)).toEqual({ kind: "reject", answer: "tcp-reset", icmpCode: 3 });
  });
});

describe("a match", () => {
  const packet = synTo("10.0.0.9", 8080, { mark: 0x6001, outDevice: "cali12ab" });
  it.each([
    ["-d 10.0.0.0/24", true],
    ["-d 10.0.0.0/255.255.255.248", false],
    ["! -s 192.0.2.0/24", false],
    ["-p udp", false],
    ["! -p udp", true],
    ["-p tcp --dport 8000:8080", true],
    ["-p tcp ! --dport 8080", false],
    ["-p tcp --sport :39999", false],
    ["-p tcp -m multiport --dports 22,80,8000:9000", true],
    ["-p tcp -m multiport --ports 22,40000", true],
    ["-p tcp -m multiport ! --sports 40000", false],
    ["-i eth0", true],
    ["-i eth+ -o cali+", true],
    ["-o cali1", false],
    ["! -o cali+", false],
    ["-m mark --mark 0x4000/0x4000", true],
    ["-m mark --mark 0x4000", false],
    ["-m mark ! --mark 1/1", false],
    ["-m conntrack --ctstate NEW,ESTABLISHED", true],
    ["-m state ! --state NEW", false],
    ["-m addrtype --src-type LOCAL", false],
    ["-m addrtype ! --dst-type LOCAL", true],
    ["-p tcp -m tcp --dport 8080 -m comment --comment \"a 'b' c\"", true],
  ])("%s holds for the packet: %s", (options, isMet) => {
    expect(drops(options, packet)).toBe(isMet);
  });

  it("--match-set SET src,dst holds for a source address with a destination port of one protocol", () => {
    const members = new Map([[ip("10.0.0.7"), new Set([(6 << 16) | 53])]]);
    const match = { kind: "addressPortSet", name: "LOOP-BACK", members, isNegated: false } as const;
    const holds = compileMatch(match, NODE, { count: 0 });
    const from = { src: ip("10.0.0.7") };
    expect(holds(synTo("10.0.0.1", 53, from))).toBe(true);
    expect(holds(synTo("10.0.0.1", 54, from))).toBe(false);
    expect(holds(synTo("10.0.0.1", 53, { ...from, protocol: 17 }))).toBe(false);
    expect(holds(synTo("10.0.0.7", 53))).toBe(false);
  });

  it("on ports holds for those of any of its ranges, few or thousands", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 65_535 }), fc.nat({ max: 30 })), { minLength: 1, maxLength: 60 }),
        fc.nat(),
        fc.integer({ min: -1, max: 31 }),
        (drawn, pick, offset) => {
          const ranges = drawn.map(([low, width]) => ({ low, high: Math.min(low + width, 65_535) }));
          const match = { kind: "destinationPort", ranges, isNegated: false } as const;
          // At the edges of the ranges, within them and outside.
          const port = Math.min(Math.max(drawn[pick % drawn.length]![0] + offset, 0), 65_535);
          const isIn = ranges.some(({ low, high }) => port >= low && port <= high);
          expect(compileMatch(match, NODE, { count: 0 })(synTo("10.0.0.1", port))).toBe(isIn);
        },
      ),
    );
  });

  it("on a prefix agrees with text compared bit by bit", () => {
    const bits = (address: number): string => (address >>> 0).toString(2).padStart(32, "0");
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 0, max: 32 }),
        fc.integer({ min: 0, max: 31 }),
        (base, length, bit) => {
          const address = base ^ (1 << bit);
          const isInside = bits(address).slice(0, length) === bits(base).slice(0, length);
          expect(drops(`-s ${formatIpv4(base)}/${length}`, synTo("10.0.0.1", 1, { src: address }))).toBe(isInside);
        },
      ),
    );
  });

  it("of nth takes one packet of every n, the given one first", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(8), (every, at) => {
        const first = at % every;
        const options = `-m statistic --mode nth --every ${every} --packet ${first}`;
        const chain = compileChain(read(table("filter", `-A FORWARD ${options} -j DROP`)), "filter", "FORWARD", {
          ...NODE,
        });
        const seen = Array.from({ length: 30 }, () => chain?.(packet) === Verdict.DROP);
        expect(seen).toEqual(seen.map((_, index) => index % every === first));
      }),
    );
  });
});

describe("a mark", () => {
  it.each([
    ["--set-xmark 0x4000/0x4000", 0x4001],
    ["--set-mark 0x2/0xff", 0x2],
    ["--set-mark 7", 7],
    ["--xor-mark 0x3", 2],
    ["--or-mark 0x80000000", 0x80000001],
    ["--and-mark 0xfffffffe", 0],
  ])("of 1 becomes by %s %i", (option, expected) => {
    const packet = synTo("10.0.0.1", 80, { mark: 1 });
    run(read(table("nat", `-A OUTPUT -j MARK ${option}`)), "nat", "OUTPUT", packet);
    expect(packet.mark).toBe(expected);
  });
});

describe("parseIptables", () => {
  it("reports every line that it cannot read, with its number", () => {
    expect(
      problems([
        "*mangle",
        "-A PREROUTING -j MARK --set-mark 1",
        "COMMIT",
        "-A INPUT -j DROP",
        "*filter",
        "-A NOWHERE -j DROP",
        "-A INPUT -p tcp --dport http -j DROP",
        "-A INPUT --dport 80 -j DROP",
        "-A INPUT -m set --match-set KUBE src -j DROP",
        "-A INPUT -j DNAT --to-destination 10.0.0.1",
        "-A INPUT -j MISSING",
        "-D INPUT -j DROP",
        '-A INPUT -m comment --comment "open -j DROP',
      ]),
    ).toEqual([
      '1: the table "mangle" is not modelled, only nat and filter are',
      '4: "-A INPUT -j DROP" stands outside a table; a table begins with *nat or *filter',
      '6: the chain "NOWHERE" is not declared in table filter',
      '7: Cannot read the rule: "http" after --dport is neither a port nor a range of ports',
      "8: Cannot read the rule: the option --dport is not modelled, or stands before what it belongs to",
      '9: Cannot read the rule: the match "set" is not modelled',
      "10: Cannot read the rule: DNAT cannot stand in table filter",
      '11: the target "MISSING" is neither modelled nor a chain of table filter',
      '12: the command "-D" is not modelled, only -A and -I are',
      "13: a quote is not closed",
      "14: COMMIT of table filter is missing",
    ]);
  });

  it("refuses chains that call each other in a circle, as the kernel does", () => {
    const lines = table("nat", ":A - [0:0]", ":B - [0:0]", "-A A -j B", "-A B -g A");
    expect(problems(lines)).toEqual(["5: the chain A calls itself: A -> B -> A"]);
  });

  it("refuses chains that call each other more than 64 deep", () => {
    const chains = (count: number): string[] => {
      const names = Array.from({ length: count }, (_, index) => `C${index}`);
      const calls = names.slice(1).map((name, index) => `-A C${index} -j ${name}`);
      return table("filter", ...names.map((name) => `:${name} - [0:0]`), ...calls, "-A INPUT -j C0");
    };
    expect(problems(chains(64))).toEqual([]);
    expect(problems(chains(20_000))[0]).toMatch(/chains call each other more than 64 deep$/);
  });

  it("never throws, whatever the lines are", () => {
    const word = fc.constantFrom(
      "-A",
      "INPUT",
      "-j",
      "!",
      "-p",
      "tcp",
      "--dport",
      "80",
      "-m",
      "statistic",
      '"',
      "DNAT",
      "--to-destination",
      "10.0.0.1:80",
      ":X",
      "-",
      "*filter",
      "COMMIT",
      "MARK",
      "--set-mark",
      "0x1/2",
    );
    const line = fc.array(word, { maxLength: 8 }).map((words) => words.join(" "));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
        const reading = parseIptables(["*filter", ...lines, "COMMIT"]);
        expect(reading.ok || reading.problems.length > 0).toBe(true);
      }),
    );
  });
});

describe("usesConntrack", () => {
  it.each([
    ["kube-proxy's rules", KUBE_PROXY, true],
    ["a conntrack match", table("filter", "-A INPUT -m conntrack --ctstate NEW -j DROP"), true],
    ["a plain filter", table("filter", "-A INPUT -p tcp --dport 82 -j DROP"), false],
    ["an empty nat table", table("nat", ":MINE - [0:0]"), false],
  ])("of %s", (_, lines, expected) => {
    expect(usesConntrack(read(lines))).toBe(expected);
  });
});
