import { describe, expect, it } from "vitest";
import { parseIptables } from "../../src/kernel/netfilter/iptables.ts";
import type { TableName } from "../../src/kernel/netfilter/ruleset.ts";

// Goal: a rule that iptables would refuse, or that the model does not know, is refused with what is wrong in it.
// Method: one fault at a time, with the whole message.

/** What is wrong with one line in a table. */
function problemOf(table: TableName, line: string): string {
  const reading = parseIptables([`*${table}`, line, "COMMIT"]);
  if (reading.ok) return "";
  return reading.problems.map(({ message }) => message.replace("Cannot read the rule: ", "")).join("; ");
}

describe("parseIptables of a rule", () => {
  it.each([
    ["!", 'nothing follows "!"'],
    ["-s", "nothing follows -s"],
    ["-s 10.0.0.1 --src 10.0.0.2", "--src is given twice"],
    ["-s 10.0.0.0/33", '"10.0.0.0/33" after -s is not an address with an optional /prefix'],
    ["-d web", '"web" after -d is not an address with an optional /prefix'],
    ["-p lunch", 'the protocol "lunch" is not known'],
    ["! -p all", "every packet has a protocol, so ! -p all matches none"],
    ["-m", 'the match "" is not modelled'],
    ["-p udp -m tcp", "-m tcp needs -p tcp before it"],
    ["-p icmp -m multiport --dports 1", "-m multiport needs -p tcp or -p udp"],
    ["-p tcp -m multiport --dports 1,x", '"x" after --dports is neither a port nor a range of ports'],
    ["-p tcp -m multiport", "-m multiport needs exactly one of its options"],
    ["-p tcp -m multiport --sports 1 --dports 2", "-m multiport needs exactly one of its options"],
    [
      "-p tcp -m multiport --dports 1:2,3:4,5:6,7:8,9:10,11:12,13:14,15:16",
      "--dports takes at most 15 ports, a range counting as two",
    ],
    ["-m mark", "-m mark needs --mark"],
    ["-m mark --mark 1/2/3", '"1/2/3" after --mark is not a number with an optional /mask'],
    ["-m conntrack", "the match needs its list of states"],
    ["-m state --state OPEN", 'the state "OPEN" is none of INVALID, ESTABLISHED, RELATED, NEW, UNTRACKED'],
    ["-m addrtype", "-m addrtype needs --src-type or --dst-type"],
    ["-m addrtype --dst-type UNICAST", 'the address type "UNICAST" is not LOCAL, the only one modelled'],
    ["-m statistic", 'the mode "" of -m statistic is neither nth nor random'],
    ["-m statistic --mode nth --every 0", "--mode nth needs --every, 1 or more"],
    ["-m statistic --mode nth --every 2 --packet 2", "--packet is a number from 0 to one less than --every"],
    ["-m statistic --mode random --probability 2", "--mode random needs --probability from 0 to 1"],
    ["-p tcp --dport", "nothing follows --dport"],
    ["-p tcp --dport 1 --dport 2", "--dport is given twice"],
    ["-j", "nothing follows -j"],
    ["-j DROP -g INPUT", "a rule has one target"],
    ["-j DROP -j ACCEPT", "a rule has one target"],
    ["-j MARK", "MARK needs exactly one of its options"],
    ["-j MARK --set-mark 1 --or-mark 2", "MARK needs exactly one of its options"],
    ["-j MARK --set-mark one", '"one" after --set-mark is not a mark'],
    ["-j MARK --or-mark 1/1", '"1/1" after --or-mark is not a mark'],
    ["-j MARK ! --set-mark 1", "--set-mark cannot be negated"],
    ["-j REJECT --reject-with lunch", '"lunch" after --reject-with is not known'],
    ["-j REJECT --reject-with tcp-reset", "tcp-reset needs -p tcp"],
  ])("says what is wrong with -A INPUT %s", (options, message) => {
    expect(problemOf("filter", `-A INPUT ${options}`)).toBe(message);
  });

  it.each([
    ["-j DNAT", "DNAT needs --to-destination"],
    ["-j DNAT --to-destination 10.0.0.1:", '"10.0.0.1:" after --to-destination is not address[:port[-port]]'],
    ["-j DNAT --to-destination 10.0.0.1:80", "a target with ports needs -p tcp or -p udp"],
    ["-p tcp -j MASQUERADE --to-ports 9-8", '"9-8" after --to-ports is not port[-port]'],
    ["-j REJECT", "REJECT cannot stand in table nat"],
  ])("says what is wrong with -A POSTROUTING %s in nat", (options, message) => {
    expect(problemOf("nat", `-A POSTROUTING ${options}`)).toBe(message);
  });

  it("takes -p all for every protocol, and a quoted comment with blanks and quotes in it for nothing", () => {
    expect(problemOf("filter", '-A INPUT -p all -m comment --comment "a \\"b\\" c"  -j DROP')).toBe("");
  });
});

describe("parseIptables of a chain", () => {
  it.each([
    [":-X - [0:0]", '"-X" is not a name of a chain'],
    [`:${"X".repeat(30)} - [0:0]`, `"${"X".repeat(30)}" is not a name of a chain`],
    [":X ACCEPT [0:0]", 'the chain X is not built in, so it has no policy "ACCEPT"'],
    [":INPUT REJECT [0:0]", 'the policy "REJECT" is neither ACCEPT nor DROP'],
    [":INPUT ACCEPT [0]", '":INPUT ACCEPT [0]" is not :CHAIN POLICY [packets:bytes]'],
    [":INPUT -", ""],
    ["-I INPUT 2 -j DROP", "the chain INPUT has no place 2"],
  ])("says what is wrong with %s", (line, message) => {
    expect(problemOf("filter", line)).toBe(message);
  });

  it("refuses COMMIT where no table is open", () => {
    const reading = parseIptables(["COMMIT"]);
    expect(reading.ok ? [] : reading.problems).toEqual([{ line: 1, message: "COMMIT stands outside a table" }]);
  });
});
