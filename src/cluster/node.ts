import { assert } from "../sim/assert.ts";
import type { EventLoop } from "../sim/event_loop.ts";
import { Fingerprint } from "../sim/fingerprint.ts";
import type { RandomStreams } from "../sim/random.ts";
import type { Device } from "../kernel/device.ts";
import { Machine } from "../kernel/machine.ts";
import type { Netns } from "../kernel/netns.ts";
import type { TraceSink } from "../kernel/trace.ts";
import type { Ipv4, Micros } from "../units.ts";
import { Churn, CLOSE_REQUEST_BYTES, KEEP_ALIVE_REQUEST_BYTES } from "./churn.ts";
import { Clients } from "./clients.ts";
import { cniMasqueradeRules } from "./cni_masquerade.ts";
import { Fabric } from "./fabric.ts";
import { Container } from "./kubelet/container.ts";
import { GRPC_REQUEST_BYTES } from "./kubelet/grpc_probe.ts";
import { Kubelet } from "./kubelet/kubelet.ts";
import { KubeProxy } from "./kube_proxy/kube_proxy.ts";
import { LoadBalancer } from "./load_balancer/load_balancer.ts";
import { nodeLocalDnsPod, SelfCheck } from "./node_local_dns.ts";
import type {
  ChurnOptions,
  InterfaceOptions,
  LoadBalancerOptions,
  NodeOptions,
  PodOptions,
  ServiceOptions,
} from "./options.ts";
import { addOutsideHosts } from "./outside_hosts.ts";
import { Server } from "./server.ts";
import { drawServices } from "./service_generator.ts";
import { Timeline } from "./timeline.ts";
import type { Site, Workload } from "./workload.ts";
import { Workloads } from "./workloads/workloads.ts";

/** One-way delay of the wire between the node and other hosts of its network. */
const WIRE_DELAY: Micros = 100;
const RESPONSE_BYTES = 850;

/**
 * A node with everything on it. A node by itself has the network behind it as one more namespace, which owns every
 * address that is not on the node: endpoints elsewhere, agents' servers, the gateway. One of several nodes is joined to
 * the others by a fabric, which owns these addresses then.
 */
export class Node implements Site {
  readonly machine: Machine;
  readonly netns: Netns;
  readonly kubelet: Kubelet;
  readonly kubeProxy: KubeProxy;
  readonly churn: readonly Churn[];
  readonly selfCheck: SelfCheck | undefined;
  /** All that connects on this node: probes, self-checks, agents. */
  readonly clients: Clients;
  readonly loadBalancers: readonly LoadBalancer[];
  /** Outcomes of all connections: (time, connection, port, result). */
  readonly fingerprint = new Fingerprint();
  /** All services, drawn ones included. */
  readonly services: readonly ServiceOptions[];
  readonly #options: NodeOptions;
  readonly #fabric: Fabric | undefined;
  /** The network behind a node by itself. */
  readonly #network: Netns | undefined;
  readonly #workloads: Workloads;
  readonly #timeline: Timeline;
  /** Of the pods that are on the node now and not in its own namespace. */
  readonly #podAddresses = new Set<Ipv4>();
  #removeMasquerade: (() => void) | undefined = undefined;
  #bridge: Device | undefined = undefined;

  /** @param site the event loop, for a node by itself; the fabric, for one of several. */
  constructor(options: NodeOptions, site: EventLoop | Fabric, random: RandomStreams, trace?: TraceSink) {
    this.#options = options;
    this.#fabric = site instanceof Fabric ? site : undefined;
    this.machine = new Machine({
      loop: site instanceof Fabric ? site.loop : site,
      era: options.kernel.era,
      random,
      memoryBytes: options.node.memoryBytes,
      ...(trace === undefined ? {} : { trace }),
      ...(this.#fabric === undefined ? {} : { group: this.#fabric.group }),
    });
    this.netns = this.machine.createNetns((this.#fabric === undefined ? undefined : options.node.name) ?? "node");
    this.netns.sourceNatPorts = new Uint32Array(65536);
    this.#network = this.#fabric === undefined ? this.machine.createNetns("network") : undefined;
    this.netns.loadBrNetfilter();
    // The CNI plugin that gives pods their addresses lets the node forward (containernetworking/plugins bridge.go).
    this.netns.sysctls.set("net.ipv4.ip_forward", "1");
    this.#writeSysctls();
    this.#buildInterfaces();
    this.clients = new Clients(this.machine, this.fingerprint);
    this.services = [...options.services, ...drawServices(options, random)];
    this.#workloads = new Workloads(options, this.services, {
      node: this.netns,
      network: this.#network,
      startOnNode: (pod) => {
        this.kubelet.startPod(this.#buildPod(pod));
        this.#masqueradePods();
      },
      terminateOnNode: (pod) => this.kubelet.terminatePod(pod.name),
      endOnNode: (pod) => this.#endPod(pod),
      changed: (services) => this.kubeProxy.servicesChanged(services),
    });
    this.kubelet = new Kubelet(options, this.netns, this.clients, (pod, isReady) =>
      this.#workloads.statuses.setReady(pod, isReady),
    );
    this.kubeProxy = new KubeProxy(options, this.#workloads.services, this.netns);
    for (const pod of options.pods) this.kubelet.add(this.#buildPod(pod));
    this.#masqueradePods();
    this.selfCheck = this.#buildNodeLocalDns();
    if (this.#network !== undefined) this.#buildNetwork(this.#network);
    this.churn = options.churn.map((churn) => new Churn(churn, this.#namespaceOf(churn), this.clients));
    this.loadBalancers = options.loadBalancers.map((balancer) => this.#buildLoadBalancer(balancer));
    const { deployments } = this.#workloads;
    this.#timeline = new Timeline(options.timeline, { node: this.netns, kubeProxy: this.kubeProxy, deployments });
  }

  /** Sets everything going: kube-proxy first, so that its ports are claimed before anyone connects. */
  start(): void {
    this.kubeProxy.start();
    this.kubelet.start();
    this.selfCheck?.start();
    for (const churn of this.churn) churn.start();
    for (const balancer of this.loadBalancers) balancer.start();
    this.#timeline.start();
  }

  get workloads(): readonly Workload[] {
    return this.selfCheck === undefined ? this.churn : [this.selfCheck, ...this.churn];
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
    for (const description of interfaces) {
      const { name, kind, addresses } = description;
      const device = kind === "physical" ? this.#buildCard(description) : this.netns.addDevice(name, kind);
      for (const { address, prefixLength } of addresses) this.netns.addAddress(device, address, prefixLength);
      if (kind === "bridge") this.#bridge ??= device;
      if (kind === "physical" && gateway !== undefined && this.netns.routes.lookup(8 << 24).kind === "none") {
        this.netns.addRoute({ destination: 0, prefixLength: 0, kind: "unicast", device, via: gateway });
      }
    }
  }

  #buildCard(description: InterfaceOptions): Device {
    const { name } = description;
    if (this.#network === undefined) {
      assert(this.#fabric !== undefined, "a node has a network of its own or is joined to others");
      return this.#fabric.join(this.netns, description, this.#options.node.gateway);
    }
    return this.machine.createVeth({ netns: this.netns, name }, { netns: this.#network, name }, WIRE_DELAY)[0];
  }

  /**
   * The CNI plugin's rules for the pods that there are now. kube-proxy's, which only touch what is marked, are asked before
   * those of the start, and behind these once a rollout has changed them: then marked packets get the plugin's ports.
   */
  #masqueradePods(): void {
    const { ipMasq, interfaces } = this.#options.node;
    this.#removeMasquerade?.();
    this.#removeMasquerade = undefined;
    if (ipMasq === "off" || this.#podAddresses.size === 0) return;
    const bridge = interfaces.find(({ kind }) => kind === "bridge")?.addresses[0];
    const rules = cniMasqueradeRules([...this.#podAddresses], bridge, ipMasq);
    this.#removeMasquerade = this.machine.loadRules(this.netns, rules);
  }

  #buildPod(pod: PodOptions): Container {
    const netns = pod.hostNetwork ? this.netns : this.#buildPodNetns(pod);
    const server = new Server(this.machine, `pod/${pod.name}`, {
      responseDelay: pod.responseDelay,
      responseBytes: RESPONSE_BYTES,
      waitsForClientShare: this.#options.kubelet.httpProbeClosesFirst,
      choice: this.machine.random.stream(`pod/${pod.name}/closes`),
      keepAliveRequestBytes: [KEEP_ALIVE_REQUEST_BYTES, GRPC_REQUEST_BYTES],
      closeRequestBytes: CLOSE_REQUEST_BYTES,
    });
    return new Container(pod, netns, server);
  }

  #buildPodNetns(pod: PodOptions): Netns {
    const netns = this.machine.createNetns(pod.name);
    this.#podAddresses.add(pod.address);
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

  /** The pod's container ends and its address is free; its namespace stays behind, without the address. */
  #endPod(pod: PodOptions): void {
    this.kubelet.endPod(pod.name);
    if (pod.hostNetwork) return;
    const netns = this.machine.netns(pod.name);
    const device = netns?.device("eth0");
    assert(netns !== undefined && device !== undefined, `the namespace of ${pod.name} exists`);
    netns.removeAddress(device, pod.address);
    this.#podAddresses.delete(pod.address);
    this.#masqueradePods();
    this.netns.removeRoute(pod.address, 32);
  }

  #buildNodeLocalDns(): SelfCheck | undefined {
    const options = this.#options.nodeLocalDns;
    if (options === undefined) return undefined;
    if (!this.netns.hasAddress(options.address)) {
      this.netns.addAddress(this.netns.addDevice("nodelocaldns", "dummy"), options.address, 32);
    }
    const pod = nodeLocalDnsPod(options);
    const { name } = this.#options.node;
    this.kubelet.add(this.#buildPod(this.#fabric === undefined ? pod : { ...pod, name: `${pod.name}-${name}` }));
    return options.selfCheck ? new SelfCheck(options, this.netns, this.clients) : undefined;
  }

  /** The network owns the gateway, endpoints that are not on the node and the servers of agents, and routes back through the node. */
  #buildNetwork(network: Netns): void {
    const { gateway, primaryAddress } = this.#options.node;
    addOutsideHosts(network, this.#options, {
      services: this.services,
      isOnNode: (address) => this.netns.hasAddress(address),
      ...(gateway === undefined ? {} : { gateway }),
      buildPods: (device) => this.#workloads.buildElsewhere(device),
    });
    const towardsNode = [...network.devices()].find((other) => other.peer?.netns === this.netns);
    if (towardsNode !== undefined) {
      network.addRoute({
        destination: 0,
        prefixLength: 0,
        kind: "unicast",
        device: towardsNode,
        via: primaryAddress,
      });
    }
  }

  #buildLoadBalancer(balancer: LoadBalancerOptions): LoadBalancer {
    assert(this.#network !== undefined, "a node with load balancers is by itself");
    const outside = { netns: this.#network, clients: this.clients };
    return new LoadBalancer(balancer, this.#options.node.primaryAddress, outside);
  }

  #namespaceOf({ from, source }: ChurnOptions): Netns {
    if (source !== undefined) {
      assert(this.#network !== undefined, "the fabric of several nodes has the agents elsewhere");
      return this.#network;
    }
    if (from === "node" || from === this.#options.node.name) return this.netns;
    const isOnHost = this.#options.pods.some(({ name, hostNetwork }) => hostNetwork && name === from);
    const netns = isOnHost ? this.netns : this.machine.netns(from);
    assert(netns !== undefined, `the namespace of ${from} exists`);
    return netns;
  }
}
