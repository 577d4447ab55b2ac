import { describe, expect, it } from "vitest";
import { kubeProxyEra, setsConnReuseMode } from "../../../src/cluster/kube_proxy/kube_proxy_eras.ts";
import type { Version } from "../../../src/cluster/options.ts";
import { era } from "../../support/small_network.ts";

function versionOf(text: string): Version {
  const [major = 0, minor = 0, patch = 0] = text.split(".").map(Number);
  return [major, minor, patch];
}

describe("kubeProxyEra", () => {
  it.each(["1.12.2", "1.18.20", "1.20.15", "1.21.12", "1.22.9", "1.23.4", "1.23.6"])(
    "%s holds NodePorts",
    (version) => {
      expect(kubeProxyEra(versionOf(version)).claimsNodePorts).toBe(true);
    },
  );

  it.each(["1.21.13", "1.21.14", "1.22.10", "1.23.7", "1.23.10", "1.24.0", "1.31.0"])(
    "%s does not hold NodePorts",
    (version) => {
      expect(kubeProxyEra(versionOf(version)).claimsNodePorts).toBe(false);
    },
  );

  it("serves NodePorts on 127.0.0.1 up to 1.21", () => {
    expect(["1.18.20", "1.21.14"].map((version) => kubeProxyEra(versionOf(version)).servesLoopback)).toEqual([
      true,
      true,
    ]);
    expect(kubeProxyEra([1, 22, 0]).servesLoopback).toBe(false);
  });

  it("sets route_localnet up to 1.20", () => {
    expect(kubeProxyEra([1, 20, 15]).setsRouteLocalnet).toBe(true);
    expect(kubeProxyEra([1, 21, 0]).setsRouteLocalnet).toBe(false);
  });
});

describe("Sysctls of a release", () => {
  it.each([
    ["1.11.6", false],
    ["1.11.7", true],
    ["1.12.4", false],
    ["1.12.5", true],
    ["1.13.1", false],
    ["1.13.2", true],
    ["1.14.0", true],
  ])("kube-proxy %s sets expire_nodest_conn: %s", (version, isSet) => {
    expect(kubeProxyEra(versionOf(version)).setsExpireSysctls).toBe(isSet);
  });

  it.each([
    ["1.22.17", false],
    ["1.23.0", true],
    ["1.28.15", true],
    ["1.29.0", false],
  ])("kube-proxy %s leaves longer conntrack timeouts alone: %s", (version, isLeft) => {
    expect(kubeProxyEra(versionOf(version)).onlyRaisesTimeouts).toBe(isLeft);
  });
});

describe("setsConnReuseMode", () => {
  it.each([
    ["1.11.6", "4.4", false],
    ["1.11.7", "4.4", true],
    ["1.12.4", "4.4", false],
    ["1.12.5", "4.4", true],
    ["1.13.0", "4.4", true],
    ["1.16.15", "5.4", true],
    ["1.17.0", "3.10", true],
    ["1.18.20", "5.15", true],
    ["1.19.0", "3.10.0-1160.el7", false],
    ["1.19.0", "4.18", true],
    ["1.20.14", "5.15", true],
    ["1.20.15", "5.15", false],
    ["1.21.8", "5.15", true],
    ["1.21.9", "5.15", false],
    ["1.21.14", "5.4", true],
    ["1.22.0", "3.10", false],
    ["1.23.10", "4.1", true],
    ["1.23.10", "5.4.188", true],
    ["1.23.10", "5.8", true],
    ["1.23.10", "5.9", false],
    ["1.23.10", "6.1", false],
  ] as const)("kube-proxy %s on kernel %s writes 0: %s", (version, kernel, isWritten) => {
    expect(setsConnReuseMode(kubeProxyEra(versionOf(version)), era(kernel))).toBe(isWritten);
  });
});

describe("Graceful termination of a release", () => {
  it.each([
    ["1.11.4", "none"],
    ["1.11.5", "inverted, unlocked"],
    ["1.11.6", "unlocked"],
    ["1.11.7", "sound"],
    ["1.12.1", "none"],
    ["1.12.2", "inverted, unlocked"],
    ["1.12.3", "inverted, unlocked"],
    ["1.12.4", "unlocked"],
    ["1.12.5", "sound"],
    ["1.13.0", "inverted, unlocked"],
    ["1.13.1", "unlocked"],
    ["1.13.2", "sound"],
    ["1.10.11", "none"],
    ["1.14.0", "sound"],
    ["1.23.10", "sound"],
  ])("of %s is: %s", (text, state) => {
    const [major = 0, minor = 0, patch = 0] = text.split(".").map(Number);
    const graceful = kubeProxyEra([major, minor, patch]).gracefulTermination;
    const faults = [
      ...(graceful?.hasInvertedRemove === true ? ["inverted"] : []),
      ...(graceful?.sharesNetlinkSocket === true ? ["unlocked"] : []),
    ];
    expect(graceful === undefined ? "none" : faults.join(", ") || "sound").toBe(state);
  });
});
