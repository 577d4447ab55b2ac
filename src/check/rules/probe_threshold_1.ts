import type { RuleFinding } from "../finding.ts";
import type { Rule } from "../rule.ts";
import { probedPod, scenarioExample } from "./examples.ts";
import { ownersHave, probesByPlace } from "./probe_groups.ts";

/** Liveness probes that restart at the first failure. */
export const PROBE_THRESHOLD_1: Rule = {
  id: "PROBE-THRESHOLD-1",
  severity: "warning",
  title: "One failed liveness probe restarts the container.",
  why:
    "A single lost packet, a slow answer or one NodePort as a source port then restarts a healthy container. Failures of " +
    "probes are mostly single: with 3 in a row a restart by chance is millions of times rarer.",
  fix: "Write failureThreshold: 3, or lower periodSeconds if detection must be quick.",
  sources: [
    "pkg/kubelet/prober/worker.go doProbe, Kubernetes v1.31",
    "kubernetes/kubernetes#81713",
    "gardener/gardener#15649",
  ],
  bad: scenarioExample({ more: ["pods:", probedPod("livenessProbe", "timeoutSeconds: 5, failureThreshold: 1")] }),
  good: scenarioExample({ more: ["pods:", probedPod("livenessProbe", "timeoutSeconds: 5, failureThreshold: 3")] }),
  judge: ({ probes }) => {
    const bad = probes.filter(({ kind, failureThreshold }) => kind === "liveness" && failureThreshold === 1);
    return probesByPlace(bad).map((group): RuleFinding => ({
      place: group[0].place,
      message: `${ownersHave(group)} failureThreshold 1: one failure restarts the container.`,
      fix: "Write failureThreshold: 3.",
      evidence: { probes: group.map(({ owner }) => owner) },
    }));
  },
};
