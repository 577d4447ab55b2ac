import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  endpointChainHash,
  namedPorts,
  nftEndpointName,
  nftServiceName,
  serviceChainHash,
  servicePortText,
} from "../../../src/cluster/kube_proxy/chain_names.ts";
import { sha256, sha256OfBytes } from "../../../src/cluster/kube_proxy/sha256.ts";
import { ip } from "../../support/small_network.ts";

const P80 = {
  namespace: "ns1",
  service: "svc1",
  portName: "p80",
  protocol: "tcp",
  port: 80,
  nodePort: undefined,
  targetPort: 80,
} as const;

describe("Names of chains", () => {
  it("are those that kube-proxy's own tests expect", () => {
    expect(serviceChainHash(P80)).toBe("XPGD46QRK7WJZT7O");
    expect(endpointChainHash(P80, ip("10.180.0.1"))).toBe("SXIVWICOYRO3J4NJ");
    expect(nftServiceName(P80)).toBe("ULMVA6XW-ns1/svc1/tcp/p80");
    expect(nftEndpointName(P80, ip("10.180.0.1"))).toBe("5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80");
  });

  it("give a port a name only where the service has several, and leave SCTP out", () => {
    const port = { port: 53, targetPort: 53, protocol: "UDP" } as const;
    const other = { port: 53, targetPort: 53, protocol: "TCP" } as const;
    const textsOf = (name: string, ports: Parameters<typeof namedPorts>[0]["ports"]): string[] =>
      namedPorts({ name, externalIps: [], ports, endpoints: [] }).map(servicePortText);
    expect(textsOf("kube-system/dns", [port])).toEqual(["kube-system/dns"]);
    expect(textsOf("kube-system/dns", [port, other])).toEqual(["kube-system/dns:udp-53", "kube-system/dns:tcp-53"]);
    expect(textsOf("alone", [{ ...port, protocol: "SCTP" }, other])).toEqual(["default/alone:tcp-53"]);
  });
});

describe("sha256", () => {
  it("gives the digest that OpenSSL gives, whatever the length", () => {
    const ascii = fc.string({ unit: "binary-ascii", maxLength: 200 });
    fc.assert(
      fc.property(ascii, (text) => {
        expect(Buffer.from(sha256(text)).toString("hex")).toBe(createHash("sha256").update(text).digest("hex"));
      }),
    );
  });

  it("gives the digest of bytes, too", () => {
    const bytes = new TextEncoder().encode("überall 1024–65000\n".repeat(40));
    expect(Buffer.from(sha256OfBytes(bytes)).toString("hex")).toBe(createHash("sha256").update(bytes).digest("hex"));
  });
});
