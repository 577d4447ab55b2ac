import type { ChosenNode } from "./choose_node.ts";
import { howToCollect } from "./collector.ts";
import type { PlanContext } from "./import_options.ts";
import type { KubeProxyPlan, ServicePlan } from "./import_plan.ts";

/** The release that is taken where nothing names one. */
const ASSUMED_RELEASE = "1.30.0";

/** Schedulers that the model has. */
const SCHEDULERS: readonly string[] = ["rr", "wrr"];

/** A release, and where it comes from. */
export interface ReleasePlan {
  readonly version: string;
  readonly comment?: string;
}

/**
 * The limit of conntrack that kube-proxy writes when it starts.
 *
 * Source: cmd/kube-proxy/app/server_linux.go getConntrackMax, v1.30.3.
 *
 * @returns `undefined` where the Node object does not say its processors, or kube-proxy leaves the limit alone.
 */
export function conntrackMaxOf({ exports }: PlanContext, { node }: ChosenNode): number | undefined {
  const { conntrackMaxPerCore = 32_768, conntrackMin = 131_072 } = exports.cluster.kubeProxy ?? {};
  if (node?.cpus === undefined || conntrackMaxPerCore === 0) return undefined;
  return Math.min(2 ** 31 - 1, Math.max(conntrackMaxPerCore * node.cpus, conntrackMin));
}

/** The first kubelet whose gRPC probes need no feature gate is 1.24. */
export function hasGrpcProbes(context: PlanContext, chosen: ChosenNode): boolean {
  const release = releaseOf(chosen.node?.kubeletVersion) ?? proxyRelease(context, chosen) ?? ASSUMED_RELEASE;
  const [major = 0, minor = 0] = release.split(".").map(Number);
  return major > 1 || minor >= 24;
}

/** The kubelet's release: what the Node object says, else kube-proxy's. */
export function planKubelet(context: PlanContext, chosen: ChosenNode): ReleasePlan {
  const said = releaseOf(chosen.node?.kubeletVersion);
  if (said !== undefined) return { version: said };
  const beside = proxyRelease(context, chosen);
  context.assumed.push(`the kubelet's release is ${beside ?? ASSUMED_RELEASE} (${howToCollect("kubectl")})`);
  return {
    version: beside ?? ASSUMED_RELEASE,
    comment: beside === undefined ? "Assumed: no export names a release." : "Assumed: kube-proxy's release.",
  };
}

/** kube-proxy: its release by its image, its mode by its configuration, its flags, or what it left in the kernel. */
export function planKubeProxy(
  context: PlanContext,
  chosen: ChosenNode,
  {
    kubelet,
    services,
    primaryAddress,
  }: { readonly kubelet: string; readonly services: readonly ServicePlan[]; readonly primaryAddress: string },
): KubeProxyPlan {
  const version = proxyRelease(context, chosen);
  const hasKubelet = chosen.node?.kubeletVersion !== undefined;
  if (version === undefined)
    context.assumed.push(
      `kube-proxy's release is ${hasKubelet ? "the kubelet's" : kubelet}: it decides whether NodePorts are held open`,
    );
  const { mode, comment } = planMode(context, chosen);
  const scheduler = planScheduler(context, mode);
  const addresses =
    context.exports.cluster.kubeProxy?.nodePortAddresses ?? flagOf(context, chosen, "nodeport-addresses")?.split(",");
  // From 1.31 on the word primary stands for the node's own address.
  const ipv4 = addresses
    ?.map((text) => (text === "primary" ? `${primaryAddress}/32` : text))
    .filter((text) => /^[0-9.]+\/[0-9]+$/.test(text));
  const isEverything = ipv4 === undefined || ipv4.length === 0 || ipv4.includes("0.0.0.0/0");
  return {
    version: version ?? kubelet,
    ...(version === undefined
      ? { versionComment: "Assumed: the kubelet's release. It decides whether NodePorts are held open." }
      : {}),
    mode,
    modeComment: comment,
    ...planRange(context, services),
    ...scheduler,
    ...(isEverything ? {} : { nodePortAddresses: ipv4 }),
  };
}

/** `v1.23.10-eks-1234` is 1.23.10. */
function releaseOf(text: string | undefined): string | undefined {
  return /^v?(\d+\.\d+\.\d+)/.exec(text ?? "")?.[1];
}

function proxyRelease({ exports }: PlanContext, { name }: ChosenNode): string | undefined {
  const images = exports.cluster.pods
    .filter(({ nodeName }) => nodeName === undefined || nodeName === name)
    .flatMap(({ containers }) => containers.map(({ image }) => image));
  const tag = images.map((image) => /^kube-proxy[\w.-]*:(v?\d.*)$/.exec(image)?.[1]).find((one) => one !== undefined);
  return releaseOf(tag);
}

function flagOf({ exports }: PlanContext, { name }: ChosenNode, flag: string): string | undefined {
  const own = exports.cluster.pods.find(
    ({ nodeName, flags }) => flags.has(flag) && (nodeName === name || flag === "service-node-port-range"),
  );
  return own?.flags.get(flag) ?? exports.flags.get(flag);
}

function planMode(
  context: PlanContext,
  chosen: ChosenNode,
): { readonly mode: KubeProxyPlan["mode"]; readonly comment: string } {
  const { ipvs, iptables, cluster } = context.exports;
  const said = flagOf(context, chosen, "proxy-mode") ?? cluster.kubeProxy?.mode;
  const configured = said === "ipvs" || said === "iptables" || said === "nftables" ? said : undefined;
  // The kernel is nearer to the truth than a configuration that kube-proxy may not have read yet.
  if (ipvs !== undefined && ipvs.length > 0)
    return { mode: "ipvs", comment: "From ipvsadm: the kernel has virtual services." };
  if (configured !== undefined) return { mode: configured, comment: "From kube-proxy's configuration." };
  if (iptables?.hasServiceChains === true)
    return { mode: "iptables", comment: "From iptables-save: it has KUBE-SVC chains." };
  context.assumed.push(`kube-proxy's mode is iptables, its default (${howToCollect("ipvsadm -Ln")})`);
  return { mode: "iptables", comment: "Assumed: kube-proxy's default." };
}

function planScheduler({ exports }: PlanContext, mode: KubeProxyPlan["mode"]): Partial<KubeProxyPlan> {
  const said = exports.cluster.kubeProxy?.scheduler ?? exports.ipvs?.[0]?.scheduler;
  if (mode !== "ipvs" || said === undefined || said === "rr") return {};
  if (SCHEDULERS.includes(said)) return { scheduler: said };
  return { scheduler: "rr", schedulerComment: `The node has ${said}, which the model has not: rr in its place.` };
}

/** The apiserver's range by its flag; else the default, made wide enough for the NodePorts that there are. */
function planRange(
  context: PlanContext,
  services: readonly ServicePlan[],
): Pick<KubeProxyPlan, "nodePortRange" | "rangeComment"> {
  const match = /^(\d{1,5})-(\d{1,5})$/.exec(flagOf(context, {}, "service-node-port-range") ?? "");
  const used = services.flatMap(({ ports }) => ports.flatMap(({ nodePort }) => nodePort ?? []));
  const [low, high] = match === null ? [30_000, 32_767] : [Number(match[1]), Number(match[2])];
  const range = [Math.min(low, ...used), Math.max(high, ...used)] as const;
  const isWidened = range[0] < low || range[1] > high;
  if (match !== null) {
    const rangeComment = isWidened
      ? "From the apiserver's flag, widened: NodePorts lie outside it."
      : "From the apiserver's flag.";
    return { nodePortRange: range, rangeComment };
  }
  context.assumed.push(
    "the NodePort range is the default, widened where NodePorts lie outside: a flag of kube-apiserver says it",
  );
  return {
    nodePortRange: range,
    rangeComment: `Assumed: the default${isWidened ? ", widened: NodePorts lie outside it" : ""}.`,
  };
}
