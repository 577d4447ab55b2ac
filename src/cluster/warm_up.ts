import type { Node } from "./node.ts";

/**
 * Forgets what a node has counted so far, so that its figures are those of the time after it has warmed up. Nothing that
 * happens changes: tables, back-offs and the fingerprint go on. Peaks and the kernel's counters stay those of the whole run.
 */
export function forgetWarmUp(node: Node): void {
  node.kubelet.forget();
  for (const { counts } of node.churn) counts.forget();
  node.selfCheck?.counts.forget();
  node.netns.candidates.forget();
}
