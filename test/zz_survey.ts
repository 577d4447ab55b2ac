import { MutantFactory } from "./support/mutant_factory.ts";
import { TCP_MUTATIONS } from "./conform/tcp_mutations.ts";
import { PORT_MUTATIONS } from "./conform/port_mutations.ts";
import { IPVS_MUTATIONS } from "./conform/ipvs_mutations.ts";
import { NETFILTER_MUTATIONS } from "./conform/netfilter_mutations.ts";
import { IP_MUTATIONS } from "./conform/ip_mutations.ts";
import { RECORDINGS, recordedCase } from "./conform/recordings.ts";
import { compareCase } from "../src/conform/compare.ts";
import { checkLaw } from "../src/conform/laws.ts";
const all = [...TCP_MUTATIONS, ...PORT_MUTATIONS, ...IPVS_MUTATIONS, ...NETFILTER_MUTATIONS, ...IP_MUTATIONS];
const f = new MutantFactory(all.map((m) => [m]));
for (const p of f.problems) console.log(p);
const only = process.argv[2];
const withStorm = process.argv.includes("storm");
const cases = RECORDINGS.map(({file}) => [file.replace(".json",""), recordedCase(file)] as const).filter(([n]) => withStorm || !/\/S/.test(n));
for (const [i, m] of all.entries()) {
  if (only && only !== "storm" && !m.rule.includes(only)) continue;
  const run = f.load(i); const hits: string[] = []; const t=performance.now(); let first="";
  for (const [name, c] of cases) {
    let why: string | undefined;
    try { const o = run(c); if (!o.ok) why = "!refused " + o.reason; else { const d = compareCase(c, o.observation); const l = c.laws.map((x) => checkLaw(x, c, o.observation)).find((x) => x !== undefined); if (d.length>0) why = `${d[0]!.where}: ${d[0]!.expected} | ${d[0]!.actual}`; else why = l; } } catch (e) { why = "!threw " + (e as Error).message; }
    if (why !== undefined) { hits.push(name + (why[0]==="!" ? "!" : "")); if (first==="") first = why; }
  }
  console.log(`${hits.length===0?"SURVIVES ":""}${m.rule} [${m.instead}] => ${hits.join(" ")} :: ${first.slice(0,160)} (${(performance.now()-t).toFixed(0)} ms)`);
}
