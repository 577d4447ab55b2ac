import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { readBaseline } from "../../../src/check/baseline.ts";
import { readFacts } from "../../../src/check/build_node.ts";
import { checkDocument, type CheckResult } from "../../../src/check/check_document.ts";
import { byImportance, judgeNodes } from "../../../src/check/check_nodes.ts";
import { readTarget, type CheckTarget } from "../../../src/check/check_target.ts";
import { checkGithub } from "../../../src/check/output/check_github.ts";
import { checkJunit } from "../../../src/check/output/check_junit.ts";
import { checkSarif } from "../../../src/check/output/check_sarif.ts";
import { checkText } from "../../../src/check/output/check_text.ts";
import { commentSuppressions, suppress } from "../../../src/check/suppression.ts";
import { textsBelow } from "../corpus.ts";
import { parseXml } from "../../check/xml_tree.ts";
import { must, type FuzzTarget, type FuzzVerdict } from "../fuzz_target.ts";
import { hostilePiece } from "../hostile_values.ts";
import { mutatedJson } from "../mutate_json.ts";
import { mutatedText } from "../mutate_text.ts";
import { checkDiagnostics, checkSentence } from "./scenario_targets.ts";

const FACTS = readFacts({});
const TODAY = "2026-11-21";

const SYSCTL_TEXTS = [
  ...textsBelow("test/import/", /\.conf$|sysctl-a/).values(),
  [
    "# sim-check: allow NODEPORT-OVERLAP until 2027-01-01 because known",
    "net.ipv4.ip_local_port_range = 1024 65000",
    "-net.ipv4.conf.*.rp_filter",
    "net.ipv4.conf.*.rp_filter = 2",
    "net/ipv4/ip_local_reserved_ports=30000-32767,8080",
    "; comment",
    "net.netfilter.nf_conntrack_max = 262144",
    "net.ipv4.tcp_tw_recycle = 1",
    "kernel.pid_max 4194304",
    "",
  ].join("\n"),
];

const PATHS = [
  "etc/sysctl.d/99-k8s.conf",
  "etc/sysctl.conf",
  "usr/lib/sysctl.d/50-default.conf",
  "run/sysctl.d/99-k8s.conf",
  "etc/sysctl.d/notes.txt",
  "etc/sysctld/99.conf",
  "etc/sysctl.d/x/1.conf",
] as const;

const glob = fc
  .array(fc.constantFrom("*", "?", "[a-z]", "[!a]", "[z-a]", "[", "]", "net.", "ipv4.", "conf.", "a", "eth0"), {
    maxLength: 30,
  })
  .map((parts) => `net.ipv4.conf.${parts.join("")} = 1\n`);

const sysctlText = fc.oneof(
  { weight: 4, arbitrary: mutatedText(SYSCTL_TEXTS) },
  { weight: 1, arbitrary: fc.array(hostilePiece, { maxLength: 20 }).map((pieces) => pieces.join("")) },
  { weight: 1, arbitrary: fc.array(glob, { maxLength: 4 }).map((lines) => lines.join("")) },
);

/** Files of sysctls: lists, folders and whole roots, through all rules into every format of output. */
export const SYSCTL: FuzzTarget = {
  name: "sysctl",
  inputs: fc
    .tuple(
      fc.constantFrom("root", "folder", "files"),
      fc.array(fc.tuple(fc.oneof(fc.constantFrom(...PATHS), hostilePiece), sysctlText), { minLength: 1, maxLength: 3 }),
    )
    .map(([kind, files]) => [kind, ...files.flat()]),
  judge: ([kind, ...parts]) =>
    judgeTarget({
      kind: kind === "root" || kind === "folder" ? kind : "files",
      target: "x",
      files: parts.flatMap((text, index) => (index % 2 === 0 ? [] : [{ path: parts[index - 1] ?? "", text }])),
    }),
  budgetMs: 2000,
  shortRuns: 25,
};

const KUBECTL = [
  {
    kind: "List",
    items: [
      {
        kind: "Node",
        metadata: { name: "node-1" },
        spec: { podCIDR: "10.23.77.128/25" },
        status: {
          addresses: [{ type: "InternalIP", address: "10.10.85.105" }],
          nodeInfo: { kubeletVersion: "v1.23.10", kernelVersion: "5.4.188" },
        },
      },
      {
        kind: "Service",
        metadata: { name: "web", namespace: "default" },
        spec: {
          type: "NodePort",
          clusterIP: "10.96.0.20",
          healthCheckNodePort: 32_000,
          ports: [{ port: 80, nodePort: 36_704, targetPort: 8080, protocol: "TCP" }],
        },
      },
      {
        kind: "Pod",
        metadata: { name: "web-1", namespace: "default" },
        spec: {
          hostNetwork: true,
          nodeName: "node-1",
          containers: [
            {
              name: "kube-proxy",
              image: "registry/kube-proxy:v1.23.10",
              command: ["kube-apiserver", "--service-node-port-range=20000-40000"],
              ports: [{ containerPort: 8080, hostPort: 8080, protocol: "TCP" }],
              readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 10, timeoutSeconds: 1, failureThreshold: 3 },
              livenessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 10, failureThreshold: 1 },
            },
          ],
        },
      },
      {
        kind: "ConfigMap",
        metadata: { name: "kube-proxy", namespace: "kube-system" },
        data: { "config.conf": "kind: KubeProxyConfiguration\nmode: ipvs\n" },
      },
      { kind: "DaemonSet", spec: { template: { spec: { containers: [{ name: "kube-proxy", image: "x:v1.2.3" }] } } } },
    ],
  },
];

/** What kubectl printed, as `sim check` reads it. */
export const SNAPSHOT: FuzzTarget = {
  name: "snapshot",
  inputs: fc.oneof(mutatedJson(KUBECTL), mutatedText([JSON.stringify(KUBECTL[0], null, 1)])).map((text) => [text]),
  judge: ([text = ""]) =>
    judgeTarget({ kind: "files", target: "x", files: [], snapshot: [{ path: "cluster.json", text }] }),
  budgetMs: 2000,
  shortRuns: 25,
};

const BASELINE = [
  {
    format: "check-baseline/1",
    findings: [{ rule: "NODEPORT-OVERLAP", file: "a.conf", about: "x = 1", reason: "known", until: "2027-01-01" }],
  },
];

/** Files of known findings. */
export const BASELINE_FILE: FuzzTarget = {
  name: "baseline",
  inputs: fc.oneof(mutatedJson(BASELINE), mutatedText([JSON.stringify(BASELINE[0])])).map((text) => [text]),
  judge: ([text = ""]) => {
    const read = readBaseline(text, "baseline.json");
    if (typeof read === "string") return checkSentence(read);
    suppress([], read, TODAY);
    return "accepted";
  },
  budgetMs: 500,
  shortRuns: 60,
};

/** Reads a target, judges it by all rules and writes the result in every format. */
function judgeTarget(target: CheckTarget): FuzzVerdict {
  must(typeof FACTS !== "string", "No facts are right");
  const read = readTarget(target, FACTS, []);
  if (!read.ok) return checkDiagnostics(read.diagnostics);
  const suppressions = read.texts.flatMap(commentSuppressions);
  const { findings, suppressed } = suppress(judgeNodes(read.nodes), suppressions, TODAY);
  checkOutputs({ nodes: read.nodes, findings: byImportance(findings), suppressed, failOn: "error" });
  return "accepted";
}

/** A name of a file or a value of a sysctl ends in no output as more than text. */
function checkOutputs(result: CheckResult): void {
  const text = checkText(result, { color: false, columns: 100 });
  must(!/[\p{Cc}\u2028\u2029]/u.test(text.replace(/[\n\t]/g, "")), "The text has no control characters");
  JSON.parse(JSON.stringify(checkDocument(result)));
  const sarif = checkSarif(result, "0", (part) => `sha256:${createHash("sha256").update(part).digest("hex")}`);
  JSON.parse(JSON.stringify(sarif));
  const lines = checkGithub(result).split("\n");
  const commands = lines.filter((line) => /^\s*::|##\[/.test(line));
  must(
    commands.every((line) => /^::(error|warning|notice) /.test(line)),
    "A line for GitHub begins with its own command",
  );
  must(
    commands.length === result.findings.length,
    `${result.findings.length} findings are ${commands.length} commands`,
  );
  const xml = checkJunit(result);
  must(
    !/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(xml),
    "XML has only characters that XML may have",
  );
  parseXml(xml);
}
