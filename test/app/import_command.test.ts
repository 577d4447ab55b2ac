import { describe, expect, it } from "vitest";
import { parseCommandLine } from "../../src/app/cli/command_line.ts";
import { runCli } from "../../src/app/cli/run_cli.ts";
import { collectorScript } from "../../src/scenario/import/collector.ts";
import { parseScenario } from "../../src/scenario/scenario.ts";
import { memoryIo } from "./memory_io.ts";

const EXPORT = {
  "node/uname-a.txt": "Linux worker-1 6.1.55 #1 SMP x86_64 GNU/Linux\n",
  "node/sysctl-a.txt": "net.ipv4.ip_local_port_range = 1024\t65000\n",
  "node/ip-addr.txt": "2: eth0: <UP> mtu 1500\n    inet 10.1.2.3/24 scope global eth0\n",
  "node/ipvsadm.err": "bash: ipvsadm: command not found\n",
};

function parse(words: string) {
  return parseCommandLine(words.split(" "), { environment: {}, version: "0.1.0", columns: 100 });
}

describe("sim import", () => {
  it("writes a scenario that has no problem, and says what it read and assumed", async () => {
    const io = memoryIo(EXPORT);
    expect(await runCli(["import", "node/", "--out", "s.yaml"], io)).toBe(0);
    expect(parseScenario(io.files.get("s.yaml") ?? "", "s.yaml", [])).toMatchObject({ ok: true });
    expect(io.err()).toBe(`read node/ip-addr.txt: ip addr
read node/sysctl-a.txt: sysctl -a
read node/uname-a.txt: uname
assumed: pods and their probes are those that the sockets show (kubectl get svc,pods,nodes,endpointslices -A -o json > kubectl.json)
assumed: the cluster has no services (kubectl get svc,pods,nodes,endpointslices -A -o json > kubectl.json)
assumed: the kubelet's release is 1.30.0 (kubectl get svc,pods,nodes,endpointslices -A -o json > kubectl.json)
assumed: kube-proxy's release is 1.30.0: it decides whether NodePorts are held open
assumed: kube-proxy's mode is iptables, its default (ipvsadm -Ln > ipvsadm-Ln.txt)
assumed: the NodePort range is the default, widened where NodePorts lie outside: a flag of kube-apiserver says it
wrote s.yaml; next: npx --no sim run s.yaml
`);
    expect(io.out()).toBe("");
  });

  it("prints the scenario without --out", async () => {
    const io = memoryIo(EXPORT);
    expect(await runCli(["import", "node"], io)).toBe(0);
    expect(io.out()).toMatch(/^# yaml-language-server: \$schema=\.\/scenario\.schema\.json\n/);
  });

  it("writes nothing where a file is broken, and never over a file that is there", async () => {
    const broken = memoryIo({ ...EXPORT, "node/ss-tan.txt": "what is this\n" });
    expect(await runCli(["import", "node", "--out", "s.yaml"], broken)).toBe(2);
    expect(broken.files.has("s.yaml")).toBe(false);
    expect(broken.err()).toContain("node/ss-tan.txt:1:1: Cannot tell what this file is (its name says ss -tan)");
    expect(broken.err()).toContain("1 problem; nothing was written\n");
    const there = memoryIo({ ...EXPORT, "s.yaml": "mine" });
    expect(await runCli(["import", "node", "--out", "s.yaml"], there)).toBe(2);
    expect(there.files.get("s.yaml")).toBe("mine");
  });

  it("refuses a folder that is not there, an empty one, and a file that is too large", async () => {
    const missing = memoryIo();
    expect(await runCli(["import", "node"], missing)).toBe(2);
    expect(missing.err()).toContain("node:1:1: Cannot read the exports: there is no such file");
    const useless = memoryIo({ "node/ss-tan.txt": "\n" });
    expect(await runCli(["import", "node"], useless)).toBe(2);
    expect(useless.err()).toContain("Cannot make a scenario: no file of the folder is an export");
    const large = memoryIo(EXPORT, { readBytes: async () => ({ ok: false, tooMany: 300_000_000 }) });
    expect(await runCli(["import", "node"], large)).toBe(2);
    expect(large.err()).toContain("node/ip-addr.txt:1:1: Cannot read a file of 300000000 bytes: the most is 268435456");
  });

  it("replaces names and addresses, and says in a file of its own what stands for what", async () => {
    const io = memoryIo(EXPORT);
    expect(await runCli(["import", "node", "--redact", "--redact-map", "m.json", "--out", "s.yaml"], io)).toBe(0);
    expect(io.files.get("s.yaml")).not.toMatch(/worker-1|10\.1\.2\.3/);
    expect(JSON.parse(io.files.get("m.json") ?? "")).toEqual({
      addresses: { "10.0.0.1": "10.1.2.3" },
      names: { "node-1": "worker-1" },
    });
  });

  it("prints the commands that collect the exports", async () => {
    const io = memoryIo();
    expect(await runCli(["import", "--commands"], io)).toBe(0);
    expect(io.out()).toBe(collectorScript());
  });

  it.each([
    ["import", "Cannot import without a folder of exports: see --commands"],
    ["import node --commands", "Cannot use --commands with a folder: it prints what fills one"],
    ["import node --redact-map m.json", "Cannot use --redact-map without --redact"],
    ["import node --out a --out b", "Cannot use --out 2 times: give it once"],
  ])("does not take %s", (words, message) => {
    expect(parse(words)).toEqual({ command: "wrong", message: `sim: ${message}\nSee: sim import --help` });
  });
});

describe("The collector's script", () => {
  it("only reads: nothing in it writes but into its own folder", () => {
    const commands = collectorScript()
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    for (const command of commands)
      expect(command).toMatch(
        /^(mkdir -p node-export\/sysctl\.d && cd node-export|cp \/etc\/.* sysctl\.d\/ 2> sysctl\.d\.err|[^>]+ > [\w.-]+ 2> [\w.-]+\.err)$/,
      );
    expect(commands.join("\n")).not.toMatch(/ -w|apply|delete|edit|--flush|-F |install|curl/);
  });

  it("leaves no table of names behind where the scenario cannot be written", async () => {
    const io = memoryIo(EXPORT);
    const writeNewFile: typeof io.writeNewFile = async (path, text) =>
      path === "s.yaml" ? "no space is left on the device" : io.writeNewFile(path, text);
    const words = "import node/ --out s.yaml --redact --redact-map names.json".split(" ");
    expect(await runCli(words, { ...io, writeNewFile })).toBe(2);
    expect(io.err()).toMatch(/sim: Cannot write "s\.yaml": no space is left on the device\n$/);
    expect([...io.files.keys()]).toEqual(Object.keys(EXPORT));
  });
});
