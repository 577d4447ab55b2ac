import { parseNft } from "../../kernel/netfilter/nftables.ts";
import type { Netns } from "../../kernel/netns.ts";
import { assert } from "../../sim/assert.ts";
import type { RulesProxierOptions } from "./iptables_proxier.ts";
import { nftTransaction } from "./nft_transaction.ts";
import { nftablesProxierEra, type NftablesProxierEra } from "./nftables_proxier_era.ts";
import type { ProxiedService, Proxier } from "./proxier.ts";

/**
 * kube-proxy in nftables mode: each sync leaves the table `kube-proxy` as `nftTransaction` has it.
 *
 * Source: pkg/proxy/nftables/proxier.go NewProxier, syncProxyRules, v1.30.5.
 */
export class NftablesProxier implements Proxier {
  readonly #node: Netns;
  readonly #options: RulesProxierOptions;
  readonly #era: NftablesProxierEra;
  #isTcpLiberal = false;
  #synced: readonly ProxiedService[] | undefined = undefined;

  constructor(node: Netns, options: RulesProxierOptions) {
    this.#node = node;
    this.#options = options;
    this.#era = nftablesProxierEra(options.version);
  }

  start(): void {
    this.#isTcpLiberal = this.#node.sysctls.number("net.netfilter.nf_conntrack_tcp_be_liberal") !== 0;
  }

  /** The same services have the same rules: only what has changed is loaded. */
  sync(services: readonly ProxiedService[]): void {
    if (services === this.#synced) return;
    const { nodePortAddresses } = this.#options;
    const { lines } = nftTransaction(services, { era: this.#era, nodePortAddresses, isTcpLiberal: this.#isTcpLiberal });
    const reading = parseNft(`${lines.join("\n")}\n`);
    assert(reading.ok, `nft takes the transaction${reading.ok ? "" : `: ${reading.problems[0]?.message}`}`);
    this.#options.rules.replace(() => this.#node.machine.loadNft(this.#node, reading.ruleset));
    this.#synced = services;
  }
}
