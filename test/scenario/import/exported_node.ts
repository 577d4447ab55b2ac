import { Cluster } from "../../../src/cluster/cluster.ts";
import { showConntrack } from "../../../src/kernel/show/conntrack_text.ts";
import { showIpvs, showIpvsSave } from "../../../src/kernel/show/ipvs_text.ts";
import { showSs } from "../../../src/kernel/show/ss_text.ts";
import { sysctlNames } from "../../../src/kernel/sysctl.ts";
import type { Pod, Probe, Scenario, Service } from "../../../src/scenario/scenario.ts";
import { EventLoop } from "../../../src/sim/event_loop.ts";
import { RandomStreams } from "../../../src/sim/random.ts";
import { formatIpv4, SECOND } from "../../../src/units.ts";
import type { ExportFile } from "../../../src/scenario/import/read_exports.ts";

/** What the collector would fill a folder with, had it run on a simulated node after so many seconds. */
export function exportNode(scenario: Scenario, seconds: number): ExportFile[] {
  const loop = new EventLoop();
  const cluster = new Cluster(scenario, loop, new RandomStreams(scenario.seed, 0));
  cluster.start();
  loop.runUntil(seconds * SECOND);
  const { netns } = cluster.nodes[0]!.node;
  const sysctls = sysctlNames()
    .filter((name) => !name.includes("*"))
    .map((name) => `${name} = ${netns.sysctls.text(name)}\n`);
  return filesOf({
    "ss-tan.txt": showSs(netns),
    "conntrack-L.txt": showConntrack(netns),
    "ipvsadm-Ln.txt": showIpvs(netns),
    "ipvsadm-save.txt": showIpvsSave(netns),
    "sysctl-a.txt": sysctls.join(""),
    "uname-a.txt": `Linux node-1 ${scenario.kernel.build} #1 SMP x86_64 GNU/Linux\n`,
    "ip-addr.txt": ipAddr(scenario),
    "kubectl.json": kubectl(scenario),
  });
}

/** Files by name. */
export function filesOf(texts: Readonly<Record<string, string | Uint8Array>>): ExportFile[] {
  return Object.entries(texts).map(([path, content]) => ({
    path,
    bytes: typeof content === "string" ? new TextEncoder().encode(content) : content,
  }));
}

function ipAddr({ node }: Scenario): string {
  const all = [
    { name: "lo", addresses: ["127.0.0.1/8"] },
    ...node.interfaces.map(({ name, addresses }) => ({
      name,
      addresses: addresses.map(({ address, prefixLength }) => `${formatIpv4(address)}/${prefixLength}`),
    })),
  ];
  return all
    .map(({ name, addresses }, index) => {
      const lines = addresses.map((address) => `    inet ${address} scope global ${name}\n       valid_lft forever\n`);
      return `${index + 1}: ${name}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP\n${lines.join("")}`;
    })
    .join("");
}

/** `kubectl get svc,pods,nodes,endpointslices -A -o json` of a scenario without generated services. */
function kubectl({ pods, services, kubelet, kubeProxy, node }: Scenario): string {
  const release = kubelet.version.join(".");
  const items = [
    {
      kind: "Node",
      metadata: { name: "node-1" },
      status: {
        addresses: [{ type: "InternalIP", address: formatIpv4(node.primaryAddress) }],
        nodeInfo: { kubeletVersion: `v${release}` },
      },
    },
    {
      kind: "Pod",
      metadata: { name: "kube-proxy-x", namespace: "kube-system" },
      spec: {
        nodeName: "node-1",
        hostNetwork: true,
        containers: [{ name: "kube-proxy", image: `example.com/kube-proxy:v${kubeProxy.version.join(".")}` }],
      },
      status: { phase: "Running", podIP: formatIpv4(node.primaryAddress) },
    },
    {
      kind: "Pod",
      metadata: { name: "kube-apiserver-elsewhere", namespace: "kube-system" },
      spec: {
        nodeName: "control-plane",
        hostNetwork: true,
        containers: [
          {
            name: "kube-apiserver",
            image: "example.com/kube-apiserver:v1.23.10",
            command: ["kube-apiserver", `--service-node-port-range=${kubeProxy.nodePortRange.join("-")}`],
          },
        ],
      },
      status: { phase: "Running" },
    },
    ...pods.map(podObject),
    ...services.flatMap(serviceObjects),
  ];
  return JSON.stringify({ apiVersion: "v1", kind: "List", items }, null, 4);
}

function podObject({ name, address, hostNetwork, listen, ...probes }: Pod): object {
  const [namespace, own] = name.split("/");
  const { readinessProbe, livenessProbe } = probes;
  const container = {
    name: "main",
    image: "example.com/app:1",
    ports: listen.map((port) => ({ containerPort: port, protocol: "TCP" })),
    ...(readinessProbe === undefined ? {} : { readinessProbe: probeObject(readinessProbe) }),
    ...(livenessProbe === undefined ? {} : { livenessProbe: probeObject(livenessProbe) }),
  };
  return {
    kind: "Pod",
    metadata: { name: own, namespace },
    spec: { nodeName: "node-1", hostNetwork, containers: [container] },
    status: { phase: "Running", podIP: formatIpv4(address), hostIP: "10.0.0.1" },
  };
}

function probeObject({ handler, ...times }: Probe): object {
  const { kind, ...asked } = handler;
  return { [kind]: asked, ...times };
}

function serviceObjects({ name, type, clusterIp, ports, endpoints }: Service): object[] {
  const [namespace, own] = name.split("/");
  const slicePorts = ports.map(({ targetPort, protocol }, index) => ({
    name: `p${index}`,
    port: targetPort,
    protocol,
  }));
  return [
    {
      kind: "Service",
      metadata: { name: own, namespace },
      spec: {
        type,
        clusterIP: clusterIp === undefined ? "None" : formatIpv4(clusterIp),
        ports: ports.map((port, index) => ({ name: `p${index}`, ...port })),
      },
    },
    {
      kind: "EndpointSlice",
      addressType: "IPv4",
      metadata: { name: `${own}-abcde`, namespace, labels: { "kubernetes.io/service-name": own } },
      endpoints: endpoints.map((address) => ({ addresses: [formatIpv4(address)], conditions: { ready: true } })),
      ports: slicePorts,
    },
  ];
}
