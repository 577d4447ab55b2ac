import { describe, expect, it } from "vitest";
import { compareEndpoints, endpointText, ipv4Of, parseEndpoint } from "../../../src/kernel/show/shown_endpoint.ts";
import { ip } from "../../support/small_network.ts";

describe("parseEndpoint", () => {
  it.each([
    ["10.23.77.129:36704", { address: "10.23.77.129", port: 36704 }],
    ["0.0.0.0:*", { address: "0.0.0.0", port: 0 }],
    ["*:9000", { address: "*", port: 9000 }],
    ["[::ffff:127.0.0.1]:9000", { address: "::ffff:127.0.0.1", port: 9000 }],
    ["::ffff:127.0.0.1:9000", { address: "::ffff:127.0.0.1", port: 9000 }],
    [":::22", { address: "::", port: 22 }],
    ["[fe80::1]%eth0:546", { address: "fe80::1%eth0", port: 546 }],
    ["127.0.0.53%lo:53", { address: "127.0.0.53%lo", port: 53 }],
    ["[2001:db8:0:1:2:3:4:5]:1", { address: "2001:db8:0:1:2:3:4:5", port: 1 }],
  ])("reads %s", (text, endpoint) => {
    expect(parseEndpoint(text)).toEqual(endpoint);
  });

  it.each([
    "10.0.0.1",
    "10.0.0.256:1",
    "10.0.0.1:65536",
    ":80",
    "web:80",
    "[10.0.0.1]:80",
    "[::1::]:80",
    "1:2:3:4:5:6:7:8:9:80",
    "10.0.0.1:http",
    "[::ffff:10.0.0.256]:80",
  ])("reads nothing in %s", (text) => {
    expect(parseEndpoint(text)).toBeUndefined();
  });
});

describe("endpointText", () => {
  it("puts IPv6 in brackets, with the interface behind them", () => {
    expect(endpointText({ address: "fe80::1%eth0", port: 546 })).toBe("[fe80::1]%eth0:546");
    expect(endpointText({ address: "10.0.0.1", port: 80 })).toBe("10.0.0.1:80");
  });
});

describe("ipv4Of", () => {
  it("takes the IPv4 address out of a mapped one", () => {
    expect(ipv4Of("::ffff:10.0.0.1")).toBe(ip("10.0.0.1"));
    expect(ipv4Of("10.0.0.1")).toBe(ip("10.0.0.1"));
    expect(ipv4Of("::1")).toBeUndefined();
  });
});

describe("compareEndpoints", () => {
  it("sorts IPv4 by number, then all else by its letters, then by port", () => {
    const sorted = [":::1", "10.0.0.1:80", "[::]:1", "200.0.0.1:1", "*:1", "9.0.0.1:1", "10.0.0.1:9"]
      .map((text) => parseEndpoint(text)!)
      .toSorted(compareEndpoints);
    expect(sorted.map(endpointText)).toEqual([
      "9.0.0.1:1",
      "10.0.0.1:9",
      "10.0.0.1:80",
      "200.0.0.1:1",
      "*:1",
      "[::]:1",
      "[::]:1",
    ]);
  });
});
