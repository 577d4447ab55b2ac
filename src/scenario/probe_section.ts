import type { Place } from "./place.ts";
import { anyOf } from "./wording.ts";
import type { Probe, ProbeHandler } from "./model.ts";
import type { ProblemList } from "./problem_list.ts";
import type { Sections } from "./schema.ts";

type ProbeEntry = NonNullable<NonNullable<Sections["pods"]>[number]["livenessProbe"]>;

const HANDLERS = ["httpGet", "tcpSocket", "exec", "grpc"] as const;

/** The first kubelet whose gRPC probes need no feature gate, which is 1.24.0. */
const GRPC_SINCE = [1, 24] as const;

/** What kind of probe it is: only readiness takes more than one success. */
export type ProbeKind = "readinessProbe" | "livenessProbe" | "startupProbe";

/**
 * Checks one probe as the apiserver does: exactly one handler, and a success threshold of 1 outside readiness.
 *
 * Source: pkg/apis/core/validation/validation.go validateContainers, v1.20.2.
 *
 * @returns `undefined` if it has no handler, or one that could not be read.
 */
export function resolveProbe(
  entry: ProbeEntry,
  kind: ProbeKind,
  place: Place,
  problems: ProblemList,
): Probe | undefined {
  if (kind !== "readinessProbe" && entry.successThreshold !== 1) {
    problems.add(place.at("successThreshold").value, {
      message: `Cannot use successThreshold ${entry.successThreshold} for a ${kind}`,
      expected: "1: only a readinessProbe takes more",
      toMend: "write 1, or delete the key",
    });
  }
  if (place.isLeftOut(...HANDLERS)) return undefined;
  const named = HANDLERS.filter((handler) => entry[handler] !== undefined);
  const handler = handlerOf(entry);
  if (named.length !== 1 || handler === undefined) {
    problems.add(place.key, {
      message:
        named.length === 0
          ? `Cannot use this ${kind}: it asks nobody`
          : `Cannot use this ${kind}: it has ${named.join(" and ")}`,
      expected: `exactly one of ${anyOf(HANDLERS)}`,
      toMend: named.length === 0 ? "add one, such as tcpSocket: { port: 80 }" : "keep one of them",
    });
    return undefined;
  }
  const { initialDelaySeconds, periodSeconds, timeoutSeconds, successThreshold, failureThreshold } = entry;
  return { handler, initialDelaySeconds, periodSeconds, timeoutSeconds, successThreshold, failureThreshold };
}

/**
 * Checks that the kubelet has the probe's handler: gRPC came in 1.23 behind a gate, and needs none from 1.24 on.
 *
 * Source: pkg/features/kube_features.go GRPCContainerProbe, v1.23 v1.24.
 */
export function checkHandlerVersion(
  { handler }: Probe,
  version: readonly [major: number, minor: number, patch: number] | undefined,
  place: Place,
  problems: ProblemList,
): void {
  if (handler.kind !== "grpc" || version === undefined) return;
  const [major, minor, patch] = version;
  if (major > GRPC_SINCE[0] || minor >= GRPC_SINCE[1]) return;
  problems.add(place.at("grpc").key, {
    message: `Cannot use a gRPC probe with kubelet ${major}.${minor}.${patch}: it has none without a feature gate`,
    expected: "kubelet 1.24.0 or later",
    toMend: "use tcpSocket, or change kubelet.version",
  });
}

/** Warns of a probe that asks a port on which nobody listens: it fails each time with "connection refused". */
export function warnOfClosedPort(probe: Probe, listen: readonly number[], place: Place, warnings: ProblemList): void {
  const { handler } = probe;
  if (handler.kind === "exec" || listen.includes(handler.port)) return;
  warnings.add(place.at(handler.kind, "port").value, {
    message: `The probe asks port ${handler.port}, on which the pod does not listen: every probe will be refused`,
    expected: listen.length === 0 ? `listen: [${handler.port}]` : `one of the ports in listen: ${listen.join(", ")}`,
    toMend: "correct the port, or add it to listen",
  });
}

function handlerOf({ httpGet, tcpSocket, exec, grpc }: ProbeEntry): ProbeHandler | undefined {
  if (httpGet !== undefined) return { kind: "httpGet", port: httpGet.port, path: httpGet.path };
  if (tcpSocket !== undefined) return { kind: "tcpSocket", port: tcpSocket.port };
  if (grpc !== undefined) return { kind: "grpc", port: grpc.port };
  return exec === undefined ? undefined : { kind: "exec" };
}
