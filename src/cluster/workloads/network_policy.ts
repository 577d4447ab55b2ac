import type { MachineGroup } from "../../kernel/machine_group.ts";
import { Hook, type HookFunction, Priority, Verdict } from "../../kernel/netfilter/hooks.ts";
import type { Netns } from "../../kernel/netns.ts";
import type { Ipv4 } from "../../units.ts";

/**
 * Pods that no network policy lets anybody reach: the filter table of their node drops what goes to them, by an ipset of
 * their addresses, in FORWARD and in OUTPUT, which is where IPVS sends what came to a NodePort. What the node itself
 * sends is let through: the kubelet probes them.
 *
 * Source: pkg/controllers/netpol/network_policy_controller.go ensureTopLevelChains, v1.2. The repository is kube-router.
 * Not modelled: policies by peer or port; that connections which were open before go on.
 */
export class NetworkPolicy {
  readonly #denied = new Set<Ipv4>();
  readonly #group: MachineGroup;

  /** @param network where the pods of all other nodes are; this node's packets are a stranger's to them. */
  constructor(node: Netns, network: Netns) {
    this.#group = node.machine.group;
    const onNode: HookFunction = (packet) =>
      this.#denied.has(packet.dst) && !node.hasAddress(packet.src) ? Verdict.DROP : Verdict.ACCEPT;
    node.hooks.register(Hook.FORWARD, Priority.FILTER, onNode);
    node.hooks.register(Hook.LOCAL_OUT, Priority.FILTER, onNode);
    network.hooks.register(Hook.LOCAL_IN, Priority.FILTER, (packet) =>
      this.#denied.has(packet.dst) ? Verdict.DROP : Verdict.ACCEPT,
    );
  }

  /** Makes a pod's address one of those that are not reached. */
  deny(address: Ipv4): void {
    this.#denied.add(address);
    this.#group.noteChange();
  }

  /** The pod of this address is gone. */
  forget(address: Ipv4): void {
    this.#denied.delete(address);
    this.#group.noteChange();
  }
}
