import type { CheckedNode } from "./checked_node.ts";
import type { PropertyResult } from "./properties/property_result.ts";
import { isAtLeast, wholeFile, type EvidenceValue, type FailOn, type Finding, type Severity } from "./finding.ts";
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

/** A property that was judged or searched for a counterexample. */
export type PropertyDocument = PropertyResult;

/** The result of `sim check` as plain data. */
export interface CheckDocument {
  readonly format: "check/1";
  /** All targets, parted by blanks. */
  readonly target: string;
  readonly findings: readonly FindingDocument[];
  readonly properties: readonly PropertyDocument[];
  /** Whether no finding is as bad as `failOn`, and no property is violated. */
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
  /** Absent where no property was asked for. */
  readonly properties?: readonly PropertyResult[];
}

/**
 * The document of a result.
 *
 * @example
 * ```ts
 * const document = checkDocument({ nodes: [], findings: [], suppressed: [], failOn: "error" });
 * console.log(document.format, document.ok); // check/1 true
 * ```
 */
export function checkDocument(result: CheckResult): CheckDocument {
  const { nodes, findings, suppressed, failOn, properties = [] } = result;
  return {
    format: "check/1",
    target: [...new Set(nodes.map(({ target }) => target))].join(" "),
    findings: findings.map(findingDocument),
    properties,
    ok: isAllOk(result),
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
function isOk(findings: readonly Finding[], failOn: FailOn): boolean {
  return !findings.some(({ severity }) => isAtLeast(severity, failOn));
}

/** Whether a whole result passes: its findings and its properties. A violated property counts as an error. */
export function isAllOk({ findings, failOn, properties = [] }: CheckResult): boolean {
  return isOk(findings, failOn) && (failOn === "never" || properties.every(({ ok }) => ok));
}

/** The violated properties of a result as findings about their targets, for formats that know findings only. */
export function propertyFindings({ properties = [] }: CheckResult): readonly Finding[] {
  return properties
    .filter(({ ok }) => !ok)
    .map(({ name, target, title, why, seed, path }) => ({
      rule: `PROPERTY-${name.toUpperCase()}`,
      severity: "error",
      target,
      place: wholeFile(target),
      message: `${title} Not so: ${why}`,
      why: title,
      fix:
        path === undefined
          ? "Change the configuration."
          : `See the case: --properties ${name} --replay ${seed}:${path}.`,
      evidence: { seed, ...(path === undefined ? {} : { path }) },
    }));
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
