import type { RuleFinding } from "../finding.ts";
import type { Rule } from "../rule.ts";
import { probedPod, scenarioExample } from "./examples.ts";
import { ownersHave, probesByPlace } from "./probe_groups.ts";

/** Probes that give up before a lost SYN is sent again. */
export const PROBE_TIMEOUT_BELOW_SYN_RETRY: Rule = {
  id: "PROBE-TIMEOUT-BELOW-SYN-RETRY",
  severity: "note",
  title: "A probe times out before a lost SYN is sent again, and few failures are enough.",
  why:
    "A lost SYN is sent again after 1 s, a little later by the kernel's timer. A probe with timeoutSeconds 1, which is the " +
    "default, has failed by then: every lost packet is a failed probe. With failureThreshold 3 that seldom matters.",
  fix: "Write timeoutSeconds: 2 or more, or failureThreshold: 3.",
  sources: ["net/ipv4/tcp_timer.c tcp_retransmit_timer, v6.12", "gardener/gardener#15649"],
  bad: scenarioExample({ more: ["pods:", probedPod("readinessProbe", "timeoutSeconds: 1, failureThreshold: 1")] }),
  good: scenarioExample({ more: ["pods:", probedPod("readinessProbe", "timeoutSeconds: 3, failureThreshold: 1")] }),
  judge: ({ probes }) => {
    const bad = probes.filter(
      ({ connects, timeoutSeconds, failureThreshold }) => connects && timeoutSeconds <= 1 && failureThreshold <= 2,
    );
    return probesByPlace(bad).map((group): RuleFinding => ({
      place: group[0].place,
      message: `${ownersHave(group)} timeoutSeconds 1, less than until a lost SYN is sent again, and failureThreshold 1 or 2.`,
      fix: "Write timeoutSeconds: 2 or more.",
      evidence: { probes: group.map(({ owner }) => owner) },
    }));
  },
};
