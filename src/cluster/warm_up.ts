import type { Cluster } from "./cluster.ts";

/**
 * Forgets what nodes and the hosts outside them have counted so far, so that the figures are those of the time after it has warmed up. Nothing that
 * happens changes: tables, back-offs and the fingerprint go on. Peaks and the kernel's counters stay those of the whole run.
 */
export function forgetWarmUp({ nodes, fabric }: Cluster): void {
  for (const { node } of nodes) {
    node.kubelet.forget();
    for (const { counts } of node.workloads) counts.forget();
    node.netns.candidates.forget();
  }
  for (const { counts } of fabric?.site?.workloads ?? []) counts.forget();
}
