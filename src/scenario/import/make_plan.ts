import { resolveKernel } from "../../kernel/eras.ts";
import type { KernelEra } from "../../kernel/kernel_era.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { chooseNode, type ChosenNode } from "./choose_node.ts";
import { fileDiagnostic } from "./export_problem.ts";
import type { PlanContext } from "./import_options.ts";
import type { ImportPlan, KernelPlan, NodePlan } from "./import_plan.ts";
import { conntrackMaxOf, planKubelet, planKubeProxy } from "./plan_components.ts";
import { holds, planNode } from "./plan_interfaces.ts";
import { planKernel } from "./plan_kernel.ts";
import { planPods } from "./plan_pods.ts";
import { planServices } from "./plan_services.ts";
import { planSysctls } from "./plan_sysctls.ts";
import { planTraffic } from "./plan_traffic.ts";

/** Puts the parts of an import together. @returns the plan, or the questions that the exports leave open. */
export function makePlan(context: PlanContext): ImportPlan | Diagnostic[] {
  const chosen = chooseNode(context);
  const kernel = planKernel(context, "message" in chosen ? undefined : chosen.node?.kernelVersion);
  if ("message" in chosen || "message" in kernel)
    return [chosen, kernel].flatMap((part) => ("message" in part ? [part] : []));
  const resolved = resolveKernel(kernel);
  if (!resolved.ok)
    return [fileDiagnostic("--kernel", `Cannot simulate this kernel: ${resolved.problem}`, resolved.toMend)];
  return planOf(context, { chosen, kernel, era: resolved.era });
}

/** What is decided before all else. */
interface Decided {
  readonly chosen: ChosenNode;
  readonly kernel: KernelPlan;
  readonly era: KernelEra;
}

function planOf(context: PlanContext, { chosen, kernel, era }: Decided): ImportPlan {
  const pods = planPods(context, chosen);
  const podAddresses = pods.pods.flatMap(({ address }) => address ?? []);
  const node = planNode(context, chosen, podAddresses);
  const own = addressesOf(node);
  const localAddresses = new Set([...own, ...(chosen.node?.addresses ?? [])]);
  const { services, comment: servicesComment } = planServices(context, localAddresses);
  const kubelet = planKubelet(context, chosen);
  const kubeProxy = planKubeProxy(context, chosen, {
    kubelet: kubelet.version,
    services,
    primaryAddress: own[0] ?? "",
  });
  const bridge = node.interfaces.find(({ kind }) => kind === "bridge")?.addresses[0];
  const nodeLocalDns = pods.nodeLocalDns ?? guessNodeLocalDns(context);
  const { share, ...traffic } = planTraffic(context, {
    primaryAddress: own[0] ?? "",
    localAddresses,
    services,
    pods: pods.pods,
    extraProbes: pods.extraProbes,
    nodeLocalDns,
    isInPodNetwork: (address) =>
      (node.podNetwork === "bridge" && holds(bridge, address)) || holds(chosen.node?.podCidr, address),
  });
  const interfaces = node.interfaces.map(({ name }) => name);
  return {
    ...(chosen.name === undefined ? {} : { nodeName: chosen.name }),
    kernel,
    node: withLinkLocal(node, nodeLocalDns?.address),
    sysctls: planSysctls(context, {
      era,
      memoryBytes: node.memoryBytes,
      interfaces,
      conntrackMax: conntrackMaxOf(context, chosen),
    }),
    kubelet: {
      ...kubelet,
      ...(share === undefined ? {} : { httpProbeClosesFirst: share.share, shareComment: share.comment }),
    },
    kubeProxy,
    services,
    servicesComment,
    podsComment: pods.comment === "" ? GUESSED_PODS : pods.comment,
    ...(nodeLocalDns === undefined ? {} : { nodeLocalDns }),
    ...(context.exports.iptables?.dropsInvalid === true ? { dropsInvalidComment: DROPS_INVALID } : {}),
    ...traffic,
  };
}

const GUESSED_PODS =
  "Assumed: pods with TCP probes, one for each address in the pod network that has TIME-WAIT sockets here.";
const DROPS_INVALID = "The node drops what conntrack calls INVALID (iptables-save); assumed: so do the others.";

function addressesOf({ interfaces }: NodePlan): readonly string[] {
  return interfaces.flatMap(({ addresses }) => addresses.map((text) => text.replace(/\/.*$/, "")));
}

/** node-local-dns by its sockets: a link-local address that connects to itself once a second. */
function guessNodeLocalDns({ exports, assumed }: PlanContext): ImportPlan["nodeLocalDns"] {
  if (exports.cluster.pods.length > 0) return undefined;
  const own = (exports.sockets ?? []).filter(
    ({ state, local, peer }) =>
      state === "TIME-WAIT" && local.address.startsWith("169.254.") && peer.address === local.address,
  );
  const [first] = own;
  if (first === undefined || own.length < 10) return undefined;
  assumed.push("node-local-dns runs here, with CoreDNS 1.7.0: its address connects to itself");
  return {
    version: "1.7.0",
    address: first.local.address,
    healthPort: first.peer.port,
    comment: "Assumed: its address connects to itself. Its self-check is no churn below.",
  };
}

/** node-local-dns needs an interface with its address. */
function withLinkLocal(node: NodePlan, address: string | undefined): NodePlan {
  if (address === undefined || addressesOf(node).includes(address)) return node;
  const added = { name: "nodelocaldns", kind: "dummy", addresses: [`${address}/32`] } as const;
  return { ...node, interfaces: [...node.interfaces, added] };
}
