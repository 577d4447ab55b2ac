import { parseIptables } from "../../kernel/netfilter/iptables.ts";
import type { Netns } from "../../kernel/netns.ts";
import { assert } from "../../sim/assert.ts";
import type { Ipv4 } from "../../units.ts";
import type { Version } from "../options.ts";
import { iptablesProxierEra, type IptablesProxierEra } from "./iptables_proxier_era.ts";
import { iptablesRestore } from "./iptables_restore.ts";
import type { ProgrammedRules } from "./programmed_rules.ts";
import type { ProxiedService, Proxier } from "./proxier.ts";

/** The node that a proxier programs, and kube-proxy's flags. */
export interface RulesProxierOptions {
  /** Those that a process before this one has left. */
  readonly rules: ProgrammedRules;
  readonly version: Version;
  /** Addresses that take NodePorts; `undefined` for all local ones. */
  readonly nodePortAddresses: readonly Ipv4[] | undefined;
  /** Sets a sysctl unless the scenario has set it, which stands for what is written after kube-proxy's start. */
  readonly writeSysctl: (name: string, value: string) => void;
}

/**
 * kube-proxy in iptables mode: each sync puts the rules of `iptablesRestore` in the place of the last ones.
 *
 * Source: pkg/proxy/iptables/proxier.go NewProxier, syncProxyRules, v1.30.
 * Not modelled: `--iptables-localhost-nodeports=false` (1.26+); with it 127.0.0.1 would serve no NodePorts.
 */
export class IptablesProxier implements Proxier {
  readonly #node: Netns;
  readonly #options: RulesProxierOptions;
  readonly #era: IptablesProxierEra;
  #isTcpLiberal = false;
  #synced: readonly ProxiedService[] | undefined = undefined;

  constructor(node: Netns, options: RulesProxierOptions) {
    this.#node = node;
    this.#options = options;
    this.#era = iptablesProxierEra(options.version);
  }

  start(): void {
    this.#options.writeSysctl("net.ipv4.conf.all.route_localnet", "1");
    this.#isTcpLiberal = this.#node.sysctls.number("net.netfilter.nf_conntrack_tcp_be_liberal") !== 0;
  }

  /** The same services have the same rules: only what has changed is loaded. */
  sync(services: readonly ProxiedService[]): void {
    if (services === this.#synced) return;
    const { nodePortAddresses } = this.#options;
    const { lines } = iptablesRestore(services, {
      era: this.#era,
      nodePortAddresses,
      isTcpLiberal: this.#isTcpLiberal,
    });
    const reading = parseIptables(lines);
    assert(reading.ok, `iptables-restore takes the rules${reading.ok ? "" : `: ${reading.problems[0]?.message}`}`);
    this.#options.rules.replace(() => this.#node.machine.loadRules(this.#node, reading.ruleset));
    this.#synced = services;
  }
}
