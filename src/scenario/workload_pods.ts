import type { Ipv4 } from "../units.ts";
import { formatNetwork, type AddressBook, type CheckContext } from "./check_context.ts";
import { quote } from "./diagnostic.ts";
import type { Pod, Workload } from "./model.ts";
import type { ResolvedNode } from "./node_section.ts";
import { isElsewhere, podHosts } from "./pod_section.ts";
import type { Sections } from "./schema.ts";
import type { InterfaceAddress } from "./values.ts";

type PodEntry = NonNullable<Sections["pods"]>[number];

/** Addresses of one network that rollouts have to do with. */
const MOST_ADDRESSES = 4096;

/** The workloads of a scenario, and the pods that are on the node itself. */
export interface ResolvedWorkloads {
  readonly pods: readonly Pod[];
  readonly workloads: readonly Workload[];
  readonly addressPools: readonly (readonly Ipv4[])[];
}

/**
 * Sorts the pods by where they run, and gives those that a rollout replaces a pool of addresses: what no pod has that
 * stays, of their node's pod network.
 *
 * Source: pkg/apis/apps/v1/defaults.go SetDefaults_Deployment, v1.23 (a quarter above and below the replicas);
 * pkg/controller/deployment/util/deployment_util.go ResolveFenceposts, v1.23.
 */
export function resolveWorkloads(
  context: CheckContext,
  pods: readonly Pod[],
  parts: { readonly node: ResolvedNode | undefined; readonly addresses: AddressBook },
): ResolvedWorkloads {
  const { sections } = context;
  const rolledOut = new Set(
    (sections.timeline ?? []).flatMap(({ rollout }) => (rollout === undefined ? [] : [rollout])),
  );
  const selected = new Set((sections.services ?? []).flatMap((entry) => ("selector" in entry ? [entry.selector] : [])));
  const pools = new PoolBook(pods, parts.addresses);
  const workloads: Workload[] = [];
  const byEntry = new Map<string, Pod[]>();
  for (const pod of pods) {
    const others = byEntry.get(pod.workload);
    if (others === undefined) byEntry.set(pod.workload, [pod]);
    else others.push(pod);
  }
  for (const [index, entry] of (sections.pods ?? []).entries()) {
    const isAway = isElsewhere(entry, context);
    const isRolledOut = rolledOut.has(entry.name);
    if (!isAway && !isRolledOut && !selected.has(entry.name) && entry.networkPolicy === "none") continue;
    const network = isAway ? entry.podCIDR : parts.node?.podNetwork;
    const own = byEntry.get(entry.name) ?? [];
    const pool = isRolledOut && network !== undefined && !entry.hostNetwork ? pools.poolOf(network, own) : -1;
    workloads.push(workloadOf(entry, own, { pool, isElsewhere: isAway }));
    if (isRolledOut && parts.node !== undefined) checkRollout(entry, index, { context, network });
  }
  const away = new Set(workloads.filter((workload) => workload.isElsewhere).map(({ name }) => name));
  const addressPools = pools.pools();
  checkRoom(context, workloads, addressPools);
  return { pods: pods.filter(({ workload }) => !away.has(workload)), workloads, addressPools };
}

function workloadOf(
  { name, networkPolicy, containerStop }: PodEntry,
  pods: readonly Pod[],
  place: { readonly pool: number; readonly isElsewhere: boolean },
): Workload {
  return {
    name,
    ...place,
    deniesIngress: networkPolicy === "deny",
    pods,
    maxSurge: Math.ceil(pods.length / 4),
    maxUnavailable: Math.floor(pods.length / 4),
    containerStop,
  };
}

function checkRollout(
  entry: PodEntry,
  index: number,
  { context, network }: { readonly context: CheckContext; readonly network: InterfaceAddress | undefined },
): void {
  const { problems, place } = context;
  const at = place.at("pods", index, "name").value;
  if (entry.hostNetwork || network === undefined) {
    problems.add(at, {
      message: `Cannot roll out ${quote(entry.name)}: ${entry.hostNetwork ? "with hostNetwork old and new pods would listen on the same ports" : "there is no pod network for its new pods"}`,
      expected: "pods with addresses of a pod network",
      toMend: "delete the rollout from the timeline",
    });
  } else if (entry.replicas === 0) {
    problems.add(at, {
      message: `Cannot roll out ${quote(entry.name)}: it has no pods`,
      expected: "replicas: 1 or more",
      toMend: "delete the rollout from the timeline, or raise replicas",
    });
  }
}

/** Old, new and ending pods of all workloads of a pool need an address at once. */
function checkRoom(
  { problems, place, sections }: CheckContext,
  workloads: readonly Workload[],
  pools: readonly (readonly Ipv4[])[],
): void {
  for (const [number, pool] of pools.entries()) {
    const sharing = workloads.filter((workload) => workload.pool === number);
    const needed = sharing.reduce((sum, { pods, maxSurge }) => sum + 2 * pods.length + maxSurge, 0);
    const [first] = sharing;
    if (pool.length >= needed || first === undefined) continue;
    const index = (sections.pods ?? []).findIndex(({ name }) => name === first.name);
    problems.add(place.at("pods", index, "name").value, {
      message: `Cannot roll out ${quote(first.name)}: its pod network has ${pool.length} addresses for pods that are replaced`,
      expected: `${needed} addresses, for old, new and ending pods`,
      toMend: "give the pod network a shorter prefix, or lower replicas",
    });
  }
}

/** The pools of addresses, one for each network. */
class PoolBook {
  readonly #pods: readonly Pod[];
  readonly #addresses: AddressBook;
  readonly #pools = new Map<string, { readonly network: InterfaceAddress; readonly own: Set<Ipv4> }>();

  constructor(pods: readonly Pod[], addresses: AddressBook) {
    this.#pods = pods;
    this.#addresses = addresses;
  }

  /** The number of the pool for pods of a network. */
  poolOf(network: InterfaceAddress, pods: readonly Pod[]): number {
    const key = formatNetwork(network);
    const pool = this.#pools.get(key) ?? { network, own: new Set<Ipv4>() };
    this.#pools.set(key, pool);
    for (const { address } of pods) pool.own.add(address);
    return [...this.#pools.keys()].indexOf(key);
  }

  pools(): readonly (readonly Ipv4[])[] {
    return [...this.#pools.values()].map(({ network, own }) => {
      const others = new Set(this.#pods.filter(({ address }) => !own.has(address)).map(({ address }) => address));
      return podHosts(network, this.#addresses, MOST_ADDRESSES).filter((address) => !others.has(address));
    });
  }
}
