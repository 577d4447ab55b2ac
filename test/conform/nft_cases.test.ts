import { describe, expect, it } from "vitest";
import type { KernelCase } from "../../src/conform/case_file.ts";
import { judgeCase } from "../../src/conform/judge_case.ts";
import { recordedCase } from "./recordings.ts";

// Goal: nftables on a node do what the equivalent iptables rules were recorded to do on a real kernel.
// Method: recordings of kube-proxy's iptables mode, and of masquerading, are replayed with the node's iptables rules
// replaced by a table of nftables; everything that was recorded must still come out.

/** The services of the recordings in nft: NodePort 36704 and ClusterIP 10.23.254.52:443 on these endpoints. */
function services(endpoints: readonly string[]): string[] {
  const choices = endpoints.map((_, index) => `${index} : goto endpoint-${index}`);
  return [
    "table ip kube-proxy {",
    "  set nodeport-ips { type ipv4_addr; elements = { 10.23.77.129, 10.10.85.105 } }",
    "  map service-ips { type ipv4_addr . inet_proto . inet_service : verdict",
    "    elements = { 10.23.254.52 . tcp . 443 : goto service } }",
    "  map service-nodeports { type inet_proto . inet_service : verdict; elements = { tcp . 36704 : goto external } }",
    "  chain prerouting { type nat hook prerouting priority dstnat; policy accept; jump services; }",
    "  chain output { type nat hook output priority -100; policy accept; jump services; }",
    "  chain postrouting { type nat hook postrouting priority srcnat; policy accept; jump masquerading; }",
    "  chain services {",
    "    ip daddr . meta l4proto . th dport vmap @service-ips",
    "    fib daddr type local meta l4proto . th dport vmap @service-nodeports",
    "  }",
    "  chain masquerading {",
    "    meta mark & 0x4000 == 0 return",
    "    meta mark set meta mark ^ 0x4000",
    "    masquerade fully-random",
    "  }",
    "  chain mark-for-masquerade { meta mark set meta mark | 0x4000; }",
    "  chain external { jump mark-for-masquerade; goto service; }",
    `  chain service { numgen inc mod ${endpoints.length} vmap { ${choices.join(", ")} }; }`,
    ...endpoints.flatMap((address, index) => [
      `  chain endpoint-${index} {`,
      `    ip saddr ${address} jump mark-for-masquerade`,
      `    meta l4proto tcp dnat to ${address}:443`,
      "  }",
    ]),
    "  chain forward { type filter hook forward priority filter; policy accept;",
    "    mark and 0x4000 == 0x4000 accept",
    "    ct state established,related accept",
    "  }",
    "}",
  ];
}

/** What marks and masquerades NodePort traffic before IPVS, as the recordings of IPVS mode have it in iptables. */
const MASQUERADE = [
  "table ip nat {",
  "  chain prerouting { type nat hook prerouting priority dstnat; jump services; }",
  "  chain output { type nat hook output priority -100; jump services; }",
  "  chain postrouting { type nat hook postrouting priority srcnat",
  "    mark and 0x4000 != 0x4000 return",
  "    mark set mark xor 0x4000",
  "    masquerade fully-random",
  "  }",
  "  chain services {",
  "    ip saddr != 10.23.76.0/22 ip daddr 10.23.254.52 tcp dport 443 mark set mark or 0x4000",
  "    fib daddr type local tcp dport 36704 mark set mark or 0x4000",
  "  }",
  "}",
];

/** The case with nftables on the node in place of what it has of iptables. */
function withNft(kernelCase: KernelCase, nft: readonly string[]): KernelCase {
  const { namespaces } = kernelCase.setup;
  const node = namespaces["node"];
  if (node === undefined) throw new Error("the case has a node");
  const changed = { ...node, iptables: [], nft: [...nft] };
  return { ...kernelCase, setup: { ...kernelCase.setup, namespaces: { ...namespaces, node: changed } } };
}

describe("nftables in place of iptables", () => {
  it.each([
    ["6.1/C14.json", services(["10.23.77.140", "10.23.77.141"])],
    ["6.1/C17b.json", services(["10.23.77.140"])],
    ["6.1/C17c.json", services(["10.23.77.140"])],
    ["6.1/C02.json", MASQUERADE],
    ["6.1/C21.json", MASQUERADE],
    ["6.12/C01.json", MASQUERADE],
  ])("%s: the model does what the kernel did", (file, nft) => {
    expect(judgeCase(withNft(recordedCase(file), nft))).toMatchObject({ differences: [] });
  });

  it("breaks the ClusterIP when the map of services is empty", () => {
    const broken = services(["10.23.77.140"]).filter((line) => !line.includes("elements = { 10.23.254.52"));
    broken.splice(2, 1, "  map service-ips { type ipv4_addr . inet_proto . inet_service : verdict; }");
    const { differences } = judgeCase(withNft(recordedCase("6.1/C17c.json"), broken));
    expect(differences.length).toBeGreaterThan(0);
  });
});
