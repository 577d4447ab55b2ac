import type { CheckFacts } from "./check_facts.ts";
import type { CheckedNode } from "./checked_node.ts";
import type { RuleFinding, Severity } from "./finding.ts";

/** A small configuration that shows a rule. */
export interface RuleExample {
  /**
   * Texts by path. `etc/sysctl.d/…` and the like make a root folder, one `scenario.yaml` a scenario, other `*.conf` files
   * a list of files, and `*.json` a cluster snapshot beside them.
   */
  readonly files: Readonly<Record<string, string>>;
  /** What the command line says about the node. */
  readonly facts?: CheckFacts;
}

/** One rule about a node's configuration. */
export interface Rule {
  /** Stable: suppressions and baselines name it. */
  readonly id: string;
  /** The usual severity; a finding may say another. */
  readonly severity: Severity;
  /** What it looks for, as a sentence about the bad state. */
  readonly title: string;
  readonly why: string;
  readonly fix: string;
  /** Kernel or Kubernetes source, issues, incidents. */
  readonly sources: readonly string[];
  /** It fires on the first and keeps silent on the second. */
  readonly bad: RuleExample;
  readonly good: RuleExample;
  readonly judge: (node: CheckedNode) => readonly RuleFinding[];
}
