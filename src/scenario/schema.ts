import { z } from "zod";
import {
  address,
  clusterIp,
  duration,
  finite,
  interfaceAddress,
  oneOf,
  port,
  portSpan,
  possiblyEmptyText,
  rate,
  share,
  target,
  text,
  truth,
  version,
  whole,
} from "./leaves.ts";
import { cloud, overlay } from "./between_nodes_schema.ts";
import { LIST_MOST, REPLICATIONS_MOST } from "./size_limits.ts";

const kernel = z
  .union([
    text("A kernel build.", "a kernel build such as 5.4.188"),
    z.strictObject({
      build: text("The build, such as 5.15.0-91-generic.", "a kernel build such as 5.4.188"),
      portWalk: text(
        "The port walk of a build without a row in the era table: 3.10, 4.2-4.5, 4.6-5.11, 5.12-5.17 or 5.18+.",
        "one of 3.10, 4.2-4.5, 4.6-5.11, 5.12-5.17, 5.18+",
      ).optional(),
      hz: whole("Timer ticks per second (CONFIG_HZ): 100, 250, 300 or 1000.", 100, 1000).optional(),
    }),
  ])
  .describe("The node's kernel build as text (5.10 is 5.10); it decides the port walk and much else.");

function sysctlTable(description: string) {
  return z
    .record(
      z.string().regex(/^[a-zA-Z][a-zA-Z0-9_.\-/@*]*$/),
      possiblyEmptyText("The value, as it would be written to /proc/sys.", 'a value as text; "" for an empty one'),
    )
    .prefault({})
    .describe(description);
}

const node = z
  .strictObject({
    name: text("The node's name; else node-0, node-1 … where there are several.", "a name").optional(),
    count: whole(
      "How many nodes of this kind there are; addresses and pod networks follow those of the first.",
      1,
      100_000,
    ).optional(),
    interfaces: z
      .array(
        z.strictObject({
          name: text("The interface's name.", "a name such as eth0"),
          kind: oneOf("physical, bridge (pods hang on it) or dummy.", ["physical", "bridge", "dummy"]).prefault(
            "physical",
          ),
          addresses: z
            .array(interfaceAddress("An address with its prefix."))
            .max(LIST_MOST.entry)
            .describe("Its IPv4 addresses with prefixes."),
        }),
      )
      .max(LIST_MOST.entry)
      .describe("The node's interfaces with their addresses; the first physical one is the primary one."),
    podNetwork: oneOf("bridge, or routed: one route per pod, as Calico and AWS do.", ["bridge", "routed"]).prefault(
      "bridge",
    ),
    ipMasq: oneOf("Whether the CNI plugin masquerades pods to other networks, and draws the port.", [
      "off",
      "on",
      "random-fully",
    ]).prefault("off"),
    podCIDR: interfaceAddress(
      "The network that pods take addresses from; with a bridge it is the bridge's.",
    ).optional(),
    gateway: address("The default route's next hop; else the first host of the primary network.").optional(),
    sysctls: sysctlTable("Sysctls of this node alone, written after those of all nodes."),
    memoryBytes: whole("Memory, which sizes the kernel's tables.", 268_435_456, 70_368_744_177_664).prefault(
      17_179_869_184,
    ),
  })
  .describe("The node: interfaces, addresses, pod network.");

function probe(description: string) {
  return z
    .strictObject({
      httpGet: z
        .strictObject({
          port: port("The port that is asked."),
          path: text("The path that is asked for.", "a path such as /healthz").prefault("/"),
          host: address("Another address than the pod's.").optional(),
          scheme: oneOf("HTTP or HTTPS.", ["HTTP", "HTTPS"]).prefault("HTTP"),
        })
        .optional()
        .describe("An HTTP request; a new connection each time."),
      tcpSocket: z
        .strictObject({
          port: port("The port that is connected to."),
          host: address("Another address than the pod's.").optional(),
        })
        .optional()
        .describe("A connect and a close."),
      exec: z
        .strictObject({
          command: z
            .array(text("A word of the command.", "text"))
            .max(LIST_MOST.entry)
            .optional()
            .describe("The command."),
        })
        .optional()
        .describe("A command in the container: it opens no connection and succeeds."),
      grpc: z
        .strictObject({
          port: port("The port that is asked."),
          service: text("The service whose health is asked for; it changes no packet here.", "a name").optional(),
        })
        .optional()
        .describe("A gRPC health check over a new connection, which the kubelet closes."),
      initialDelaySeconds: whole("Seconds from the container's start to the first probe.", 0, 86_400).prefault(0),
      periodSeconds: whole("Seconds between probes.", 1, 86_400).prefault(10),
      timeoutSeconds: whole("Seconds until a probe without an answer fails.", 1, 86_400).prefault(1),
      successThreshold: whole("Successes in a row that count; 1 for liveness and startup probes.", 1, 1000).prefault(1),
      failureThreshold: whole("Failures in a row that count.", 1, 1000).prefault(3),
      terminationGracePeriodSeconds: whole("Seconds between SIGTERM and SIGKILL.", 1, 86_400).optional(),
    })
    .describe(description);
}

const pod = z.strictObject({
  name: text("namespace/name.", "a name such as default/nginx"),
  replicas: whole("How many such pods run on the node.", 0, 65_534).prefault(1),
  nodeName: text(
    "The node it runs on; else pods take the nodes in turn. Beside one node, another name means elsewhere, unprobed.",
    "the name of a node",
  ).optional(),
  podCIDR: interfaceAddress("The network its addresses come from, when it runs elsewhere.").optional(),
  address: address("Its address; else the next free one of the pod network.").optional(),
  hostNetwork: truth("Whether it shares the node's network namespace and address.").prefault(false),
  listen: z.array(port("A TCP port.")).max(LIST_MOST.entry).prefault([]).describe("The TCP ports that it listens on."),
  readinessProbe: probe("Decides whether the pod is Ready.").optional(),
  livenessProbe: probe("Decides whether the container is restarted.").optional(),
  startupProbe: probe(
    "Holds the other probes back until it succeeds; containers of the beginning have passed it.",
  ).optional(),
  responseDelay: duration("From a request to its response.").prefault("500us"),
  containerStart: duration("From the start of the container until its process listens.").prefault("1s"),
  containerStop: duration("From SIGTERM until its process has ended.").prefault("2s"),
  networkPolicy: oneOf("none, or deny: nobody but the kubelet of its node reaches it.", ["none", "deny"]).prefault(
    "none",
  ),
});

const protocol = oneOf("The transport protocol.", ["TCP", "UDP", "SCTP"]).prefault("TCP");

const endpoints = z
  .array(address("The address of an endpoint."))
  .max(LIST_MOST.entry)
  .prefault([])
  .describe("The addresses behind the service; none means virtual servers without real servers.");

const service = z.strictObject({
  name: text("namespace/name.", "a name such as kube-system/kubernetes-dashboard"),
  type: oneOf("The service's type.", ["ClusterIP", "NodePort", "LoadBalancer"]),
  clusterIP: clusterIp("Its cluster address, or None.").optional(),
  externalIPs: z
    .array(address("An external address."))
    .max(LIST_MOST.entry)
    .prefault([])
    .describe("External addresses that lead to the node."),
  ports: z
    .array(
      z.strictObject({
        name: text("The port's name.", "a name").optional(),
        port: port("The port on the cluster address."),
        nodePort: port("The port on the node's addresses; inside kubeProxy.nodePortRange.").optional(),
        targetPort: port("The port of the endpoints; else the same as port.").optional(),
        protocol,
      }),
    )
    .min(1)
    .max(LIST_MOST.entry)
    .describe("The service's ports."),
  endpoints,
  selector: text("The entry of pods that it selects; those that are Ready are endpoints too.", "a name").optional(),
});

const serviceGenerator = z.strictObject({
  generate: whole("How many services of type NodePort to make.", 0, 65_535),
  name: text("A name, by which --set and --vary reach this entry.", "a name").optional(),
  type: oneOf("NodePort.", ["NodePort"]).prefault("NodePort"),
  nodePorts: oneOf("random: drawn one by one; contiguous: one block at a drawn place; listed: see list.", [
    "random",
    "contiguous",
    "listed",
  ]).prefault("random"),
  list: z
    .array(port("A NodePort."))
    .max(65_535)
    .optional()
    .describe("The NodePorts, one for each service, with nodePorts: listed."),
  port: port("The port on the cluster address.").prefault(80),
  targetPort: port("The port of the endpoints; else the same as port.").optional(),
  protocol,
  endpoints,
});

const kubeProxy = z
  .strictObject({
    version: version("kube-proxy's release; it decides whether NodePorts are held open."),
    mode: oneOf("The proxy mode.", ["ipvs", "iptables", "nftables", "userspace"]),
    nodePortRange: portSpan("The apiserver's --service-node-port-range.").prefault("30000-32767"),
    scheduler: oneOf("The IPVS scheduler.", [
      "rr",
      "wrr",
      "lc",
      "wlc",
      "sh",
      "dh",
      "mh",
      "sed",
      "nq",
      "lblc",
      "lblcr",
    ]).prefault("rr"),
    nodePortAddresses: z
      .array(interfaceAddress("A network whose local addresses take NodePorts."))
      .max(LIST_MOST.entry)
      .optional()
      .describe("--nodeport-addresses; else all local addresses."),
  })
  .describe("kube-proxy: version, mode and flags.");

const nodeLocalDns = z
  .union([
    oneOf("No node-local-dns.", ["off"]),
    z.strictObject({
      version: version("The CoreDNS release inside node-local-dns."),
      address: address("The address it serves, on an interface of the node."),
      healthPort: port("The port of its health page.").prefault(8080),
      livenessProbe: probe("The kubelet's probe of it; else as in its manifest.").optional(),
      selfCheck: oneOf("Whether its health plugin asks itself once a second.", ["on", "off"]).prefault("on"),
    }),
  ])
  .describe("node-local-dns, whose health plugin opens one connection a second to itself; or off.");

const churn = z.strictObject({
  name: text("The workload's name.", "a name"),
  from: text(
    "Who connects: node (the first), the name of a node or a pod, or the address of a host elsewhere.",
    "node, the name of a node or a pod, or an IPv4 address",
  ).prefault("node"),
  sourcePorts: portSpan("The source ports that a host elsewhere takes in turn; else 32768-60999.").optional(),
  to: target("Whom it connects to: an address, or the name of a pod or a service, with a port."),
  rate: rate("Connections per time."),
  arrivals: oneOf("poisson or periodic.", ["poisson", "periodic"]).prefault("poisson"),
  closes: oneOf("Who closes first; reset: the client aborts.", ["client", "server", "reset"]).prefault("client"),
  timeout: duration(
    "How long the client waits for connection and answer; longer ones see the kernel give up.",
  ).prefault("3s"),
  lasts: duration("How long a connection stays open after its answer; else it is closed at once.").optional(),
});

const expectation = z.strictObject({
  that: text(
    "A figure of the result, such as probes.probability.",
    "a figure of the result, such as probes.probability",
  ),
  between: z.array(finite("A bound.")).length(2).optional().describe("Lowest and highest value, both included."),
  below: finite("The value is less than this.").optional(),
  above: finite("The value is more than this.").optional(),
  equals: finite("The value is exactly this.").optional(),
});

const loadBalancer = z.strictObject({
  name: text("The load balancer's name.", "a name"),
  address: address("Its own address, outside the node."),
  service: text("The service whose NodePort it checks.", "the name of a service"),
  nodePort: port("Which of its NodePorts; else the first.").optional(),
  healthCheck: z
    .strictObject({
      protocol: oneOf("TCP: a connect; HTTP: a request too.", ["TCP", "HTTP"]).prefault("TCP"),
      interval: duration("Time between two checks.").prefault("10s"),
      timeout: duration("Time until a check without an answer fails.").prefault("5s"),
      unhealthyThreshold: whole("Failures in a row that take the node out of service.", 1, 1000).prefault(6),
      healthyThreshold: whole("Successes in a row that take it back.", 1, 1000).prefault(2),
    })
    .prefault({})
    .describe("Its health check; the defaults are those of a classic AWS ELB made by Kubernetes."),
  connections: whole("Connections of its clients that it keeps open through the node.", 0, 10_000).prefault(0),
  connectionLifetime: duration("How long each of them is kept.").prefault("60s"),
});

const settings = z.record(z.string().min(1), possiblyEmptyText("The value.", "a value"));

/** The whole shape of a scenario file; what no part of the engine serves yet is in it too (see `not_served.ts`). */
export const scenarioSchema = z.strictObject({
  about: text("What the scenario shows, in a sentence.", "a sentence").optional(),
  kernel,
  duration: duration("Simulated time of one replication."),
  replications: whole("How many times the node boots and runs.", 1, REPLICATIONS_MOST).prefault(8),
  seed: possiblyEmptyText("The seed of all chance, as text.", "a text").prefault("portfall"),
  node: node.optional(),
  nodes: z.array(node).min(1).max(LIST_MOST.nodes).optional().describe("Several nodes; node: is short for one."),
  sysctls: sysctlTable("Sysctls of the node's network namespace, in the order in which they are written."),
  kubelet: z
    .strictObject({
      version: version("The kubelet's release."),
      httpProbeClosesFirst: share(
        "The share of HTTP probes in which the kubelet closes first and so keeps the TIME_WAIT (measured with nginx: 0.11).",
      ).prefault(0.11),
    })
    .describe("The kubelet."),
  kubeProxy,
  services: z
    .array(z.union([serviceGenerator, service]))
    .max(LIST_MOST.services)
    .prefault([])
    .describe("Services, named or generated."),
  pods: z.array(pod).max(LIST_MOST.pods).prefault([]).describe("The pods of the nodes."),
  nodeLocalDns: nodeLocalDns.optional(),
  churn: z.array(churn).max(LIST_MOST.churn).prefault([]).describe("Connections that come and go beside the probes."),
  expect: z
    .array(expectation)
    .max(LIST_MOST.expect)
    .prefault([])
    .describe("What the result must be; a failed one ends with exit code 1."),
  variants: z
    .record(z.string().regex(/^[A-Za-z][A-Za-z0-9 _-]{0,63}$/), settings)
    .optional()
    .describe(
      "Other settings for the same traffic, by name, each paired with the scenario as it stands; keys are --set paths.",
    ),
  audit: z
    .strictObject({
      claim: text("What somebody takes for the cause, in a sentence.", "a sentence"),
      cause: text("The variant that takes this cause away.", "the name of a variant"),
      figure: text(
        "The figure to be explained, a count of failures; else probes.probability.",
        "a count of the result, such as probes.failed",
      ).optional(),
    })
    .optional()
    .describe("Whether a claimed cause explains a figure, and which variants do: a verdict computed from the runs."),
  endpointHosts: z
    .strictObject({
      ctstateInvalid: oneOf(
        "What conntrack calls INVALID there: accept (TCP answers with a RST) or drop, as stateful filters do.",
        ["accept", "drop"],
      ).prefault("accept"),
    })
    .optional()
    .describe("The hosts of endpoints that are not on the node."),
  timeline: z
    .array(
      z.strictObject({
        at: duration("When, counted from the start."),
        every: duration("It comes again and again after this time.").optional(),
        set: settings.optional().describe("Settings that change: kubeProxy.version and sysctls."),
        rollout: text("The entry of pods that a rolling update replaces.", "a name").optional(),
        restart: oneOf("The component that restarts: kubeProxy.", ["kubeProxy"]).optional(),
      }),
    )
    .max(LIST_MOST.timeline)
    .prefault([])
    .describe("What changes while the clock runs."),
  endpointSlices: z
    .strictObject({
      delay: duration("From a change of a pod's readiness until kube-proxy hears of the slice.").prefault("200ms"),
    })
    .prefault({})
    .describe("The way of endpoints from the pods to kube-proxy."),
  loadBalancers: z
    .array(loadBalancer)
    .max(LIST_MOST.loadBalancers)
    .prefault([])
    .describe("Load balancers outside the cluster, with the node as a target."),
  overlay: overlay.optional(),
  cloud: cloud.optional(),
});

/** The sections of a scenario that could be read; each may be missing when it had problems. */
export const sectionsSchema = scenarioSchema.partial();

/** The sections with their values read, defaults filled in. */
export type Sections = z.output<typeof sectionsSchema>;
