import { characterAt } from "../../kernel/sysctl_problem.ts";
import { quote } from "../../scenario/diagnostic.ts";
import { RESERVED_PORTS } from "../checked_node.ts";
import type { RuleFinding } from "../finding.ts";
import type { Rule } from "../rule.ts";
import { allOf, capitalised } from "../../scenario/wording.ts";
import { confExample } from "./examples.ts";

/** A list of reserved ports that the kernel does not take. */
export const RESERVED_UNPARSEABLE: Rule = {
  id: "RESERVED-UNPARSEABLE",
  severity: "error",
  title: "The kernel refuses the list of reserved ports.",
  why:
    "The list may hold ports, a-b ranges and commas only. A typographic dash or quotation mark from a web page, a blank " +
    "behind a comma or a minus sign from a template makes the whole write fail with EINVAL: nothing is reserved, while " +
    "the file looks right.",
  fix: "Write plain digits, '-' (U+002D) and ',' without blanks and quotes.",
  sources: ["kernel/sysctl.c proc_do_large_bitmap, v6.12", "kubernetes-sigs/kubespray#8399", "incident 000"],
  bad: confExample('net.ipv4.ip_local_reserved_ports=\u201d30000\u201332768"'),
  good: confExample("net.ipv4.ip_local_port_range = 12000 65001\nnet.ipv4.ip_local_reserved_ports = 10250,30000-32767"),
  judge: ({ sysctls }) =>
    sysctls.writes
      .filter(({ name, outcome }) => name === RESERVED_PORTS && outcome === "refused")
      .map(({ line, value, problem }): RuleFinding => {
        const odd = [...new Set(Array.from(value).filter((letter) => !/[-0-9,]/.test(letter)))];
        const also = odd.map((letter) => (letter === '"' ? "a quotation mark" : characterAt(letter, 0)));
        const why = problem?.message ?? "it is no list of ports";
        const all = also.length > 1 ? ` (it holds ${allOf(also)})` : "";
        return {
          place: line.valuePlace,
          message: `The kernel refuses ${quote(value)} with ${problem?.errno ?? "EINVAL"}: ${why}${all}. Nothing of it is reserved.`,
          fix: `${capitalised(problem?.mend ?? "write ports and ranges such as 10250,30000-32767")}.`,
          evidence: { value, errno: problem?.errno ?? "EINVAL" },
        };
      }),
};
