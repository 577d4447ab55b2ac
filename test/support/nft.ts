import type { ChainFunction } from "../../src/kernel/netfilter/compile_chain.ts";
import { Verdict } from "../../src/kernel/netfilter/hooks.ts";
import { NftCompiler } from "../../src/kernel/netfilter/nft_compiler.ts";
import type { NftRuleset } from "../../src/kernel/netfilter/nft_ruleset.ts";
import { parseNft } from "../../src/kernel/netfilter/nftables.ts";
import type { MatchView, RuleEnvironment } from "../../src/kernel/netfilter/rule_match.ts";
import { drawsFrom } from "./match_view.ts";
import { ip, NODE } from "./small_network.ts";

/** The ClusterIP of default/web. */
export const CLUSTER_IP = "10.23.254.52";

/** What kube-proxy in nftables mode writes for default/web, port 443, on two endpoints, as `nft list ruleset` shows it. */
export const KUBE_PROXY = `
table ip kube-proxy {
	comment "rules for kube-proxy"

	set cluster-ips {
		type ipv4_addr
		comment "Active ClusterIPs"
		elements = { ${CLUSTER_IP} }
	}

	set nodeport-ips {
		type ipv4_addr
		comment "IPs that accept NodePort traffic"
		elements = { 10.23.77.129 }
	}

	map no-endpoint-services {
		type ipv4_addr . inet_proto . inet_service : verdict
		comment "vmap to drop or reject packets to services with no endpoints"
		elements = { 10.23.254.53 . tcp . 80 comment "default/empty:http" : goto reject-chain }
	}

	map no-endpoint-nodeports {
		type inet_proto . inet_service : verdict
	}

	map service-ips {
		type ipv4_addr . inet_proto . inet_service : verdict
		comment "ClusterIP, ExternalIP and LoadBalancer IP traffic"
		elements = { ${CLUSTER_IP} . tcp . 443 : goto service-AAAAAAAA-default/web/tcp/https }
	}

	map service-nodeports {
		type inet_proto . inet_service : verdict
		comment "NodePort traffic"
		elements = { tcp . 36704 : goto external-AAAAAAAA-default/web/tcp/https }
	}

	chain filter-input {
		type filter hook input priority -110; policy accept;
		ct state new jump nodeport-endpoints-check
		ct state new jump service-endpoints-check
	}

	chain filter-forward {
		type filter hook forward priority -110; policy accept;
		ct state new jump service-endpoints-check
		ct state new jump cluster-ips-check
	}

	chain filter-output {
		type filter hook output priority dstnat - 10; policy accept;
		ct state new jump service-endpoints-check
	}

	chain filter-output-post-dnat {
		type filter hook output priority dstnat + 10; policy accept;
		ct state new jump cluster-ips-check
	}

	chain nat-prerouting {
		type nat hook prerouting priority dstnat; policy accept;
		jump services
	}

	chain nat-output {
		type nat hook output priority -100; policy accept;
		jump services
	}

	chain nat-postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		jump masquerading
	}

	chain nodeport-endpoints-check {
		ip daddr @nodeport-ips meta l4proto . th dport vmap @no-endpoint-nodeports
	}

	chain service-endpoints-check {
		ip daddr . meta l4proto . th dport vmap @no-endpoint-services
	}

	chain cluster-ips-check {
		ip daddr @cluster-ips reject comment "Reject traffic to invalid ports of ClusterIPs"
		ip daddr 10.23.254.0/24 drop comment "Drop traffic to unallocated ClusterIPs"
	}

	chain services {
		ip daddr . meta l4proto . th dport vmap @service-ips
		ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports
	}

	chain masquerading {
		meta mark & 0x00004000 == 0x00000000 return
		meta mark set meta mark ^ 0x00004000
		masquerade fully-random
	}

	chain mark-for-masquerade {
		meta mark set meta mark | 0x00004000
	}

	chain reject-chain {
		comment "helper for @no-endpoint-services / @no-endpoint-nodeports"
		reject
	}

	chain service-AAAAAAAA-default/web/tcp/https {
		ip daddr ${CLUSTER_IP} tcp dport 443 ip saddr != 10.23.76.0/22 jump mark-for-masquerade
		numgen random mod 2 vmap { 0 : goto endpoint-BBBBBBBB-default/web/tcp/https__10.23.77.140/443, 1 : goto endpoint-CCCCCCCC-default/web/tcp/https__10.23.77.141/443 }
	}

	chain external-AAAAAAAA-default/web/tcp/https {
		jump mark-for-masquerade
		goto service-AAAAAAAA-default/web/tcp/https
	}

	chain endpoint-BBBBBBBB-default/web/tcp/https__10.23.77.140/443 {
		ip saddr 10.23.77.140 jump mark-for-masquerade
		meta l4proto tcp dnat to 10.23.77.140:443
	}

	chain endpoint-CCCCCCCC-default/web/tcp/https__10.23.77.141/443 {
		ip saddr 10.23.77.141 jump mark-for-masquerade
		meta l4proto tcp dnat to 10.23.77.141:443
	}
}
`;

/** The same kind of table as commands, as kube-proxy gives them to `nft -f -`. */
export const KUBE_PROXY_COMMANDS = `
add table ip kube-proxy { comment "rules for kube-proxy" ; }
add chain ip kube-proxy nat-prerouting { type nat hook prerouting priority -100 ; }
flush chain ip kube-proxy nat-prerouting
add chain ip kube-proxy services
add rule ip kube-proxy nat-prerouting jump services
add chain ip kube-proxy mark-for-masquerade
add rule ip kube-proxy mark-for-masquerade mark set mark or 0x4000
add set ip kube-proxy nodeport-ips { type ipv4_addr ; comment "IPs that accept NodePort traffic" ; }
delete set ip kube-proxy nodeport-ips
add map ip kube-proxy service-nodeports { type inet_proto . inet_service : verdict ; }
add rule ip kube-proxy services fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @service-nodeports
add chain ip kube-proxy external-A
add rule ip kube-proxy external-A jump mark-for-masquerade
add rule ip kube-proxy external-A meta l4proto tcp dnat to 10.23.77.140:443
add element ip kube-proxy service-nodeports { tcp . 36704 comment "default/web" : goto external-A }
`;

const NODE_ADDRESSES = new Set([NODE, ip("10.10.85.235"), ip("127.0.0.1")]);

/** A node with three addresses whose random numbers are these, over and over. */
export function environment(units: readonly number[] = [0.25]): RuleEnvironment {
  return { isLocalAddress: (address) => NODE_ADDRESSES.has(address), draws: drawsFrom(units) };
}

/** A ruleset that can be read. */
export function readNft(text: string): NftRuleset {
  const reading = parseNft(text);
  if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
  return reading.ruleset;
}

/** What is wrong with a text, as `line: message`. */
export function nftProblems(text: string): string[] {
  const reading = parseNft(text);
  return reading.ok ? [] : reading.problems.map(({ line, message }) => `${line}: ${message}`);
}

/** A base chain of the first table. */
export function baseChain(ruleset: NftRuleset, chain: string, surroundings = environment()): ChainFunction {
  const table = ruleset[0];
  if (table === undefined) throw new Error("no table");
  return new NftCompiler(table, surroundings).baseChain(chain);
}

/** Rules of a filter chain on FORWARD, on lines 3 and on. */
export function forward(...rules: string[]): string {
  return ["table inet t {", "chain c { type filter hook forward priority filter;", ...rules, "} }"].join("\n");
}

/** Whether a rule of these matches drops the packet. */
export function drops(matches: string, packet: MatchView): boolean {
  return baseChain(readNft(forward(`${matches} drop`)), "c")(packet) === Verdict.DROP;
}

/** What a chain that translates to this destination says. */
export function dnat(address: string, port?: number): object {
  return {
    kind: "dnat",
    address: ip(address),
    ...(port === undefined ? {} : { portLow: port, portHigh: port }),
    isRandom: false,
  };
}
