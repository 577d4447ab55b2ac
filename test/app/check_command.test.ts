import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runCli } from "../../src/app/cli/run_cli.ts";
import { memoryIo } from "./memory_io.ts";

const WIDE = "net.ipv4.ip_local_port_range = 12000 65001\n";
const SAFE = `${WIDE}net.ipv4.ip_local_reserved_ports = 30000-32767\n`;

async function check(files: Readonly<Record<string, string>>, ...words: readonly string[]) {
  const io = memoryIo(files);
  const exitCode = await runCli(["check", ...words], io);
  return { exitCode, out: io.out(), err: io.err(), files: io.files };
}

async function rules(files: Readonly<Record<string, string>>, ...words: readonly string[]) {
  const { out } = await check(files, ...words, "--format", "json");
  const document: { findings: { rule: string; file: string }[] } = JSON.parse(out);
  return document.findings.map(({ rule, file }) => `${file} ${rule}`);
}

describe("sim check", () => {
  it("ends with 1 for an error and with 0 without one", async () => {
    expect((await check({ "a.conf": WIDE }, "a.conf")).exitCode).toBe(1);
    expect((await check({ "a.conf": SAFE }, "a.conf")).exitCode).toBe(0);
  });

  it("takes --fail-on for the mildest severity that fails", async () => {
    const files = { "a.conf": "net.ipv4.ip_local_port_range = 40000 65000\n" };
    const codes = ["error", "warning", "note", "never"].map((limit) => check(files, "a.conf", "--fail-on", limit));
    expect((await Promise.all(codes)).map(({ exitCode }) => exitCode)).toEqual([0, 0, 1, 0]);
  });

  // With a pattern that tries each part of the line again this would take hours.
  it("says of a line of 50,000 characters that it is no setting", async () => {
    expect(await rules({ "a.conf": `${"10.0.0.1/33".repeat(5_000)}\n` }, "a.conf")).toContain("a.conf SYSCTL-SYNTAX");
  });

  it("reads a root folder as sysctl --system does", async () => {
    const files = {
      "node/etc/sysctl.d/50-k8s.conf": SAFE,
      "node/usr/lib/sysctl.d/50-k8s.conf": "net.ipv4.ip_forward = 0\n",
      "node/etc/sysctl.conf": "net.ipv4.ip_local_reserved_ports = 20000\n",
      "node/etc/sysconf.d/x.conf": "net.ipv4.ip_forward = 1\n",
    };
    expect(await rules(files, "node")).toEqual([
      "node/etc/sysconf.d/x.conf NOT-PERSISTED",
      "node/etc/sysctl.d/50-k8s.conf NODEPORT-OVERLAP",
      "node/etc/sysctl.conf RESERVED-OVERWRITES",
      "node/etc/sysctl.d/50-k8s.conf EPHEMERAL-ALLOCATED-BY-BIND0",
    ]);
  });

  it("applies the files of a sysctl.d folder by name, and named files in their order", async () => {
    const files = { "sysctl.d/b.conf": "net.ipv4.ip_forward = 0\n", "sysctl.d/a.conf": "net.ipv4.ip_forward = 1\n" };
    expect(await rules(files, "sysctl.d")).toContain("sysctl.d/b.conf FORWARDING-OFF");
    expect(await rules(files, "sysctl.d/b.conf", "sysctl.d/a.conf")).toEqual(["sysctl.d/b.conf SYSCTLD-PRECEDENCE"]);
  });

  it("takes NodePorts, versions and ports of the node from a cluster snapshot", async () => {
    const service = {
      kind: "ServiceList",
      items: [{ metadata: { namespace: "d", name: "web" }, spec: { ports: [{ port: 80, nodePort: 31056 }] } }],
    };
    const files = { "a.conf": WIDE, "cluster/svc.json": JSON.stringify(service) };
    const { out } = await check(files, "a.conf", "--cluster", "cluster");
    expect(out).toContain("connect() of kernel 6.12 may take the only NodePort as its source port: 31056");
  });

  it("reads a folder of exports: sysctl -a, uname -r and kubectl", async () => {
    const files = {
      "export/sysctl-a.txt": "net.ipv4.ip_local_port_range = 12000\t65001\nnet.ipv4.ip_local_reserved_ports = \n",
      "export/uname-r.txt": "5.4.188\n",
      "export/nodes.json": '{"kind":"List","items":[]}',
    };
    const { out } = await check(files, "export");
    expect(out).toContain("connect() of kernel 5.4.188 may take them");
  });

  it("takes a dump of sysctl -a for what it is: no file to mend", async () => {
    const dump = "net.netfilter.nf_conntrack_count = 7\nnet.ipv4.ip_local_port_range = 12000\t65001\n";
    const { out } = await check({ "export/sysctl-a.txt": dump }, "export", "--fix");
    expect(out).toContain("# no file of this target sets it: write net.ipv4.ip_local_reserved_ports = 30000-32767 to ");
    expect(out).not.toContain("---");
    expect(await rules({ "export/sysctl-a.txt": dump }, "export")).not.toContain("export/sysctl-a.txt SYSCTL-REFUSED");
  });

  it("gives the changes of --fix as JSON, too", async () => {
    const { out } = await check({ "a.conf": WIDE }, "a.conf", "--fix", "--format", "json");
    const { fixes }: { fixes: { candidates: { id: string }[]; patches: { file: string }[] }[] } = JSON.parse(out);
    expect(fixes[0]?.candidates.map(({ id }) => id)).toEqual(["reserve-range", "move-range"]);
    expect(fixes[0]?.patches.map(({ file }) => file)).toEqual(["a.conf"]);
  });

  it("refuses a broken snapshot with its place, and other wrong input", async () => {
    const broken = await check({ "a.conf": SAFE, "svc.json": '{"kind": "List", "items": [' }, "a.conf", "svc.json");
    expect([broken.exitCode, broken.out]).toEqual([2, ""]);
    expect(broken.err).toMatch(/^svc\.json:1:1: Cannot read the snapshot: /);
    expect((await check({}, "gone.conf")).err).toMatch(/^gone\.conf:1:1: Cannot check it: there is no such file\n/);
    expect((await check({ "a.conf": SAFE }, "a.conf", "--kernel", "2.6")).err).toBe(
      'sim: Cannot use --kernel "2.6": kernel 2.6 is older than 3.10, the oldest in the era table\n',
    );
    expect((await check({}, "a.conf", "--format", "pdf")).exitCode).toBe(2);
  });

  it("writes a baseline and then finds nothing new", async () => {
    const first = await check(
      { "a.conf": WIDE },
      "a.conf",
      "--write-baseline",
      "b.json",
      "--reason",
      "known",
      "--until",
      "2026-12-31",
    );
    expect([first.exitCode, first.err]).toEqual([
      0,
      "wrote 2 accepted findings to b.json; use it with --baseline b.json\n",
    ]);
    const files = { "a.conf": `# moved\n${WIDE}`, "b.json": first.files.get("b.json") ?? "" };
    expect((await check(files, "a.conf", "--baseline", "b.json")).exitCode).toBe(0);
  });

  it("makes the patch of --fix only with --write", async () => {
    const shown = await check({ "a.conf": WIDE }, "a.conf", "--fix");
    expect(shown.out).toContain("+net.ipv4.ip_local_reserved_ports = 30000-32767\n");
    expect(shown.files.get("a.conf")).toBe(WIDE);
    const written = await check({ "a.conf": WIDE }, "a.conf", "--fix", "--write");
    expect(written.files.get("a.conf")).toBe(SAFE);
    expect(written.err).toBe("wrote a.conf\n");
  });

  it("shows another change with --candidate, and none beyond the last", async () => {
    const second = await check({ "a.conf": WIDE }, "a.conf", "--candidate", "2");
    expect(second.out).toContain("+net.ipv4.ip_local_port_range = 32768 65001\n");
    expect((await check({ "a.conf": WIDE }, "a.conf", "--candidate", "9")).err).toBe(
      "sim: Cannot use --candidate 9: there are 2\n",
    );
  });

  it("checks each scenario of the gallery without a word about a broken one", async () => {
    const names = [
      "bridge-nf-off",
      "ip-forward-off",
      "clustered-nodeports",
      "reservation-funnel",
      "snat-picks-nodeport",
    ];
    const files = Object.fromEntries(
      names.map((name) => [`s/${name}.yaml`, readFileSync(`scenarios/${name}.yaml`, "utf8")]),
    );
    const found = await rules(files, "s");
    expect(found).toEqual(
      expect.arrayContaining([
        "s/bridge-nf-off.yaml BRIDGE-NF-OFF",
        "s/ip-forward-off.yaml FORWARDING-OFF",
        "s/clustered-nodeports.yaml NODEPORT-CLUSTERED",
        "s/reservation-funnel.yaml RESERVATION-FUNNEL",
        "s/snat-picks-nodeport.yaml SNAT-CAN-HIT-NODEPORT",
      ]),
    );
  });
});
