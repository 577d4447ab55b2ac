import type { CheckContext } from "./check_context.ts";
import type { KubeProxySetup } from "./model.ts";
import type { Place } from "./place.ts";
import type { Version } from "./values.ts";

/**
 * kube-proxy's settings; a mode or scheduler that is not served was reported when it was read.
 *
 * Not modelled: that kube-proxy from 1.31 on refuses nftables mode on kernels before 5.13.
 */
export function resolveKubeProxy(context: CheckContext): KubeProxySetup | undefined {
  const { sections, place } = context;
  if (sections.kubeProxy === undefined) return undefined;
  const { version, mode, nodePortRange, scheduler, nodePortAddresses } = sections.kubeProxy;
  if (mode === "userspace" || (scheduler !== "rr" && scheduler !== "wrr")) return undefined;
  checkMode(version, place.at("kubeProxy", "mode"), context);
  const setup = { version, mode, nodePortRange, scheduler };
  return nodePortAddresses === undefined ? setup : { ...setup, nodePortAddresses };
}

/** Checks that a release of kube-proxy, at the start or of the timeline, has the scenario's mode. */
export function checkMode(version: Version, at: Place, { sections, problems }: CheckContext): void {
  if (sections.kubeProxy?.mode !== "nftables" || hasNftables(version)) return;
  problems.add(at.value, {
    message: `Cannot run kube-proxy ${version.join(".")} in nftables mode: it came with 1.29.0`,
    expected: `ipvs or iptables with kube-proxy ${version.join(".")}`,
    toMend: "write another mode, or a version from 1.29.0 on",
  });
}

/** Source: pkg/features/kube_features.go NFTablesProxyMode, v1.29.0. */
function hasNftables([major, minor]: Version): boolean {
  return major > 1 || minor >= 29;
}
