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
  ] as const)("prints a rule of %s as iptables -S does: %s", (table, rule) => {
    const known = rule.replace("-p tcp --dport", "-p tcp -m tcp --dport");
    expect(printed(table, known)).toBe(rule);
  });

  it("cuts a long list of ports short and says by how many", () => {
    expect(printed("filter", "-A INPUT -p tcp -m multiport --dports 1,3,5,7,9,11,13 -j DROP")).toBe(
      "-A INPUT -p tcp -m multiport --dports 1,3,5,7,9,… (2 more) -j DROP",
    );
  });
});
