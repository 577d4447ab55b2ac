import { describe, expect, it } from "vitest";
import { parseIptables } from "../../src/kernel/netfilter/iptables.ts";
import { formatRule } from "../../src/kernel/netfilter/rule_format.ts";

/** The rule of a line as it is printed. */
function printed(table: "nat" | "filter", rule: string): string {
  const chain = rule.split(" ")[1]!;
  const own = /^[A-Z]+$/.test(chain) ? [] : [`:${chain} - [0:0]`];
  const reading = parseIptables([`*${table}`, ...own, ":KUBE-X - [0:0]", rule, "COMMIT"]);
  if (!reading.ok) throw new Error(reading.problems.map(({ message }) => message).join("; "));
  return formatRule(chain, reading.ruleset.get(table)!.get(chain)!.rules[0]!);
}

describe("formatRule", () => {
  it.each([
    ["nat", "-A KUBE-POST -m mark ! --mark 0x4000/0x4000 -j RETURN"],
    ["nat", "-A KUBE-POST -j MARK --set-xmark 0x4000/0x4000"],
    ["nat", "-A KUBE-POST -j MASQUERADE --random-fully"],
    ["nat", "-A PREROUTING -d 10.96.0.0/16 -p tcp --dport 80 -j DNAT --to-destination 10.0.0.1:8080"],
    ["nat", "-A PREROUTING -m addrtype --dst-type LOCAL -j KUBE-X"],
    ["filter", "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"],
    ["filter", "-A INPUT ! -s 127.0.0.0/8 -i eth0 -j DROP"],
    ["filter", "-A OUTPUT -p udp -m multiport --dports 53,5353:5400 -g KUBE-X"],
    ["filter", "-A OUTPUT -p icmp -o cali+ -j ACCEPT"],
    ["filter", "-A INPUT ! -p sctp -m addrtype --src-type LOCAL -j DROP"],
    ["filter", "-A INPUT -p udp -m multiport ! --sports 53,67:68 -j DROP"],
    ["filter", "-A INPUT -p tcp -m multiport --ports 80,443"],
    ["filter", "-A INPUT -p 200 -j DROP"],
    ["filter", "-A INPUT -j REJECT --reject-with icmp-port-unreachable"],
    ["filter", "-A INPUT -j REJECT --reject-with icmp-admin-prohibited"],
    ["filter", "-A INPUT -p tcp -j REJECT --reject-with tcp-reset"],
    ["nat", "-A KUBE-SVC -m statistic --mode nth --every 3 --packet 1 -j KUBE-X"],
    ["nat", "-A KUBE-SVC -m statistic --mode random --probability 0.25 -j KUBE-X"],
    ["nat", "-A PREROUTING -p tcp -j DNAT --to-destination :8080-8081"],
    ["nat", "-A PREROUTING -j DNAT --to-destination 10.0.0.1"],
    ["nat", "-A POSTROUTING -p tcp -j MASQUERADE --to-ports 1024-2047"],
  ] as const)("prints a rule of %s as iptables -S does: %s", (table, rule) => {
    const known = rule.replace("-p tcp --dport", "-p tcp -m tcp --dport");
    expect(printed(table, known)).toBe(rule);
  });

  it("names an ipset, whose members are not shown", () => {
    const match = { kind: "addressPortSet", name: "KUBE-CLUSTER-IP", members: new Map(), isNegated: false } as const;
    const rule = { line: 1, matches: [match], target: { kind: "jump", chain: "KUBE-X" } } as const;
    expect(formatRule("KUBE-SERVICES", rule)).toBe(
      "-A KUBE-SERVICES -m set --match-set KUBE-CLUSTER-IP src,dst -j KUBE-X",
    );
  });

  it("cuts a long list of ports short and says by how many", () => {
    expect(printed("filter", "-A INPUT -p tcp -m multiport --dports 1,3,5,7,9,11,13 -j DROP")).toBe(
      "-A INPUT -p tcp -m multiport --dports 1,3,5,7,9,… (2 more) -j DROP",
    );
  });
});
