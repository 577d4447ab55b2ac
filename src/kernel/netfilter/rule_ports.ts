import type { Port } from "../../units.ts";
import { PortBits } from "../ports/port_bits.ts";
import type { NftKey, NftElement, NftRuleset } from "./nft_ruleset.ts";
import type { RuleMatch, Ruleset } from "./ruleset.ts";

/**
 * The ports that the rules of one namespace name, alone, in a range or in a set, of either side of a packet. All other
 * ports are alike to them: what rules do to a packet with one they do to the same packet with another.
 *
 * Ports of rules that are taken away stay.
 */
export class RulePorts {
  readonly #named = new PortBits();

  /** Puts them into a set. */
  addTo(ports: PortBits): void {
    ports.addAll(this.#named);
  }

  /** Names the ports from `low` to `high`, both included. */
  add(low: Port, high: Port): void {
    for (let port = low; port <= high; port += 1) this.#named.set(port);
  }

  /** Names the ports of iptables rules. */
  addRuleset(ruleset: Ruleset): void {
    for (const table of ruleset.values()) {
      for (const { rules } of table.values()) {
        for (const { matches } of rules) for (const match of matches) this.#addMatch(match);
      }
    }
  }

  /** Names the ports of nftables rules. */
  addNft(ruleset: NftRuleset): void {
    for (const { chains } of ruleset) {
      for (const { rules } of chains.values()) {
        for (const { statements } of rules) {
          for (const statement of statements) {
            if (statement.kind === "match") this.#addElements(statement.key, statement.elements);
            else if (statement.kind === "map") {
              const elements = statement.elements.map(({ element }) => element);
              this.#addElements(statement.key, elements);
            }
          }
        }
      }
    }
  }

  #addMatch(match: RuleMatch): void {
    switch (match.kind) {
      case "sourcePort":
      case "destinationPort":
      case "eitherPort":
        for (const { low, high } of match.ranges) this.add(low, high);
        return;
      case "addressPortSet":
        for (const members of match.members.values()) {
          for (const member of members) this.add(member & 0xffff, member & 0xffff);
        }
        return;
      default:
    }
  }

  #addElements(key: NftKey, elements: readonly NftElement[]): void {
    for (const [place, { kind }] of key.entries()) {
      if (kind !== "sport" && kind !== "dport") continue;
      for (const element of elements) {
        const value = element[place];
        if (value !== undefined && "low" in value) this.add(value.low, value.high);
      }
    }
  }
}
