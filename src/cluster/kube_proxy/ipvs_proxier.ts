import type { Ipvs } from "../../kernel/ipvs/ipvs.ts";
import type { RealServer, VirtualService } from "../../kernel/ipvs/virtual_service.ts";
import type { Netns } from "../../kernel/netns.ts";
import type { RandomStream } from "../../sim/random.ts";
import type { Ipv4, Micros, Port } from "../../units.ts";
import type { NodeOptions } from "../options.ts";
import { GracefulTermination } from "./graceful_termination.ts";
import { ipvsRules } from "./ipvs_rules.ts";
import { type KubeProxyEra, setsConnReuseMode } from "./kube_proxy_eras.ts";
import type { KubeProxyLog } from "./kube_proxy_log.ts";
import { NETLINK_REQUEST_TIME, NetlinkSocket, type NetlinkUser } from "./netlink_socket.ts";
import { IPVS_DEVICE, nodePortAddresses } from "./node_port_addresses.ts";
import type { ProxiedService, Proxier } from "./proxier.ts";
import { ownAddresses, type WantedServer, WantedServers } from "./wanted_servers.ts";

/** What a sync asks of IPVS for each virtual server: GetVirtualServer twice and GetRealServers. */
const REQUESTS_PER_VIRTUAL_SERVER = 3;

/** What the commands ipset and iptables-restore of a sync take: any time between the two, all alike; assumed. */
const COMMANDS_TIME_LEAST: Micros = 50_000;
const COMMANDS_TIME_MOST: Micros = 150_000;

/**
 * kube-proxy in IPVS mode, one process of it: virtual servers for ClusterIPs, external addresses and NodePorts on every
 * local address; sysctls; masquerading rules. A sync compares with what the kernel has, so that a process which begins
 * on a programmed node repairs what has changed in the meantime.
 *
 * Source: pkg/proxy/ipvs/proxier.go syncProxyRules, syncEndpoint, v1.12.2 v1.23.4.
 * Not modelled: services that come and go (their virtual servers stand from the first sync on); endpoints that are
 * terminating yet serving (1.26+); how far a sync that hangs had got: it has done its work.
 */
export class IpvsProxier implements Proxier {
  readonly #options: NodeOptions;
  readonly #node: Netns;
  readonly #ipvs: Ipvs;
  readonly #era: KubeProxyEra;
  readonly #order: RandomStream;
  readonly #commands: RandomStream;
  readonly #termination: GracefulTermination | undefined;
  readonly #socket: NetlinkSocket | undefined;
  readonly #wanted = new WantedServers();
  #synced: readonly ProxiedService[] | undefined = undefined;
  #virtualServers = 0;
  #requests = 0;
  #stuck: NetlinkUser | undefined = undefined;
  /** Whether the kernel may have less than the last sync left there. */
  #isDisturbed = false;

  constructor(options: NodeOptions, node: Netns, release: { readonly era: KubeProxyEra; readonly log: KubeProxyLog }) {
    const { era, log } = release;
    const { random } = node.machine;
    this.#options = options;
    this.#node = node;
    this.#ipvs = node.machine.requireIpvs(node);
    this.#era = era;
    this.#order = random.stream("kube-proxy/endpoint-order");
    this.#commands = random.stream("kube-proxy/commands");
    const graceful = era.gracefulTermination;
    if (graceful === undefined) return;
    this.#termination = new GracefulTermination(this.#ipvs, graceful, log);
    if (graceful.sharesNetlinkSocket) this.#socket = new NetlinkSocket(random.stream("kube-proxy/netlink"));
  }

  /** The loop that waits for ever for an answer on the netlink socket. */
  get stuck(): NetlinkUser | undefined {
    return this.#stuck;
  }

  /** Whether this release looks at leaving real servers every minute. */
  get hasTerminationLoop(): boolean {
    return this.#termination !== undefined;
  }

  /** How long the last sync takes; drawn only for releases in which it matters, 0 for the others. */
  drawSyncTime(): Micros {
    if (this.#socket === undefined) return 0;
    const commands = COMMANDS_TIME_LEAST + this.#commands.below(COMMANDS_TIME_MOST - COMMANDS_TIME_LEAST + 1);
    return this.#requests * NETLINK_REQUEST_TIME + commands;
  }

  /** Values that the operator has set in the scenario win: they stand for what is written after the proxy's start. */
  start(): void {
    const given = new Set(this.#options.sysctls.map(([name]) => name));
    const write = (name: string, value: string): void => {
      if (!given.has(name)) this.#node.sysctls.set(name, value);
    };
    write("net.ipv4.vs.conntrack", "1");
    if (this.#era.setsExpireSysctls) {
      write("net.ipv4.vs.expire_nodest_conn", "1");
      write("net.ipv4.vs.expire_quiescent_template", "1");
    }
    write("net.ipv4.ip_forward", "1");
    if (this.#era.setsRouteLocalnet) write("net.ipv4.conf.all.route_localnet", "1");
    if (setsConnReuseMode(this.#era, this.#node.machine.era)) write("net.ipv4.vs.conn_reuse_mode", "0");
    this.#deleteAllAtStart();
  }

  sync(services: readonly ProxiedService[]): void {
    this.#requests = REQUESTS_PER_VIRTUAL_SERVER * this.#virtualServers + 1;
    const isSettled = services === this.#synced && !this.#isDisturbed && (this.#termination?.size ?? 0) === 0;
    if (!isSettled) this.#program(services);
    this.#synced = services;
    this.#isDisturbed = false;
    this.#use("sync", this.#requests);
  }

  /** The minute's look at leaving real servers. @returns how long it takes. */
  terminate(): Micros {
    if (this.#termination === undefined || this.#termination.size === 0 || this.#stuck === "termination") return 0;
    const requests = this.#termination.flush();
    this.#isDisturbed = true;
    this.#use("termination", requests);
    return requests * NETLINK_REQUEST_TIME;
  }

  /** Real servers that take new connections although no ready endpoint of their service has their address. */
  staleServers(services: readonly ProxiedService[]): number {
    let count = 0;
    for (const wanted of this.#wantedBy(services)) {
      const virtual = this.#ipvs.findService(wanted.protocol, wanted.address, wanted.port);
      for (const server of virtual?.servers ?? []) {
        if (server.weight > 0 && !wanted.endpoints.includes(server.address)) count += 1;
      }
    }
    return count;
  }

  #deleteAllAtStart(): void {
    const termination = this.#termination;
    if (termination === undefined || this.#era.gracefulTermination?.deletesAllAtStart !== true) return;
    for (const virtual of this.#ipvs.services()) {
      for (const server of virtual.servers.slice()) termination.delete(virtual, server);
    }
  }

  #program(services: readonly ProxiedService[]): void {
    const isFirst = this.#node.device(IPVS_DEVICE) === undefined;
    if (isFirst) this.#node.machine.loadRules(this.#node, ipvsRules(services));
    this.#bindServiceAddresses(services);
    const wanted = this.#wantedBy(services);
    for (const server of wanted) this.#syncVirtualServer(server);
    this.#virtualServers = wanted.length;
  }

  #bindServiceAddresses(services: readonly ProxiedService[]): void {
    const device = this.#node.device(IPVS_DEVICE) ?? this.#node.addDevice(IPVS_DEVICE, "dummy");
    for (const { spec } of services) {
      for (const address of ownAddresses(spec)) {
        if (!this.#node.hasAddress(address)) this.#node.addAddress(device, address, 32);
      }
    }
  }

  #wantedBy(services: readonly ProxiedService[]): readonly WantedServer[] {
    return this.#wanted.of(services, nodePortAddresses(this.#node, this.#options.kubeProxy, this.#era));
  }

  #syncVirtualServer({ protocol, address, port, targetPort, endpoints }: WantedServer): void {
    const found = this.#ipvs.findService(protocol, address, port);
    const virtual = found ?? this.#ipvs.addService(protocol, address, port, this.#options.kubeProxy.scheduler);
    const before = [...virtual.servers];
    // Endpoints come out of a Go set, that is in random order.
    const left = endpoints.filter((endpoint) => this.#isToBeAdded(virtual, before, { endpoint, targetPort }));
    while (left.length > 0) {
      const chosen = left.splice(this.#order.below(left.length), 1)[0]!;
      this.#ipvs.addServer(virtual, chosen, targetPort, 1);
      this.#requests += 1;
    }
    for (const server of before) {
      if (server.isAvailable && !endpoints.includes(server.address)) this.#letGo(virtual, server);
    }
  }

  /** Whether an endpoint needs a real server; one that was leaving is deleted first. */
  #isToBeAdded(
    virtual: VirtualService,
    servers: readonly RealServer[],
    { endpoint, targetPort }: { readonly endpoint: Ipv4; readonly targetPort: Port },
  ): boolean {
    const server = servers.find(({ address, port }) => address === endpoint && port === targetPort);
    if (server === undefined) return true;
    if (this.#termination?.isLeaving(virtual, endpoint, targetPort) === true) {
      this.#requests += 1;
      return this.#termination.takeBack(virtual, endpoint, targetPort);
    }
    // The first sync of a process gives back the weight that the process before took away (1.15+).
    if (this.#synced === undefined && server.weight === 0) this.#ipvs.setWeight(virtual, server, 1);
    return false;
  }

  #letGo(virtual: VirtualService, server: RealServer): void {
    if (this.#termination === undefined) {
      this.#ipvs.deleteServer(virtual, server);
      this.#requests += 1;
    } else if (!this.#termination.isLeaving(virtual, server.address, server.port)) {
      this.#requests += this.#termination.delete(virtual, server);
    }
  }

  #use(user: NetlinkUser, requests: number): void {
    if (this.#socket === undefined || this.#stuck !== undefined) return;
    this.#stuck = this.#socket.begin(user, requests, this.#node.machine.loop.now);
  }
}
