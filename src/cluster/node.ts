import { assert } from "../sim/assert.ts";
import type { EventLoop } from "../sim/event_loop.ts";
import { Fingerprint } from "../sim/fingerprint.ts";
import type { RandomStreams } from "../sim/random.ts";
import type { Device } from "../kernel/device.ts";
import { Machine } from "../kernel/machine.ts";
import type { Netns } from "../kernel/netns.ts";
import type { TraceSink } from "../kernel/trace.ts";
import type { Ipv4, Micros } from "../units.ts";
import { Churn } from "./churn.ts";
import { Clients } from "./clients.ts";
import { cniMasqueradeRules } from "./cni_masquerade.ts";
import { Container } from "./kubelet/container.ts";
import { Kubelet } from "./kubelet/kubelet.ts";
import { KubeProxy } from "./kube_proxy/kube_proxy.ts";
import { nodeLocalDnsPod, SELF_CHECK_REQUEST_BYTES, SelfCheck } from "./node_local_dns.ts";
import type { NodeOptions, PodOptions, ServiceOptions } from "./options.ts";
import { Server } from "./server.ts";
import { drawServices } from "./service_generator.ts";

/** One-way delay of the wire between the node and other hosts of its network. */
const WIRE_DELAY: Micros = 100;
const RESPONSE_BYTES = 850;

/**
 * A node with everything on it, and the network behind it as one more namespace that owns every address that is not on
 * the node: endpoints elsewhere, agents' servers, the gateway.
 */
export class Node {
  readonly machine: Machine;
  readonly netns: Netns;
  readonly kubelet: Kubelet;
  readonly kubeProxy: KubeProxy;
  readonly churn: readonly Churn[];
  readonly selfCheck: SelfCheck | undefined;
  /** Outcomes of all connections: (time, connection, port, result). */
  readonly fingerprint = new Fingerprint();
  /** All services, drawn ones included. */
  readonly services: readonly ServiceOptions[];
  readonly #options: NodeOptions;
  readonly #network: Netns;
  readonly #clients: Clients;
  #bridge: Device | undefined = undefined;

  constructor(options: NodeOptions, loop: EventLoop, random: RandomStreams, trace?: TraceSink) {
    this.#options = options;
    this.machine = new Machine({
      loop,
      era: options.kernel.era,
      random,
      memoryBytes: options.node.memoryBytes,
      ...(trace === undefined ? {} : { trace }),
    });
    this.netns = this.machine.createNetns("node");
    this.netns.sourceNatPorts = new Uint32Array(65536);
    this.#network = this.machine.createNetns("network");
    this.netns.loadBrNetfilter();
    // The CNI plugin that gives pods their addresses lets the node forward (containernetworking/plugins bridge.go).
    this.netns.sysctls.set("net.ipv4.ip_forward", "1");
    this.#writeSysctls();
    this.#buildInterfaces();
    this.#clients = new Clients(this.machine, this.fingerprint);
    this.services = [...options.services, ...drawServices(options, random)];
    this.kubelet = new Kubelet(options, this.netns, this.#clients);
    this.kubeProxy = new KubeProxy(options, this.services, this.netns);
    for (const pod of options.pods) this.kubelet.add(this.#buildPod(pod));
    this.#masqueradePods();
    this.selfCheck = this.#buildNodeLocalDns();
    this.#buildNetwork();
    this.churn = options.churn.map((churn) => new Churn(churn, this.#namespaceOf(churn.from), this.#clients));
  }

  /** Sets everything going: kube-proxy first, so that its ports are claimed before anyone connects. */
  start(): void {
    this.kubeProxy.start();
    this.kubelet.start();
    this.selfCheck?.start();
    for (const churn of this.churn) churn.start();
  }

  /** The source address of probes: what the route to the first pod prefers. */
  probeSource(): Ipv4 {
    const first = this.#options.pods[0];
    if (first === undefined) return this.#options.node.primaryAddress;
    return this.netns.routes.lookup(first.address).preferredSource;
  }

  #writeSysctls(): void {
    for (const [name, text] of this.#options.sysctls) {
      const problem = this.netns.sysctls.set(name, text);
      assert(problem === undefined, `the checked sysctl ${name} is accepted`);
    }
  }

  #buildInterfaces(): void {
    const { interfaces, gateway } = this.#options.node;
    for (const { name, kind, addresses } of interfaces) {
      const device =
        kind === "physical"
          ? this.machine.createVeth({ netns: this.netns, name }, { netns: this.#network, name }, WIRE_DELAY)[0]
          : this.netns.addDevice(name, kind);
      for (const { address, prefixLength } of addresses) this.netns.addAddress(device, address, prefixLength);
      if (kind === "bridge") this.#bridge ??= device;
      if (kind === "physical" && gateway !== undefined && this.netns.routes.lookup(8 << 24).kind === "none") {
        this.netns.addRoute({ destination: 0, prefixLength: 0, kind: "unicast", device, via: gateway });
      }
    }
  }

  /** The CNI plugin's rules; kube-proxy's, which only touch what is marked, are asked before them. */
  #masqueradePods(): void {
    const { ipMasq, interfaces } = this.#options.node;
    const pods = this.#options.pods.filter(({ hostNetwork }) => !hostNetwork).map(({ address }) => address);
    if (ipMasq === "off" || pods.length === 0) return;
    const bridge = interfaces.find(({ kind }) => kind === "bridge")?.addresses[0];
    this.machine.loadRules(this.netns, cniMasqueradeRules(pods, bridge, ipMasq));
  }

  #buildPod(pod: PodOptions): Container {
    const netns = pod.hostNetwork ? this.netns : this.#buildPodNetns(pod);
    const server = new Server(this.machine, `pod/${pod.name}`, {
      responseDelay: pod.responseDelay,
      responseBytes: RESPONSE_BYTES,
      waitsForClientShare: this.#options.kubelet.httpProbeClosesFirst,
      choice: this.machine.random.stream(`pod/${pod.name}/closes`),
      keepAliveRequestBytes: SELF_CHECK_REQUEST_BYTES,
    });
    return new Container(pod, netns, server);
  }

  #buildPodNetns(pod: PodOptions): Netns {
    const netns = this.machine.createNetns(pod.name);
    const [hostEnd, podEnd] = this.machine.createVeth(
      { netns: this.netns, name: `veth-${pod.name}` },
      { netns, name: "eth0" },
    );
    const bridge = this.#options.node.podNetwork === "bridge" ? this.#bridge : undefined;
    const bridgeAddress = bridge?.addresses[0];
    if (bridge !== undefined && bridgeAddress !== undefined) {
      this.machine.attachPort(bridge, hostEnd);
      netns.addAddress(podEnd, pod.address, bridgeAddress.prefixLength);
      netns.addRoute({ destination: 0, prefixLength: 0, kind: "unicast", device: podEnd, via: bridgeAddress.address });
    } else {
      const via = this.#options.node.primaryAddress;
      netns.addAddress(podEnd, pod.address, 32);
      netns.addRoute({ destination: 0, prefixLength: 0, kind: "unicast", device: podEnd, via });
      this.netns.addRoute({ destination: pod.address, prefixLength: 32, kind: "unicast", device: hostEnd });
    }
    return netns;
  }

  #buildNodeLocalDns(): SelfCheck | undefined {
    const options = this.#options.nodeLocalDns;
    if (options === undefined) return undefined;
    if (!this.netns.hasAddress(options.address)) {
      this.netns.addAddress(this.netns.addDevice("nodelocaldns", "dummy"), options.address, 32);
    }
    this.kubelet.add(this.#buildPod(nodeLocalDnsPod(options)));
    return options.selfCheck ? new SelfCheck(options, this.netns, this.#clients) : undefined;
  }

  /** The network owns the gateway, endpoints that are not on the node and the servers of agents, and routes back through the node. */
  #buildNetwork(): void {
    const { gateway, primaryAddress } = this.#options.node;
    const device = this.#network.addDevice("dummy0", "dummy");
    const own = (address: Ipv4): void => {
      const isOnNode = this.netns.hasAddress(address) || this.#options.pods.some((pod) => pod.address === address);
      const isClusterIp = this.services.some(({ clusterIp }) => clusterIp === address);
      if (!isOnNode && !isClusterIp && !this.#network.hasAddress(address))
        this.#network.addAddress(device, address, 32);
    };
    if (gateway !== undefined) own(gateway);
    for (const service of this.services) for (const endpoint of service.endpoints) own(endpoint);
    for (const churn of this.#options.churn) {
      own(churn.to.address);
      this.#serveChurn(churn.to, churn.closes);
    }
    const towardsNode = [...this.#network.devices()].find((other) => other.peer?.netns === this.netns);
    if (towardsNode !== undefined) {
      this.#network.addRoute({
        destination: 0,
        prefixLength: 0,
        kind: "unicast",
        device: towardsNode,
        via: primaryAddress,
      });
    }
  }

  /** A server for an agent's connections where the scenario has none: on another host, or on the node itself. */
  #serveChurn(to: { readonly address: Ipv4; readonly port: number }, closes: "client" | "server" | "reset"): void {
    if (!this.#network.hasAddress(to.address)) return;
    const server = new Server(this.machine, `network/${to.port}`, {
      responseDelay: 0,
      responseBytes: RESPONSE_BYTES,
      waitsForClientShare: closes === "server" ? 0 : 1,
    });
    server.listen(this.#network, to.address, to.port);
  }

  #namespaceOf(from: string): Netns {
    if (from === "node") return this.netns;
    const netns = this.machine.netns(from);
    assert(netns !== undefined, `the namespace of ${from} exists`);
    return netns;
  }
}
