import { createHash } from "node:crypto";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { describe, expect, it } from "vitest";
import { readFacts } from "../../src/check/build_node.ts";
import { checkDocument, type CheckResult } from "../../src/check/check_document.ts";
import { judgeNodes } from "../../src/check/check_nodes.ts";
import { readTarget } from "../../src/check/check_target.ts";
import { checkGithub } from "../../src/check/output/check_github.ts";
import { checkJunit, escapeXml } from "../../src/check/output/check_junit.ts";
import { checkSarif } from "../../src/check/output/check_sarif.ts";
import { checkText } from "../../src/check/output/check_text.ts";
import { RULES } from "../../src/check/rules.ts";
import { commentSuppressions, suppress } from "../../src/check/suppression.ts";
import { CHECK_SCHEMA } from "./check_schema.ts";
import { SARIF_SCHEMA } from "./sarif_schema.ts";
import { parseXml } from "./xml_tree.ts";

const TEXT = [
  "net.ipv4.ip_local_port_range=12000 65001",
  'net.ipv4.ip_local_reserved_ports=”30000–32768"',
  "# sim-check: allow FORWARDING-OFF until 2999-12-31 because it is a bastion",
  "net.ipv4.ip_forward = 0",
  "net.ipv4.vs.<b>&\u0007 = 1",
].join("\n");

function result(text = TEXT, path = "etc/99 a,b.conf"): CheckResult {
  const facts = readFacts({});
  if (typeof facts === "string") throw new Error(facts);
  const read = readTarget({ kind: "files", target: path, files: [{ path, text }] }, facts, []);
  if (!read.ok) throw new Error("the target can be read");
  const judged = suppress(judgeNodes(read.nodes), read.texts.flatMap(commentSuppressions), "2026-11-21");
  return { nodes: read.nodes, ...judged, failOn: "error" };
}

const digest = (text: string): string => `sha256:${createHash("sha256").update(text).digest("hex")}`;

function problems(schema: object, value: unknown) {
  const ajv = new Ajv({ allErrors: true });
  addFormats.default(ajv);
  const validate = ajv.compile(schema);
  return validate(value) ? [] : validate.errors;
}

describe("checkDocument", () => {
  it("is check/1", () => {
    expect(problems(CHECK_SCHEMA, JSON.parse(JSON.stringify(checkDocument(result()))))).toEqual([]);
  });

  it("names the file and line of each value in force", () => {
    const { targets } = checkDocument(result());
    expect(targets[0]?.settings).toEqual([
      { name: "net.ipv4.ip_local_port_range", value: "12000\t65001", file: "etc/99 a,b.conf", line: 1 },
      { name: "net.ipv4.conf.all.forwarding", value: "0", file: "etc/99 a,b.conf", line: 4 },
      { name: "net.ipv4.vs.<b>&\u0007", value: "1", file: "etc/99 a,b.conf", line: 5 },
    ]);
  });
});

describe("checkSarif", () => {
  it("is SARIF 2.1.0, also with suppressed and odd findings", () => {
    expect(problems(SARIF_SCHEMA, JSON.parse(JSON.stringify(checkSarif(result(), "0.1.0", digest))))).toEqual([]);
  });

  it("gives a finding the same fingerprint when its line has moved", () => {
    const prints = (text: string) =>
      JSON.stringify(checkSarif(result(text), "0.1.0", digest))
        .match(/sha256:[0-9a-f]+/g)
        ?.toSorted();
    expect(prints(`# one more line\n${TEXT}`)).toEqual(prints(TEXT));
  });

  it("has a URI also for a name with half a surrogate pair, as Windows allows one", () => {
    expect(JSON.stringify(checkSarif(result(TEXT, "a\ud800.conf"), "0.1.0", digest))).toContain(
      '"uri":"a%EF%BF%BD.conf"',
    );
  });

  it("is refused by the schema with a field that SARIF does not have", () => {
    const bad = {
      ...JSON.parse(JSON.stringify(checkSarif(result(), "0.1.0", digest))),
      runs: [{ tool: {}, results: [] }],
    };
    expect(problems(SARIF_SCHEMA, bad)).not.toEqual([]);
  });
});

describe("checkJunit", () => {
  const root = parseXml(checkJunit(result()));

  it("has a case for each rule, and counts that add up", () => {
    const [suite] = root.children;
    expect([root.name, suite?.name, suite?.children.length]).toEqual(["testsuites", "testsuite", RULES.length]);
    const failures = suite?.children.filter(({ children }) => children.some(({ name }) => name === "failure"));
    expect([root.attributes["failures"], suite?.attributes["failures"]]).toEqual(
      Array.from({ length: 2 }, () => `${failures?.length}`),
    );
    expect(root.attributes["tests"]).toBe(`${RULES.length}`);
  });

  it("has the elements and attributes that readers of JUnit know", () => {
    const cases = root.children.flatMap(({ children }) => children);
    expect(new Set(cases.map(({ name }) => name))).toEqual(new Set(["testcase"]));
    expect(new Set(cases.flatMap(({ attributes }) => Object.keys(attributes)))).toEqual(new Set(["name", "classname"]));
    const inner = cases.flatMap(({ children }) => children);
    expect(new Set(inner.map(({ name }) => name))).toEqual(new Set(["failure", "system-out"]));
    expect(inner.filter(({ name, attributes }) => name === "failure" && attributes["message"] === "")).toEqual([]);
  });

  it("holds no character that XML 1.0 has not", () => {
    expect(escapeXml('a\u0007<"&>\ud800')).toBe("a\ufffd&lt;&quot;&amp;&gt;\ufffd");
    expect(checkJunit(result())).not.toContain("\u0007");
  });
});

describe("checkGithub", () => {
  it("escapes what ends a property", () => {
    const [first] = checkGithub(result()).split("\n");
    expect(first).toMatch(
      /^::error file=etc\/99 a%2Cb\.conf,line=1,col=30,endColumn=41,title=NODEPORT-OVERLAP::The ephemeral ports /,
    );
  });

  it("shows notes as notices", () => {
    expect(checkGithub(result())).toContain("\n::notice ");
  });
});

describe("checkText", () => {
  it("shows place, line, carets, why and what to do, and sums up", () => {
    const text = checkText(result("net.ipv4.ip_forward = 0", "a.conf"), { color: false, columns: 100 });
    expect(text).toBe(`a.conf:1:23: error FORWARDING-OFF
  net.ipv4.ip_forward is 0: the node drops what pods send to other nodes and to Services.
  1 | net.ipv4.ip_forward = 0
                            ^
  why:     Pods reach other nodes and Services through the node's kernel, which drops their packets
           without a word while net.ipv4.ip_forward is 0. Probes stay green, since they come from
           the node itself. kube-proxy and some CNI plugins switch it on when they start, and sysctl
           --system or a hardening tool switches it off again.
  to mend: Write 1.

1 error in 1 target; kernel 6.12 assumed (--kernel); kube-proxy mode ipvs assumed (--mode)
`);
  });

  it("says so where there is nothing to say, and what is suppressed", () => {
    const text = checkText(result("net.ipv4.ip_forward = 1", "a.conf"), { color: false, columns: 100 });
    expect(text).toBe(
      "no finding in 1 target; kernel 6.12 assumed (--kernel); kube-proxy mode ipvs assumed (--mode)\n",
    );
    expect(checkText(result(), { color: false, columns: 100 })).toContain("; 1 suppressed;");
  });

  it("sends no control character to a terminal", () => {
    expect(checkText(result(), { color: false, columns: 100 })).not.toContain("\u0007");
  });
});
