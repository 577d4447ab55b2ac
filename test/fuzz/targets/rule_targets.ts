import * as fc from "fast-check";
import { parseIptables } from "../../../src/kernel/netfilter/iptables.ts";
import { parseNft } from "../../../src/kernel/netfilter/nftables.ts";
import { parsePortList } from "../../../src/kernel/sysctl_port_list.ts";
import { resolveKernel } from "../../../src/kernel/eras.ts";
import { guessKernel } from "../../../src/check/guess_kernel.ts";
import { SysctlValues, sysctlNames } from "../../../src/kernel/sysctl.ts";
import { readBounds } from "../../../src/check/properties/search_bounds.ts";
import { readCase } from "../../../src/conform/case_file.ts";
import { judgeCase } from "../../../src/conform/judge_case.ts";
import { textsBelow } from "../corpus.ts";
import { must, type FuzzTarget } from "../fuzz_target.ts";
import { hostilePiece } from "../hostile_values.ts";
import { mutatedJson } from "../mutate_json.ts";
import { mutatedText } from "../mutate_text.ts";
import { checkSentence } from "./scenario_targets.ts";

const CASES = [...textsBelow("test/conformance/", /\.json$/, 40_000).values()];
const VALUES: readonly unknown[] = CASES.map((text) => JSON.parse(text));
/** The same without what was recorded, which is most of each: changes then fall upon setups and actions. */
const UNRECORDED = CASES.map((text) => {
  const { observed, ...asked } = JSON.parse(text);
  return { ...asked, observed: observed.packets === undefined ? {} : { packets: [] }, races: [], laws: [] };
});

/** All texts below a field of the cases, wherever it stands. */
function fieldsNamed(field: string): readonly string[] {
  const found = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if (key !== field) visit(inner);
      else if (typeof inner === "string") found.add(inner);
      else if (Array.isArray(inner)) found.add(inner.join("\n"));
    }
  };
  for (const value of VALUES) visit(value);
  return [...found].filter((text) => text !== "");
}

const NFT_WORDS =
  "table ip filter { chain input { type filter hook input priority 0; policy accept; tcp dport { 80, 443 } ct state established,related counter packets 1 bytes 2 accept; ip saddr 10.0.0.0/8 meta mark set mark or 0x4000 jump x; dnat to numgen random mod 2 map { 0 : 10.0.0.1 . 80, 1 : 10.0.0.2 . 80 } }; set s { type ipv4_addr . inet_service; elements = { 10.0.0.1 . 80 } } }".split(
    " ",
  );
const IPTABLES_WORDS =
  '-A INPUT -p tcp -m tcp ! --dport 80 -m conntrack --ctstate INVALID -m statistic --mode nth --every 2 --packet 0 -m comment --comment "x y" -j DROP -s 10.0.0.0/8 -d -i eth0 -t nat REDIRECT --to-ports 8080 DNAT --to-destination 10.0.0.1:80 -N X -P ACCEPT MARK --set-xmark 0x4000/0x4000'.split(
    " ",
  );

/** Words of a language in any order, with some that are not of it. */
function words(known: readonly string[]): fc.Arbitrary<string> {
  const word = fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...known) }, hostilePiece);
  return fc
    .array(word, { maxLength: 40 })
    .chain((list) => fc.constantFrom(" ", "\n", "").map((between) => list.join(between)));
}

/** nftables' own language. */
export const NFT: FuzzTarget = {
  name: "nft",
  inputs: fc
    .oneof({ weight: 2, arbitrary: mutatedText(fieldsNamed("nft"), 6) }, words(NFT_WORDS))
    .map((text) => [text]),
  judge: ([text = ""]) => {
    const reading = parseNft(text);
    if (!reading.ok) must(reading.problems.length > 0, "What is refused says why");
    return reading.ok ? "accepted" : "refused";
  },
  budgetMs: 1000,
  shortRuns: 80,
};

/** Rules of iptables. */
export const IPTABLES: FuzzTarget = {
  name: "iptables",
  inputs: fc
    .oneof({ weight: 2, arbitrary: mutatedText(fieldsNamed("iptables"), 6) }, words(IPTABLES_WORDS))
    .map((text) => [text]),
  judge: ([text = ""]) => {
    const reading = parseIptables(text.split("\n"));
    if (!reading.ok) must(reading.problems.length > 0, "What is refused says why");
    return reading.ok ? "accepted" : "refused";
  },
  budgetMs: 1000,
  shortRuns: 80,
};

/** Recorded cases of real kernels: read, and replayed if they are right. */
export const CASE: FuzzTarget = {
  name: "case",
  inputs: fc
    .oneof(
      { weight: 2, arbitrary: mutatedJson(VALUES, 2) },
      { weight: 3, arbitrary: mutatedJson(UNRECORDED, 2) },
      mutatedText(CASES, 2),
    )
    .map((text) => [text]),
  judge: ([text = ""]) => {
    const reading = readCase(text, "case.json");
    if (!reading.ok) {
      for (const { message } of reading.problems) checkSentence(message);
      must(reading.problems.length > 0, "What is refused says why");
      return "refused";
    }
    JSON.stringify(judgeCase(reading.case));
    return "accepted";
  },
  budgetMs: 5000,
  shortRuns: 10,
};

const lists = fc
  .array(fc.oneof(hostilePiece, fc.constantFrom("1024", "65000", "-", ",", " ", "30000-32767", "\n")), {
    maxLength: 12,
  })
  .map((parts) => parts.join(""));
const resolved = resolveKernel({ build: "6.12" });

/** Values of sysctls, lists of ports and builds of kernels, as the kernel's own parsers take them. */
export const SYSCTL_VALUE: FuzzTarget = {
  name: "sysctl-value",
  inputs: fc.tuple(fc.oneof(fc.constantFrom(...sysctlNames()), hostilePiece), lists),
  judge: ([name = "", text = ""]) => {
    must(resolved.ok, "The kernel is known");
    const list = parsePortList(text);
    if (!list.ok) checkSentence(list.problem.message);
    guessKernel(text);
    const kernel = resolveKernel({ build: text, portWalk: name });
    if (!kernel.ok) checkSentence(kernel.problem);
    const values = new SysctlValues(resolved.era);
    const problem = values.set(name, text);
    if (problem === undefined) values.text(name);
    else checkSentence(problem.message);
    return problem === undefined ? "accepted" : "refused";
  },
  budgetMs: 500,
  shortRuns: 100,
};

/** `--bound` of `sim check`. */
export const BOUND: FuzzTarget = {
  name: "bound",
  inputs: fc.array(
    fc.oneof(
      mutatedText(
        ["pods=1..20", "rate=100", "kernels=5.4.188,6.1", "listed=30080,30090-30099", "clustering=random"],
        2,
      ),
      fc
        .tuple(
          fc.oneof(
            fc.constantFrom("pods", "period", "nodePorts", "rate", "kernels", "listed", "clustering"),
            hostilePiece,
          ),
          lists,
        )
        .map(([key, value]) => `${key}=${value}`),
    ),
    { minLength: 1, maxLength: 3 },
  ),
  judge: (texts) => {
    const bounds = readBounds(texts);
    return typeof bounds === "string" ? checkSentence(bounds) : "accepted";
  },
  budgetMs: 500,
  shortRuns: 100,
};
