import { describe, expect, it } from "vitest";
import type { Outcome } from "../../src/cluster/clients.ts";
import { podUid, probeLogLine, probeOutput } from "../../src/cluster/kubelet/probe_text.ts";
import type { ProbeOptions, Version } from "../../src/cluster/options.ts";
import { Errno } from "../../src/kernel/errno.ts";
import { ip } from "../support/small_network.ts";

// Goal: what the model writes is what an operator greps for.
// Method: the texts of real kubelets, word for word; only the UID and the process id are the model's own.

const POD_ADDRESS = ip("10.23.77.138");
const TIMES = {
  initialDelaySeconds: 0,
  periodSeconds: 10,
  timeoutSeconds: 1,
  successThreshold: 1,
  failureThreshold: 3,
};
const HTTP: ProbeOptions = { handler: { kind: "httpGet", port: 80, path: "/" }, ...TIMES };
const TCP: ProbeOptions = { handler: { kind: "tcpSocket", port: 8080 }, ...TIMES };
const OLD: Version = [1, 18, 20];
const NEW: Version = [1, 23, 10];

function failureWith(errno: number, wasConnected = false): Outcome {
  return { isSuccess: false, cause: "other", errno, wasConnected, localPort: 36704, connectTime: -1 };
}

function outputOf(probe: ProbeOptions, outcome: Outcome, version = NEW): string {
  return probeOutput(probe, { source: ip("10.23.77.129"), address: POD_ADDRESS }, outcome, version);
}

describe("probeOutput", () => {
  it("is the client's timeout for a lost handshake over HTTP", () => {
    expect(outputOf(HTTP, failureWith(0))).toBe(
      'Get "http://10.23.77.138:80/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
    );
  });

  it("does not tell a silent server from a lost handshake from 1.19 on", () => {
    expect(outputOf(HTTP, failureWith(0, true))).toBe(outputOf(HTTP, failureWith(0, false)));
  });

  it("has no quotes and another text in kubelets up to 1.18", () => {
    expect(outputOf(HTTP, failureWith(0), OLD)).toBe(
      "Get http://10.23.77.138:80/: net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)",
    );
    expect(outputOf(HTTP, failureWith(0, true), OLD)).toBe(
      "Get http://10.23.77.138:80/: context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
    );
  });

  it.each([
    [0, "i/o timeout"],
    [Errno.ECONNREFUSED, "connect: connection refused"],
    [Errno.EHOSTUNREACH, "connect: no route to host"],
    [Errno.ENETUNREACH, "connect: network is unreachable"],
    [Errno.EADDRNOTAVAIL, "connect: cannot assign requested address"],
    [Errno.ECONNRESET, "connect: connection reset by peer"],
  ])("names errno %i of a TCP probe", (errno, text) => {
    expect(outputOf(TCP, failureWith(errno))).toBe(`dial tcp 10.23.77.138:8080: ${text}`);
  });

  it("names both ends of a connection that was reset after the request", () => {
    expect(outputOf(HTTP, failureWith(Errno.ECONNRESET, true))).toBe(
      'Get "http://10.23.77.138:80/": read tcp 10.23.77.129:36704->10.23.77.138:80: read: connection reset by peer',
    );
  });

  it("names the request before the errno of an HTTP probe", () => {
    expect(outputOf(HTTP, failureWith(Errno.ECONNREFUSED))).toBe(
      'Get "http://10.23.77.138:80/": dial tcp 10.23.77.138:80: connect: connection refused',
    );
  });
});

describe("probeLogLine", () => {
  const subject = {
    pod: "default/nginx-1",
    container: "nginx",
    probeType: "Readiness",
    address: POD_ADDRESS,
  } as const;
  const uid = podUid("default/nginx-1");
  // 2 February, 01:02:03.000004.
  const at = ((32 * 24 + 1) * 3600 + 2 * 60 + 3) * 1_000_000 + 4;

  it("quotes UID and result from 1.28 on", () => {
    expect(probeLogLine(subject, "EOF", at, [1, 28, 0])).toBe(
      `I0202 01:02:03.000004    1000 prober.go:107] "Probe failed" probeType="Readiness" pod="default/nginx-1" podUID="${uid}" ` +
        'containerName="nginx" probeResult="failure" output="EOF"',
    );
  });

  it.each([
    [1, 21, 0],
    [1, 27, 16],
  ] as const)("is structured in %i.%i.%i", (...version) => {
    expect(probeLogLine(subject, 'Get "http://x/": timed out', at, version)).toBe(
      `I0202 01:02:03.000004    1000 prober.go:121] "Probe failed" probeType="Readiness" pod="default/nginx-1" podUID=${uid} ` +
        'containerName="nginx" probeResult=failure output="Get \\"http://x/\\": timed out"',
    );
  });

  it.each([
    [1, 18, 20],
    [1, 20, 15],
  ] as const)("is a sentence in %i.%i.%i", (...version) => {
    expect(probeLogLine(subject, "dial tcp 10.23.77.138:80: i/o timeout", at, version)).toBe(
      `I0202 01:02:03.000004    1000 prober.go:124] Readiness probe for "nginx-1_default(${uid}):nginx" failed (failure): ` +
        "dial tcp 10.23.77.138:80: i/o timeout",
    );
  });
});

describe("podUid", () => {
  it("has the form of a random UUID, is the same for one name and another for another", () => {
    expect(podUid("default/a")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(podUid("default/a")).toBe(podUid("default/a"));
    expect(podUid("default/a")).not.toBe(podUid("default/b"));
  });
});
