import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatDiagnostic } from "../../../src/scenario/diagnostic.ts";
import { AddressMap } from "../../../src/scenario/import/address_map.ts";
import { importScenario } from "../../../src/scenario/import/import_scenario.ts";
import type { ImportOptions } from "../../../src/scenario/import/import_options.ts";
import { formatIpv4, parseIpv4, prefixMask } from "../../../src/units.ts";
import { scenarioOf } from "../small_scenario.ts";
import { filesOf } from "./exported_node.ts";
import { largeNode, PLANTED } from "./large_node.ts";

const FILES = largeNode({ pods: 12, services: 60, tracked: 1_500 });

function imported(options: ImportOptions & { readonly isRedacted?: boolean }) {
  const result = importScenario(FILES, options);
  if (!result.ok) throw new Error(result.diagnostics.map(formatDiagnostic).join("\n"));
  return result;
}

const plain = imported({});
const redacted = imported({ isRedacted: true });

describe("An imported scenario", () => {
  it("holds nothing of environments, annotations, managed fields, headers, queries or arguments", () => {
    const exported = FILES.map(({ bytes }) => new TextDecoder().decode(bytes)).join("");
    for (const secret of PLANTED) {
      expect(exported).toContain(secret);
      expect(plain.text).not.toContain(secret);
      expect(redacted.text).not.toContain(secret);
    }
  });
});

describe("A redacted scenario", () => {
  it("has no problem", () => {
    expect(scenarioOf(redacted.text).pods).toHaveLength(scenarioOf(plain.text).pods.length);
  });

  it("names nobody and holds no address of the cluster", () => {
    for (const name of ["node-7", "team-", "svc-", "app-", "7d9f", "generic", "ready"]) {
      expect(plain.text).toContain(name);
      expect(redacted.text).not.toContain(name);
    }
    const addresses = new Set(plain.text.match(/\b\d+\.\d+\.\d+\.\d+\b/g));
    const left = new Set(redacted.text.match(/\b\d+\.\d+\.\d+\.\d+\b/g));
    expect(addresses.size).toBe(left.size);
    const { redaction } = redacted;
    for (const address of left) expect(redaction?.addresses[address]).toMatch(/^\d+\./);
    expect([...left].filter((address) => redaction?.addresses[address] === address).length).toBeLessThan(5);
  });

  it("keeps ports, rates, probes, versions and what is expected", () => {
    const [a, b] = [scenarioOf(plain.text), scenarioOf(redacted.text)];
    const shape = ({ churn, pods, services, expect: figures, kubelet, kubeProxy, sysctls }: typeof a) => ({
      churn: churn.map(({ to, ratePerSecond, closes, lasts }) => ({ port: to.port, ratePerSecond, closes, lasts })),
      pods: pods.map(({ listen, hostNetwork }) => ({ listen, hostNetwork })),
      services: services.map(({ ports, type, endpoints }) => ({ ports, type, endpoints: endpoints.length })),
      expect: figures.map(({ between }) => between),
      kubelet,
      kubeProxy,
      sysctls,
    });
    expect(shape(b)).toEqual(shape(a));
  });

  it("is the same each time, and its table leads back", () => {
    expect(imported({ isRedacted: true }).text).toBe(redacted.text);
    expect(Object.values(redacted.redaction?.names ?? {})).toEqual(expect.arrayContaining(["node-7", "team-3"]));
  });

  it("hides the name in a kernel build that somebody made", () => {
    const files = filesOf({ "uname-r.txt": "5.15.0-acme-prod\n", "sysctl-a.txt": "net.ipv4.ip_forward = 1\n" });
    const result = importScenario(files, { portWalk: "5.18+", isRedacted: true });
    expect(result).toMatchObject({ ok: true, text: expect.stringContaining("build: 5.15.0-redacted") });
    expect(result).not.toMatchObject({ text: expect.stringContaining("acme") });
  });
});

const ADDRESS = fc
  .tuple(
    fc.constantFrom(10, 172, 192, 100, 8, 203),
    fc.nat({ max: 3 }),
    fc.nat({ max: 3 }),
    fc.integer({ min: 1, max: 254 }),
  )
  .map(([a, b, c, d]) => `${a}.${a === 172 ? 16 + b : a === 192 ? 168 : a === 100 ? 64 + b : b}.${c}.${d}`);
const NETWORK = fc
  .tuple(ADDRESS, fc.constantFrom(16, 20, 22, 24, 25, 28))
  .map(([address, length]) => `${address}/${length}`);

/** The network of an address as a number. */
function networkOf(address: string, length: number): number {
  return (parseIpv4(address) ?? 0) & prefixMask(length);
}

describe("AddressMap", () => {
  it("gives each address another, and keeps networks together and apart", () => {
    fc.assert(
      fc.property(
        fc.array(NETWORK, { maxLength: 4 }),
        fc.array(ADDRESS, { minLength: 2, maxLength: 30 }),
        (networks, list) => {
          const map = new AddressMap(networks);
          const addresses = [...new Set(list)];
          const made = addresses.map((address) => map.of(address));
          expect(new Set(made).size).toBe(addresses.length);
          for (const length of [
            24,
            ...networks.map((text) => Number(text.split("/")[1])).filter((bits) => bits <= 24),
          ]) {
            const isWritten = (address: string): boolean =>
              length === 24 ||
              networks.some(
                (text) =>
                  text.endsWith(`/${length}`) && networkOf(text.split("/")[0]!, length) === networkOf(address, length),
              );
            for (const [i, a] of addresses.entries())
              for (const [j, b] of addresses.entries()) {
                if (!isWritten(a) || !isWritten(b)) continue;
                const [before, after] = [
                  networkOf(a, length) === networkOf(b, length),
                  networkOf(made[i]!, length) === networkOf(made[j]!, length),
                ];
                expect({ a, b, length, after }).toEqual({ a, b, length, after: before });
              }
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  // Found by the property above: they came to lie in two /24.
  it("keeps public addresses together of whose /24 one half is written as a network", () => {
    const map = new AddressMap(["203.1.2.1/25"]);
    expect(["203.1.2.1", "203.1.2.128"].map((one) => map.of(one))).toEqual(["198.18.0.1", "198.18.0.128"]);
  });

  // Found by the property above: the third of these had the first one's replacement.
  it("gives public addresses others when two networks have used 198.18.0.0/15 up", () => {
    const map = new AddressMap(["203.0.0.1/16", "8.0.0.1/16"]);
    expect(["203.0.0.1", "8.0.0.1", "8.1.0.1", "9.9.9.9"].map((one) => map.of(one))).toEqual([
      "198.18.0.1",
      "198.19.0.1",
      "240.0.0.1",
      "240.0.1.1",
    ]);
  });

  it("keeps what is private private, and takes public addresses from 198.18.0.0/15", () => {
    const map = new AddressMap([]);
    expect(
      ["10.9.8.7", "172.20.1.1", "192.168.4.4", "100.70.1.2", "8.8.8.8", "8.8.4.4"].map((one) => map.of(one)),
    ).toEqual(["10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "198.18.0.1", "198.18.1.1"]);
    expect(["127.0.0.1", "169.254.20.10", "0.0.0.0"].map((one) => map.of(one))).toEqual([
      "127.0.0.1",
      "169.254.20.10",
      "0.0.0.0",
    ]);
  });

  it("gives hosts of a network addresses that are hosts there", () => {
    const map = new AddressMap(["10.23.77.129/28"]);
    const hosts = Array.from({ length: 14 }, (_, index) =>
      map.of(formatIpv4(networkOf("10.23.77.129", 28) + 14 - index)),
    );
    expect(hosts[0]).toBe("10.0.0.1");
    expect(new Set(hosts.map((host) => networkOf(host, 28)))).toEqual(new Set([networkOf("10.0.0.1", 28)]));
    expect(hosts).not.toContain("10.0.0.0");
    expect(hosts).not.toContain("10.0.0.15");
    expect(map.network("10.23.77.128/28")).toBe("10.0.0.0/28");
  });
});
