import { Errno } from "../../kernel/errno.ts";
import { formatEndpoint, type Ipv4, type Micros } from "../../units.ts";
import { Fingerprint } from "../../sim/fingerprint.ts";
import type { Outcome } from "../clients.ts";
import { klogHeader, klogQuoted } from "../klog.ts";
import { isAtLeast, type ProbeOptions, type Version } from "../options.ts";
import { grpcOutput } from "./grpc_probe.ts";

/** The process id in the kubelet's log lines. */
const KUBELET_PROCESS = 1000;

/** Kinds of probe, as log lines and events write them. */
export type ProbeType = "Readiness" | "Liveness" | "Startup";

/** Whose probe it is. */
export interface ProbeSubject {
  readonly pod: string;
  readonly container: string;
  readonly probeType: ProbeType;
  readonly address: Ipv4;
}

/** The two ends of a probe's connection: where it comes from, and whom it asks. */
export interface ProbeEnds {
  readonly source: Ipv4;
  readonly address: Ipv4;
}

/**
 * What a failed probe says: the text that stands in the kubelet's log as `output` and in the Event.
 *
 * Source: pkg/probe/http/http.go DoHTTPProbe, v1.23; pkg/probe/tcp/tcp.go DoTCPProbe, v1.23. The texts are Go's.
 */
export function probeOutput(
  probe: ProbeOptions,
  { source, address }: ProbeEnds,
  outcome: Outcome,
  version: Version,
): string {
  const { handler } = probe;
  if (handler.kind === "exec") return "";
  const endpoint = formatEndpoint(address, handler.port);
  if (handler.kind === "grpc") return grpcOutput(endpoint, probe, outcome);
  if (handler.kind === "tcpSocket") return `dial tcp ${endpoint}: ${dialText(outcome)}`;
  const url = `http://${endpoint}${handler.path}`;
  // Up to 1.18 kubelets were built with a Go before 1.14, which does not quote the URL.
  const isOld = !isAtLeast(version, [1, 19, 0]);
  const prefix = isOld ? `Get ${url}: ` : `Get "${url}": `;
  if (outcome.wasConnected && (outcome.errno === Errno.ECONNRESET || outcome.errno === Errno.EPIPE)) {
    return `${prefix}read tcp ${formatEndpoint(source, outcome.localPort)}->${endpoint}: read: connection reset by peer`;
  }
  if (outcome.errno !== 0) return `${prefix}dial tcp ${endpoint}: ${dialText(outcome)}`;
  if (isOld && !outcome.wasConnected) {
    return `${prefix}net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)`;
  }
  return `${prefix}context deadline exceeded (Client.Timeout exceeded while awaiting headers)`;
}

function dialText(outcome: Outcome): string {
  switch (outcome.errno) {
    case 0:
      return "i/o timeout";
    case Errno.ECONNREFUSED:
      return "connect: connection refused";
    case Errno.ECONNRESET:
      return "connect: connection reset by peer";
    case Errno.EHOSTUNREACH:
      return "connect: no route to host";
    case Errno.ENETUNREACH:
      return "connect: network is unreachable";
    case Errno.EADDRNOTAVAIL:
      return "connect: cannot assign requested address";
    case Errno.ETIMEDOUT:
      return "connect: connection timed out";
    default:
      return `connect: errno ${outcome.errno}`;
  }
}

/**
 * The kubelet's log line for a failed probe. The engine has no calendar: the run begins on 1 January at midnight. From
 * 1.28 on klog writes values that are no plain texts as JSON, so the UID and the result are quoted.
 *
 * Source: pkg/kubelet/prober/prober.go probe, v1.20 v1.23 v1.28; k8s.io/klog/internal/serialize/keyvalues.go formatAny,
 * v2.100.1.
 */
export function probeLogLine(subject: ProbeSubject, output: string, at: Micros, version: Version): string {
  const { pod, container, probeType } = subject;
  const uid = podUid(pod);
  if (isAtLeast(version, [1, 21, 0])) {
    const isJson = isAtLeast(version, [1, 28, 0]);
    const value = (text: string): string => (isJson ? klogQuoted(text) : text);
    return (
      `${klogHeader("I", at, KUBELET_PROCESS)} prober.go:${isJson ? 107 : 121}] "Probe failed" ` +
      `probeType="${probeType}" pod="${pod}" podUID=${value(uid)} containerName="${container}" ` +
      `probeResult=${value("failure")} output=${klogQuoted(output)}`
    );
  }
  const [namespace = "default", name = pod] = pod.split("/");
  return `${klogHeader("I", at, KUBELET_PROCESS)} prober.go:124] ${probeType} probe for "${name}_${namespace}(${uid}):${container}" failed (failure): ${output}`;
}

/** A pod's UID: always the same for the same name. */
export function podUid(pod: string): string {
  const first = new Fingerprint();
  first.addText(pod);
  const second = new Fingerprint();
  second.addText(`${pod}/uid`);
  const digits = first.hex() + second.hex();
  const variant = "89ab"[Number.parseInt(digits[16]!, 16) % 4]!;
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-${variant}${digits.slice(17, 20)}-${digits.slice(20)}`;
}
