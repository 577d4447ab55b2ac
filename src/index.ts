export { formatDiagnostic } from "./scenario/diagnostic.ts";
export type { Diagnostic } from "./scenario/diagnostic.ts";
export { scenarioJsonSchema } from "./scenario/json_schema.ts";
export type { JsonSchema } from "./scenario/json_schema.ts";
export { parseScenario, parseScenarioSide } from "./scenario/scenario.ts";
export type {
  Audit,
  Churn,
  Cloud,
  Endpoint,
  Expectation,
  InterfaceAddress,
  KubeProxySetup,
  NodeInterface,
  NodeLocalDnsSetup,
  NodeSetup,
  Overlay,
  ParsedScenario,
  Pod,
  Probe,
  ProbeHandler,
  Protocol,
  Scenario,
  ScenarioSide,
  Service,
  ServiceGenerator,
  ServicePort,
  Variant,
  Version,
} from "./scenario/scenario.ts";
export { kernelBuilds, PORT_WALKS, resolveKernel } from "./kernel/eras.ts";
export type { KernelEra, KernelRequest, KernelResolution, PortWalkName } from "./kernel/eras.ts";
export { FAILURE_CAUSES } from "./cluster/replication_result.ts";
export type { CauseCounts, FailureCause, ReplicationResult } from "./cluster/replication_result.ts";
export { runReplication } from "./cluster/replication.ts";
export type { ReplicationControl } from "./cluster/replication.ts";
export { exactProbability } from "./study/exact_probability.ts";
export type { ExactProbabilityInput } from "./study/exact_probability.ts";
export type {
  AuditDocument,
  AuditedVariant,
  ExactDocument,
  ExpectationDocument,
  IntervalDocument,
  RunDocument,
  RunFigures,
  VariantDocument,
} from "./study/run_document.ts";
export { documentOf, runStudy } from "./study/run_study.ts";
export type { RunProgress, RunRequest } from "./study/run_study.ts";
export { runText } from "./report/run_text.ts";
export type { RunTextOptions } from "./report/run_text.ts";
export { diffText } from "./report/diff_text.ts";
export type {
  DiffDocument,
  DiffFigure,
  DiffSideDocument,
  DiffVerdict,
  MechanismFactors,
} from "./study/diff_document.ts";
export { diffOf, runDiff } from "./study/run_diff.ts";
export type { DiffRequest, DiffSide } from "./study/run_diff.ts";
export { MILLISECOND, SECOND } from "./units.ts";
export type { Ipv4, Micros, Port } from "./units.ts";
