import { describe, expect, it } from "vitest";
import { runCli } from "../../src/app/cli/run_cli.ts";
import { parseScenario } from "../../src/scenario/scenario.ts";
import { memoryIo } from "./memory_io.ts";

const OVERLAP = "net.ipv4.ip_local_port_range = 30000 30999\n";
const SAFE = "net.ipv4.ip_local_port_range = 32768 60999\nnet.ipv4.ip_local_reserved_ports = 30000-32767\n";
const NODE = ["node.conf", "--kernel", "5.4.188", "--kube-proxy", "1.23.10", "--node-ports", "30080"];
const PROBES = ["--properties", "probes-keep-off-nodeports"];

async function check(words: readonly string[], text = OVERLAP) {
  const io = memoryIo({ "node.conf": text });
  const code = await runCli(["check", ...words], io);
  return { code, out: io.out(), err: io.err(), files: io.files };
}

async function checkJson(words: readonly string[], text = OVERLAP) {
  const { code, out } = await check([...words, "--format", "json"], text);
  const document: {
    readonly ok: boolean;
    readonly properties: readonly { readonly verdict: string; readonly seed: number; readonly path?: string }[];
  } = JSON.parse(out);
  return { code, document };
}

describe("sim check --properties", () => {
  it("fails with the counterexample where a property is violated", async () => {
    const { code, document } = await checkJson([...NODE, ...PROBES]);
    expect([code, document.ok, document.properties.map(({ verdict }) => verdict)]).toEqual([1, false, ["violated"]]);
  });

  it("replays the seed and path that it prints", async () => {
    const { document } = await checkJson([...NODE, ...PROBES]);
    const { seed, path = "" } = document.properties[0]!;
    const again = await checkJson([...NODE, ...PROBES, "--replay", `${seed}:${path}`]);
    expect(again.document.properties).toMatchObject([{ verdict: "violated", seed, path, cases: 1 }]);
  });

  it("writes a scenario that is right and says how it was found", async () => {
    const { files, err } = await check([...NODE, ...PROBES, "--counterexamples", "found/"]);
    const text = files.get("found/probes-keep-off-nodeports.yaml") ?? "";
    expect(parseScenario(text, "found.yaml", []).ok).toBe(true);
    expect(text).toContain(`Again: sim check ${NODE.join(" ")} ${PROBES.join(" ")} --replay 1:`);
    expect(err).toBe("wrote found/probes-keep-off-nodeports.yaml\n");
  });

  it("names all properties of a safe node and passes", async () => {
    const { code, out } = await check([...NODE, "--properties", "all", "--within", "masquerade=off"], SAFE);
    expect(code).toBe(0);
    expect(out).toContain("node.conf: holds probes-keep-off-nodeports (by structure, without simulation)\n");
    expect(out).toMatch(/\n6 properties: 6 hold\n$/);
  });

  it("reports only with --fail-on never", async () => {
    const { code, document } = await checkJson([...NODE, ...PROBES, "--fail-on", "never"]);
    expect([code, document.ok]).toEqual([0, true]);
  });

  it("holds the share of failed probes against a limit", async () => {
    const { code, out } = await check([...NODE, "--at-most", "0.01"], OVERLAP);
    expect(out).toContain("node.conf: holds probes-fail-at-most (by enumeration)\n");
    // The rule about the overlap finds it as well, whatever the limit.
    expect(code).toBe(1);
  });

  it("makes a violated property a failure for JUnit, a result for SARIF and an annotation for GitHub", async () => {
    const outputs = await Promise.all(
      ["junit", "sarif", "github"].map(async (format) => (await check([...NODE, ...PROBES, "--format", format])).out),
    );
    expect(outputs[0]).toContain('<testcase name="probes-keep-off-nodeports" classname="node.conf">');
    expect(outputs[1]).toContain('"ruleId": "PROPERTY-PROBES-KEEP-OFF-NODEPORTS"');
    expect(outputs[2]).toContain("::error file=node.conf,line=1,title=PROPERTY-PROBES-KEEP-OFF-NODEPORTS::");
  });

  it.each([
    [["--within", "pods=3"], "sim: Cannot use --within without --properties\nSee: sim check --help\n"],
    [["--properties", "probes-keep-of-nodeports"], "(did you mean probes-keep-off-nodeports?)"],
    [["--replay", "1:2"], "Cannot use --replay without the name of one property: add --properties NAME"],
    [[...PROBES, "--replay", "first"], 'Cannot use --replay "first": write SEED:PATH such as 1:2:0'],
    [[...PROBES, "--budget", "soon"], 'Cannot use --budget "soon": write a time such as 20s'],
    [["--at-most", "2"], 'Cannot use --at-most "2": write a share above 0 and below 1, such as 1e-5'],
    [[...PROBES, "--fix"], "Cannot use --fix and --properties together: ask for one of them"],
  ])("refuses %j", async (words, message) => {
    const { code, err } = await check([...NODE, ...words]);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});
