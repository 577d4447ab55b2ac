/** A kind of export, by the tool that writes it. */
export type ExportKind =
  | "kubectl"
  | "kube-proxy configuration"
  | "kubelet configuration"
  | "process arguments"
  | "kubectl get svc"
  | "sysctl -a"
  | "sysctl.d"
  | "ss -tan"
  | "conntrack -L"
  | "ipvsadm -Ln"
  | "ipvsadm-save -n"
  | "iptables-save"
  | "uname"
  | "version_signature"
  | "kernel configuration"
  | "ip addr"
  | "meminfo";

/** One command of the collector. */
export interface CollectorCommand {
  readonly kind: ExportKind;
  /** The file that it fills; below it for a folder. */
  readonly file: string;
  readonly command: string;
  /** Where it runs: on the node as root, or wherever kubectl works. */
  readonly where: "node" | "kubectl";
  /** What the scenario takes from it. */
  readonly gives: string;
}

/** The commands in the order in which they run: the tables that move come first and close to each other. */
const COLLECTOR: readonly CollectorCommand[] = [
  node("ss -tan", "ss-tan.txt", "ss -tan", "churn that the node closes first, listening ports"),
  node("conntrack -L", "conntrack-L.txt", "conntrack -L", "churn of pods and through NodePorts, occupancy"),
  node("ipvsadm -Ln", "ipvsadm-Ln.txt", "ipvsadm -Ln", "the proxy mode; services where kubectl is missing"),
  node("ipvsadm-save -n", "ipvsadm-save.txt", "ipvsadm-save -n", "the same, if only this was saved"),
  node("iptables-save", "iptables-save.txt", "iptables-save", "the proxy mode, masquerading, drops of INVALID"),
  node("sysctl -a", "sysctl-a.txt", "sysctl -a", "sysctls"),
  node("uname", "uname-a.txt", "uname -a", "the kernel build, the node's name"),
  node("version_signature", "version_signature.txt", "cat /proc/version_signature", "Ubuntu: the upstream release"),
  node("kernel configuration", "kernel-hz.txt", 'grep "^CONFIG_HZ=" "/boot/config-$(uname -r)"', "HZ"),
  node("ip addr", "ip-addr.txt", "ip -4 addr", "interfaces and addresses"),
  node("meminfo", "meminfo.txt", "grep MemTotal /proc/meminfo", "memory"),
  node(
    "process arguments",
    "arguments.txt",
    "ps -eo args | grep -E '(^|/)(kube-proxy|kubelet|kube-apiserver) ' | grep -v grep",
    "flags of kube-proxy and kube-apiserver",
  ),
  node("sysctl.d", "sysctl.d/", "cp /etc/sysctl.conf /etc/sysctl.d/*.conf", "what a reboot would change"),
  {
    kind: "kubectl",
    file: "kubectl.json",
    command: "kubectl get svc,pods,nodes,endpointslices -A -o json",
    where: "kubectl",
    gives: "services, pods and probes, versions, addresses",
  },
  {
    kind: "kube-proxy configuration",
    file: "kube-proxy.yaml",
    command: "kubectl -n kube-system get configmap kube-proxy -o yaml",
    where: "kubectl",
    gives: "the proxy mode, scheduler, nodePortAddresses",
  },
];

function node(kind: ExportKind, file: string, command: string, gives: string): CollectorCommand {
  return { kind, file, command, where: "node", gives };
}

/** How to collect a kind, to complete "collect it with ". */
export function howToCollect(kind: ExportKind): string {
  const command = COLLECTOR.find((candidate) => candidate.kind === kind);
  return command === undefined ? "" : `${command.command} > ${command.file}`;
}

/**
 * The shell script that `sim import --commands` prints. It only reads; a command that fails leaves an empty file and its
 * message in one that ends in `.err`.
 *
 * @example
 * ```ts
 * console.log(collectorScript().includes("ss -tan")); // true
 * ```
 */
export function collectorScript(): string {
  return [
    "# What `sim import` reads. Nothing is changed and nothing is installed; what is missing is assumed, and said.",
    "# 1. On the node, as root:",
    "mkdir -p node-export/sysctl.d && cd node-export",
    ...commandLines("node"),
    "# 2. In the same folder, wherever kubectl works (or copy the file there):",
    ...commandLines("kubectl"),
    "# 3. Anywhere: sim import node-export --out scenario.yaml",
    "",
  ].join("\n");
}

function commandLines(where: CollectorCommand["where"]): string[] {
  return COLLECTOR.filter((command) => command.where === where).map(({ command, file }) =>
    file.endsWith("/")
      ? `${command} ${file} 2> ${file.slice(0, -1)}.err`
      : `${command} > ${file} 2> ${file.replace(/\.[a-z]+$/, "")}.err`,
  );
}
