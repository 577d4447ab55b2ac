import { describe, expect, it } from "vitest";
import { formatIpv4 } from "../../../src/units.ts";
import { FLOW_PORT, FlowClient } from "../../support/flow_client.ts";
import { readNft } from "../../support/nft.ts";
import { BACKENDS, ip, POD, smallNetwork, type SmallNetwork } from "../../support/small_network.ts";

// Goal: which connections are carried that rules give another destination, and which are left to their packets.
// Method: a client on the node connects to an address that only rules know, forty times, once a second.

const SERVICE = { address: ip("10.23.77.250"), port: 80 };
const DNAT = `-j DNAT --to-destination ${formatIpv4(POD)}:${FLOW_PORT}`;
const TO_OTHER = `-j DNAT --to-destination ${formatIpv4(BACKENDS[0])}:443`;

function networkWith(rules: readonly string[], sysctls: Readonly<Record<string, string>> = {}): SmallNetwork {
  const output = rules.map((rule) => `-A OUTPUT -d 10.23.77.250 -p tcp --dport 80 ${rule}`);
  return smallNetwork({ iptables: ["*nat", ...output, "COMMIT"], sysctls });
}

/** How many of forty connections are carried. */
function carriedIn(network: SmallNetwork): number {
  return new FlowClient(network, true, SERVICE).connect(40);
}

/** The same where these rules stand in OUTPUT of the nat table. */
function carriedThrough(...rules: readonly string[]): number {
  return carriedIn(networkWith(rules));
}

describe("TranslatedFlows", () => {
  it("carries all but the one that finds the rules and the three that are watched", () => {
    expect(carriedThrough(DNAT)).toBe(36);
  });

  it("knows each way through the rules by itself", () => {
    // Two ways to one server: each is watched once, the first of them three times.
    expect(carriedThrough(`-m statistic --mode random --probability 0.5 ${DNAT}`, DNAT)).toBe(35);
  });

  it("takes what rules draw from the stream, so that the next ones draw what they would have drawn", () => {
    const rules = [`-m statistic --mode random --probability 0.3 ${DNAT}`, DNAT] as const;
    const drawn = [true, false].map((mayCarry) => {
      const network = networkWith(rules);
      new FlowClient(network, mayCarry, SERVICE).connect(40);
      return network.node.nat?.foreseePort(40_000, undefined);
    });
    expect(drawn[0]).toBe(drawn[1]);
  });

  it("shows the rules the mark with which a connection's first packet comes", () => {
    expect(carriedThrough(`-m mark --mark 1 ${TO_OTHER}`, "-j MARK --or-mark 1", DNAT)).toBe(36);
  });

  it("shows the rules a port that none of them names", () => {
    const sysctls = { "net.ipv4.ip_local_port_range": "40000 40999" };
    const network = networkWith([`--sport 40000:40399 ${TO_OTHER}`, DNAT], sysctls);
    // They take one port after the other, and come to those that are not named.
    expect(new FlowClient(network, true, SERVICE).connect(200)).toBeGreaterThan(90);
  });

  it("leaves those to their packets that a rule counts", () => {
    expect(carriedThrough(`-m statistic --mode nth --every 2 --packet 0 ${DNAT}`, DNAT)).toBe(0);
  });

  it("leaves those to their packets whose port is drawn from a range", () => {
    expect(carriedThrough(`${DNAT}-${FLOW_PORT + 1}`)).toBe(0);
  });

  it("leaves those to their packets that a filter drops by chance", () => {
    const nat = ["*nat", `-A OUTPUT -d 10.23.77.250 -p tcp ${DNAT}`, "COMMIT"];
    const filter = ["*filter", "-A OUTPUT -m statistic --mode random --probability 0.0001 -j DROP", "COMMIT"];
    expect(carriedIn(smallNetwork({ iptables: [...nat, ...filter] }))).toBe(0);
  });

  it("leaves those to their packets of which rules of two kinds decide", () => {
    const network = networkWith([DNAT]);
    const output = "type nat hook output priority -100; policy accept;";
    network.machine.loadNft(network.node, readNft(`table ip other { chain output { ${output} tcp dport 81 drop } }`));
    expect(carriedIn(network)).toBe(0);
  });

  it("asks the rules again once they have changed", () => {
    const network = networkWith([DNAT]);
    const client = new FlowClient(network, true, SERVICE);
    client.connect(10);
    network.node.sysctls.set("net.ipv4.tcp_fin_timeout", "30");
    // One finds the rules, three are watched.
    expect([client.connect(4), client.connect(1)]).toEqual([0, 1]);
  });
});
