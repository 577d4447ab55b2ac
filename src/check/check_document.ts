import type { CheckedNode } from "./checked_node.ts";
import { isAtLeast, type EvidenceValue, type FailOn, type Finding, type Severity } from "./finding.ts";
import type { SuppressedFinding } from "./suppression.ts";

/** A finding in `check/1`. */
export interface FindingDocument {
  readonly rule: string;
  readonly severity: Severity;
  readonly target: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly why: string;
  readonly fix: string;
  readonly evidence: { readonly [name: string]: EvidenceValue };
}

/** A sysctl's value after all files, and the line that set it. */
export interface SettingDocument {
  readonly name: string;
  readonly value: string;
  readonly file: string;
  readonly line: number;
}

/** What a target was taken for. */
export interface TargetDocument {
  readonly target: string;
  readonly kernel: string;
  readonly kernelAssumed: boolean;
  readonly portWalk: string;
  readonly kubeProxyMode: string;
  readonly kubeProxyModeAssumed: boolean;
  readonly nodePortRange: readonly [low: number, high: number];
  readonly nodePortsKnown: boolean;
  readonly files: readonly string[];
  readonly settings: readonly SettingDocument[];
}

/** A property that was searched for a counterexample. */
export interface PropertyDocument {
  readonly name: string;
  readonly ok: boolean;
}

/** The result of `sim check` as plain data. */
export interface CheckDocument {
  readonly format: "check/1";
  /** All targets, parted by blanks. */
  readonly target: string;
  readonly findings: readonly FindingDocument[];
  readonly properties: readonly PropertyDocument[];
  /** Whether no finding is as bad as `failOn`. */
  readonly ok: boolean;
  readonly failOn: FailOn;
  readonly suppressed: readonly {
    readonly rule: string;
    readonly file: string;
    readonly line: number;
    readonly reason: string;
    readonly until: string;
  }[];
  readonly targets: readonly TargetDocument[];
}

/** What was checked, and what was found. */
export interface CheckResult {
  readonly nodes: readonly CheckedNode[];
  readonly findings: readonly Finding[];
  readonly suppressed: readonly SuppressedFinding[];
  readonly failOn: FailOn;
}

/** The document of a result. */
export function checkDocument({ nodes, findings, suppressed, failOn }: CheckResult): CheckDocument {
  return {
    format: "check/1",
    target: [...new Set(nodes.map(({ target }) => target))].join(" "),
    findings: findings.map(findingDocument),
    properties: [],
    ok: isOk(findings, failOn),
    failOn,
    suppressed: suppressed.map(({ finding, reason, until }) => ({
      rule: finding.rule,
      file: finding.place.file,
      line: finding.place.line,
      reason,
      until,
    })),
    targets: nodes.map(targetDocument),
  };
}

/** Whether no finding is as bad as a limit, or worse. */
export function isOk(findings: readonly Finding[], failOn: FailOn): boolean {
  return !findings.some(({ severity }) => isAtLeast(severity, failOn));
}

function findingDocument({ rule, severity, target, place, message, why, fix, evidence }: Finding): FindingDocument {
  const { file, line, column } = place;
  return { rule, severity, target, file, line, column, message, why, fix, evidence };
}

function targetDocument(node: CheckedNode): TargetDocument {
  const { target, era, proxy, sysctls } = node;
  return {
    target,
    kernel: era.build,
    kernelAssumed: node.isKernelAssumed,
    portWalk: era.portWalk,
    kubeProxyMode: proxy.mode,
    kubeProxyModeAssumed: proxy.isModeAssumed,
    nodePortRange: proxy.nodePortRange,
    nodePortsKnown: node.nodePorts !== undefined,
    files: sysctls.files.map(({ path }) => path),
    settings: [...sysctls.settings.values()].map(({ name, value, place }) => ({
      name,
      value,
      file: place.file,
      line: place.line,
    })),
  };
}
