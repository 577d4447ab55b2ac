import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatDiagnostic } from "../../../src/scenario/diagnostic.ts";
import { importScenario } from "../../../src/scenario/import/import_scenario.ts";
import { parseScenario } from "../../../src/scenario/scenario.ts";
import { filesOf } from "./exported_node.ts";

// Goal: a broken export is a diagnostic with its file and line; it never crashes an import and is never skipped in silence.
// Method: one good set of small files, in which one file at a time is broken in a way that happens to people.

const SS = `State     Recv-Q Send-Q Local Address:Port  Peer Address:Port Process
LISTEN    0      128          0.0.0.0:22         0.0.0.0:*
TIME-WAIT 0      0        10.0.0.10:40000    10.0.0.9:443
TIME-WAIT 0      0        10.0.0.10:40002    10.0.0.9:443
`;
const CONNTRACK =
  "tcp      6 60 TIME_WAIT src=10.0.0.10 dst=10.0.0.9 sport=40000 dport=443 src=10.0.0.9 dst=10.0.0.10 sport=443 dport=40000 [ASSURED] mark=0 use=1\n";
const NODES = JSON.stringify(
  {
    kind: "NodeList",
    items: [{ metadata: { name: "a" }, status: { addresses: [{ type: "InternalIP", address: "10.0.0.10" }] } }],
  },
  null,
  2,
);
const GOOD: Readonly<Record<string, string | Uint8Array>> = {
  "ss-tan.txt": SS,
  "conntrack-L.txt": CONNTRACK,
  "nodes.json": NODES,
  "uname-a.txt": "Linux a 6.1.55 #1 SMP x86_64 GNU/Linux\n",
};

/** All that an import says of a set in which some files are others. */
function saysOf(changed: Readonly<Record<string, string | Uint8Array>>): string {
  const result = importScenario(filesOf({ ...GOOD, ...changed }), {});
  const notes = result.notes.map((note) => `note: ${note}`);
  const said = result.ok ? ["imported"] : result.diagnostics.map(formatDiagnostic);
  return `\n${[...notes, ...said].join("\n")}\n`;
}

function utf16(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(`\ufeff${text}`, "utf16le"));
}

describe("Broken exports", () => {
  it("are none in the set that the others are made from", () => {
    expect(saysOf({})).toBe("\nimported\n");
  });

  it("may be JSON that is cut off", () => {
    expect(saysOf({ "nodes.json": NODES.slice(0, 60) })).toMatchInlineSnapshot(`
      "
      nodes.json:5:17: Cannot read this as JSON: it is cut off
        5 |       "metadata":
                            ^
        expected: what kubectl prints with -o json, whole
        to mend:  collect the file again; look for a full disk or a lost connection
      "
    `);
  });

  it("may be JSON that is broken in the middle", () => {
    expect(saysOf({ "nodes.json": NODES.replace('"items": [', '"items": [}') })).toMatchInlineSnapshot(`
      "
      nodes.json:3:13: Cannot read this as JSON from here on
        3 |   "items": [}
                        ^
        expected: what kubectl prints with -o json, whole
        to mend:  collect the file again; look for a full disk or a lost connection
      "
    `);
  });

  it("may be another tool's text under a tool's name", () => {
    expect(saysOf({ "ss-tan.txt": CONNTRACK, "conntrack-L.txt": "" })).toMatchInlineSnapshot(`
      "
      note: conntrack-L.txt is empty: taken as not collected
      ss-tan.txt:1:1: Cannot take this for ss -tan: it looks like conntrack -L
        1 | tcp      6 60 TIME_WAIT src=10.0.0.10 dst=10.0.0.9 sport=40000 dport=443 src=10.0.0.9 dst=10.0.0.10 sport=443 dport=40000 [ASSURED] mark=0 u…
            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        expected: what ss -tan prints, as the file's name says
        to mend:  collect ss -tan > ss-tan.txt, or rename the file
      "
    `);
  });

  it("may be a tool that nobody asked for", () => {
    const netstat =
      "Proto Recv-Q Send-Q Local Address  Foreign Address State\ntcp 0 0 10.0.0.10:1 10.0.0.9:2 TIME_WAIT\n";
    expect(saysOf({ "ss-tan.txt": netstat })).toMatchInlineSnapshot(`
      "
      ss-tan.txt:1:1: Cannot tell what this file is (its name says ss -tan)
        1 | Proto Recv-Q Send-Q Local Address  Foreign Address State
            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        expected: the text of a tool that \`sim import --commands\` lists
        to mend:  collect ss -tan > ss-tan.txt
      "
    `);
  });

  it("may be what a shell says in a tool's place", () => {
    expect(saysOf({ "ipvsadm-Ln.txt": "bash: ipvsadm: command not found\n" })).toMatchInlineSnapshot(`
      "
      ipvsadm-Ln.txt:1:1: Cannot tell what this file is (its name says ipvsadm -Ln)
        1 | bash: ipvsadm: command not found
            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        expected: the text of a tool that \`sim import --commands\` lists
        to mend:  collect ipvsadm -Ln > ipvsadm-Ln.txt
      "
    `);
    expect(saysOf({ "kubectl.json": "error: You must be logged in to the server (Unauthorized)\n" }))
      .toMatchInlineSnapshot(`
      "
      kubectl.json:1:1: Cannot tell what this file is (its name says kubectl)
        1 | error: You must be logged in to the server (Unauthorized)
            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        expected: the text of a tool that \`sim import --commands\` lists
        to mend:  collect kubectl get svc,pods,nodes,endpointslices -A -o json > kubectl.json
      "
    `);
  });

  it("may be a line that is cut off", () => {
    expect(saysOf({ "conntrack-L.txt": CONNTRACK + CONNTRACK.slice(0, 70) })).toMatchInlineSnapshot(`
      "
      conntrack-L.txt:2:1: Cannot find src= in the reply direction
        2 | tcp      6 60 TIME_WAIT src=10.0.0.10 dst=10.0.0.9 sport=40000 dport=4
            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        to mend:  collect conntrack -L > conntrack-L.txt again
      "
    `);
    expect(saysOf({ "iptables-save.txt": "*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -j RETURN\n" }))
      .toMatchInlineSnapshot(`
        "
        iptables-save.txt:3:1: The table nat has no COMMIT: the text is cut off
          3 | -A POSTROUTING -j RETURN
              ^^^^^^^^^^^^^^^^^^^^^^^^
          to mend:  collect iptables-save > iptables-save.txt again
        "
      `);
  });

  it("are counted when many lines are wrong", () => {
    const broken = `${SS}${"TIME-WAIT 0 0 10.0.0.10 10.0.0.9\n".repeat(25)}`;
    const said = saysOf({ "ss-tan.txt": broken });
    expect(said.match(/Cannot read/g)).toHaveLength(11);
    expect(said).toContain("ss-tan.txt:1:1: Cannot read 15 more lines of this file");
  });

  it("may be YAML that is none", () => {
    expect(saysOf({ "kube-proxy.yaml": "kind: KubeProxyConfiguration\nmode: [ipvs\n" })).toMatchInlineSnapshot(`
      "
      kube-proxy.yaml:3:1: Cannot read this as YAML: Flow sequence in block collection must be sufficiently indented and end with a ]
      "
    `);
  });

  it("may be two of what there is once", () => {
    expect(saysOf({ "more/ss.txt": SS })).toMatchInlineSnapshot(`
      "
      more/ss.txt:1:1: Cannot take a second ss -tan: ss-tan.txt is one already
        1 | State     Recv-Q Send-Q Local Address:Port  Peer Address:Port Process
            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        expected: the exports of one node at one time
        to mend:  remove one of the two
      "
    `);
  });

  it("may be an archive", () => {
    expect(saysOf({ "all.tar.gz": new Uint8Array([0x1f, 0x8b, 8, 0]) })).toMatchInlineSnapshot(`
      "
      all.tar.gz:1:1: Cannot read a gzip archive
        to mend:  unpack it first
      "
    `);
  });

  it("are no broken ones for UTF-16, a byte order mark or CRLF", () => {
    expect(saysOf({ "ss-tan.txt": utf16(SS.replaceAll("\n", "\r\n")) })).toBe("\nimported\n");
    expect(saysOf({ "nodes.json": `\ufeff${NODES.replaceAll("\n", "\r\n")}` })).toBe("\nimported\n");
    expect(saysOf({ "uname-a.txt": new Uint8Array(Buffer.from("6.1.55\n", "utf16le")) })).toBe("\nimported\n");
  });

  it("are read as Latin-1, and said, where they are not UTF-8", () => {
    const latin = new Uint8Array(Buffer.from("# f\u00fcr Pods\nnet.ipv4.ip_forward = 1\n", "latin1"));
    expect(saysOf({ "sysctl.d/90-k8s.conf": latin })).toBe(
      "\nnote: sysctl.d/90-k8s.conf: line 1 is not UTF-8: the file is read as Latin-1\nimported\n",
    );
  });

  it("may be two encodings in one file", () => {
    const mixed = Buffer.concat([Buffer.from(SS), Buffer.from("TIME-WAIT 0 0\r\n", "utf16le")]);
    expect(saysOf({ "ss-tan.txt": new Uint8Array(mixed) })).toMatchInlineSnapshot(`
      "
      ss-tan.txt:5:2: Cannot read a zero byte: the file is no text, or holds two encodings, one behind the other
        5 | T�I�M�E�-�W�A�I�T� �0� �0���
             ^^^^^^^^^^^^^^^^^^^^^^^^^^^
        expected: text in one encoding
        to mend:  collect it again with a single > into a new file
      "
    `);
  });

  it("may be a line of 20 MB", () => {
    const start = "TIME-WAIT 0 0 10.0.0.10:1 10.0.0.9:2\nTIME-WAIT 0 0 ";
    expect(saysOf({ "ss-tan.txt": start + "x".repeat(20_000_000) })).toMatchInlineSnapshot(`
      "
      ss-tan.txt:2:1: Cannot read a line of 20000014 characters
        2 | TIME-WAIT 0 0 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        expected: at most 262144 characters
        to mend:  collect the file again
      "
    `);
  });

  it("are named when they are empty, and the import goes on", () => {
    expect(saysOf({ "ipvsadm-Ln.txt": "", "ipvsadm-Lnc.txt": "IPVS connection entries\n" })).toMatchInlineSnapshot(`
      "
      note: ipvsadm-Ln.txt is empty: taken as not collected
      note: ipvsadm-Lnc.txt is known, and of no use here
      imported
      "
    `);
  });

  it("never crash an import, whatever is cut, doubled or changed", () => {
    const names = Object.keys(GOOD);
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.nat({ max: 400 }),
        fc.nat({ max: 40 }),
        fc.string({ unit: "binary", maxLength: 12 }),
        (name, from, length, put) => {
          const text = String(GOOD[name]);
          const changed = text.slice(0, from) + put + text.slice(from + length);
          const result = importScenario(filesOf({ ...GOOD, [name]: changed }), { kernel: "6.1" });
          if (result.ok) expect(parseScenario(result.text, "s.yaml", [])).toMatchObject({ ok: true });
          else
            for (const { file, line } of result.diagnostics)
              expect({ file, line }).toMatchObject({ file: expect.stringMatching(/./), line: expect.any(Number) });
        },
      ),
      { numRuns: 50 },
    );
  });
});
