import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { formatDiagnostic } from "../../../src/scenario/diagnostic.ts";
import { importScenario } from "../../../src/scenario/import/import_scenario.ts";
import type { ImportOptions } from "../../../src/scenario/import/import_options.ts";
import type { ExportFile } from "../../../src/scenario/import/read_exports.ts";
import { SECOND } from "../../../src/units.ts";
import { scenarioOf } from "../small_scenario.ts";
import { filesOf } from "./exported_node.ts";
import { incidentSockets } from "./incident_001_sockets.ts";
import { runReplication } from "../../../src/cluster/replication.ts";

// Goal: what the write-ups of the incidents print is enough for a scenario that has their fault.
// Method: test/import/ has their printed outputs as the tools would have left them. Those of incident 001 are as printed;
// of its sockets only counts and eleven lines are, so the rest of `ss -tan` is made. Those of 000 are made of its numbers.

const FOLDER = join(import.meta.dirname, "../../import");

function exportsOf(name: string): ExportFile[] {
  const root = join(FOLDER, name);
  const paths = readdirSync(root, { recursive: true, encoding: "utf8" });
  return paths
    .filter((path) => statSync(join(root, path)).isFile())
    .map((path) => ({ path, bytes: readFileSync(join(root, path)) }));
}

function imported(files: readonly ExportFile[], options: ImportOptions = {}) {
  const result = importScenario(files, options);
  if (!result.ok) throw new Error(result.diagnostics.map(formatDiagnostic).join("\n"));
  return result;
}

/** The text from a line that begins with something up to the next empty line. */
function section(text: string, start: string): string {
  const at = text.indexOf(`\n${start}`);
  return text.slice(at, text.indexOf("\n\n", at + 1));
}

describe("Incident 001, imported", () => {
  const files = [...exportsOf("incident_001"), ...filesOf({ "ss-tan.txt": incidentSockets() })];
  const { text, assumed } = imported(files);
  const scenario = scenarioOf(text);

  it("has the 18 NodePorts of the listing, five of which have no service", () => {
    const ports = scenario.services.flatMap((service) => service.ports.flatMap(({ nodePort }) => nodePort ?? []));
    expect(ports).toHaveLength(18);
    expect(scenario.services.filter(({ name }) => name.startsWith("ipvs/"))).toHaveLength(5);
    expect(section(text, "# From kubectl get svc")).toContain("NodePorts that are in ipvsadm alone: 5.");
  });

  it("has Zabbix as churn, with its rate and the interval of it", () => {
    expect(section(text, "churn:")).toBe(`
churn:
  # 161 TIME-WAIT sockets of the client: 137 to 188 a minute (95 %).
  - { name: node-1, from: node, to: 10.10.85.10:10051, rate: 161/m, closes: client }`);
  });

  it("has neither probes nor the self-check of node-local-dns as churn", () => {
    expect(scenario.churn).toHaveLength(1);
    expect(scenario.nodeLocalDns).toMatchObject({ healthPort: 8080, selfCheck: true });
    expect(scenario.pods).toHaveLength(71);
  });

  it("says what was assumed, and how to collect it", () => {
    expect(assumed).toEqual([
      "pods and their probes are those that the sockets show (kubectl get svc,pods,nodes,endpointslices -A -o json > kubectl.json)",
      "interfaces are made of addresses seen (ip -4 addr > ip-addr.txt)",
      "kube-proxy's release is the kubelet's: it decides whether NodePorts are held open",
      "the NodePort range is the default, widened where NodePorts lie outside: a flag of kube-apiserver says it",
      "node-local-dns runs here, with CoreDNS 1.7.0: its address connects to itself",
    ]);
  });

  it("predicts the write-up's counts of TIME-WAIT sockets, and its failures", () => {
    expect(scenario.expect.map(({ that, between }) => [that, between])).toEqual([
      ["ports.timeWaitByAddress.10.10.85.105", [137, 188]],
      ["ports.timeWaitByAddress.10.23.77.129", [792, 909]],
      ["ports.timeWaitByAddress.169.254.20.10", [53, 88]],
    ]);
    const { ports, probes } = runReplication(scenario, 0, { until: 900 * SECOND });
    for (const { that, between: [low, high] = [0, 0] } of scenario.expect) {
      const count = ports.timeWaitByAddress[that.replace("ports.timeWaitByAddress.", "")] ?? 0;
      expect(count).toBeGreaterThanOrEqual(low);
      expect(count).toBeLessThanOrEqual(high);
    }
    expect(probes.byCause["nodeport-collision"]).toBeGreaterThan(0);
  });
});

describe("Incident 000, imported", () => {
  const { text, notes } = imported(exportsOf("incident_000"));
  const scenario = scenarioOf(text);

  it("has the range that holds, and says that the kernel refuses the published reservation", () => {
    expect(notes).toEqual([]);
    expect(section(text, "# Those that the model knows")).toMatchInlineSnapshot(`
      "
      # Those that the model knows, where they are not this kernel's defaults; port range and reservations always.
      sysctls:
        net.ipv4.ip_local_port_range: 12000 65001
        # sysctl.d sets something else at the next boot, which the kernel refuses: "”" (U+201D, a quotation mark) stands where a port belongs.
        net.ipv4.ip_local_reserved_ports: ""
        net.ipv4.ip_forward: "1""
    `);
  });

  it("takes the walk from the upstream release that Ubuntu names", () => {
    expect(section(text, "# From uname")).toBe(`
# From uname: a vendor's build. Its walk is that of upstream 5.4.218, which the vendor names.
# Assumed: hz 250.
kernel: { build: 5.4.0-137-generic, portWalk: 5.18+, hz: 250 }`);
  });

  it("has services by what IPVS has, with a NodePort for each that the node serves", () => {
    expect(scenario.services.map(({ name, endpoints }) => [name, endpoints.length])).toEqual([
      ["ipvs/nodeport-30712", 1],
      ["ipvs/nodeport-31055", 2],
      ["ipvs/service-1", 2],
    ]);
  });

  it("leaves stuck connections out, and says so", () => {
    expect(section(text, "# Fitted from")).toContain(
      "Left out: 2 entries of connections that open or close, 1 entry of UDP.",
    );
    expect(scenario.churn.map(({ lasts, to }) => [to.port, lasts])).toEqual([[6443, 600 * SECOND]]);
  });
});

describe("The kernel of an export", () => {
  const planOf = (uname: string, more: Readonly<Record<string, string>> = {}, options: ImportOptions = {}): string => {
    const result = importScenario(
      filesOf({ "uname-a.txt": uname, "sysctl-a.txt": "net.ipv4.ip_forward = 1\n", ...more }),
      options,
    );
    return result.ok
      ? (/^kernel: .*$/m.exec(result.text)?.[0] ?? "")
      : `\n${result.diagnostics.map(formatDiagnostic).join("\n")}\n`;
  };

  it.each([
    ["of upstream is its build", "Linux a 6.1.55 #1 SMP\n", {}, "kernel: 6.1.55"],
    ["of CentOS 7 has a row", "3.10.0-1160.el7.x86_64\n", {}, "kernel: 3.10.0-1160.el7.x86_64"],
    [
      "of Debian walks as the upstream release that uname names",
      "Linux a 5.10.0-15-amd64 #1 SMP Debian 5.10.120-1 (2022-06-09) x86_64 GNU/Linux\n",
      { "kernel-hz.txt": "CONFIG_HZ=250\n" },
      "kernel: { build: 5.10.0-15-amd64, portWalk: 5.12-5.17, hz: 250 }",
    ],
    [
      "of Amazon walks as the stable release that its number is",
      "5.10.109-104.500.amzn2.x86_64\n",
      {},
      "kernel: { build: 5.10.109-104.500.amzn2.x86_64, portWalk: 4.6-5.11, hz: 250 }",
    ],
  ])("%s", (_what, uname, more, kernel) => {
    expect(planOf(uname, more)).toBe(kernel);
  });

  it("is a question where nothing decides its walk, and the user's answer", () => {
    expect(planOf("4.18.0-477.10.1.el8_8.x86_64\n")).toMatchInlineSnapshot(`
      "
      --port-walk:1:1: Cannot tell how kernel "4.18.0-477.10.1.el8_8.x86_64" walks its ports: its vendor's patches decide
        expected: --port-walk "4.6-5.11" or "5.12-5.17" or "5.18+"
        to mend:  collect cat /proc/version_signature > version_signature.txt (Ubuntu) or uname -a (Debian), look into the vendor's source, or import once with each
      "
    `);
    expect(planOf("4.18.0-477.10.1.el8_8.x86_64\n", {}, { portWalk: "4.6-5.11" })).toBe(
      "kernel: { build: 4.18.0-477.10.1.el8_8.x86_64, portWalk: 4.6-5.11 }",
    );
    expect(planOf("4.18.0-477.10.1.el8_8.x86_64\n", {}, { kernel: "4.18" })).toBe('kernel: "4.18"');
  });

  it("is asked for where no export names it", () => {
    const result = importScenario(filesOf({ "sysctl-a.txt": "net.ipv4.ip_forward = 1\n" }), {});
    expect(result.ok ? "" : result.diagnostics.map(formatDiagnostic).join("\n")).toMatchInlineSnapshot(`
      "--kernel:1:1: Cannot tell the kernel: neither uname nor kubectl get nodes is among the exports
        to mend:  collect uname -a > uname-a.txt, or give --kernel BUILD"
    `);
  });
});
