/**
 * What programs import from `portfall`: the parts of the command `sim` as functions. Texts go in, documents and texts
 * come out; nothing here reads a file or the network, and only `runStudy` and `runDiff` start threads.
 *
 * @module
 */
export { formatDiagnostic } from "./scenario/diagnostic.ts";
export type { Diagnostic } from "./scenario/diagnostic.ts";
export { scenarioJsonSchema } from "./scenario/json_schema.ts";
export type { JsonSchema } from "./scenario/json_schema.ts";
export { readFacts } from "./check/build_node.ts";
export type { ReadFacts } from "./check/build_node.ts";
export { checkDocument } from "./check/check_document.ts";
export type { CheckDocument, CheckResult, FindingDocument, SettingDocument } from "./check/check_document.ts";
export type { CheckFacts } from "./check/check_facts.ts";
export { judgeNodes } from "./check/check_nodes.ts";
export { readTarget } from "./check/check_target.ts";
export type { CheckTarget, ReadTarget } from "./check/check_target.ts";
export type { CheckedNode } from "./check/checked_node.ts";
export type { FailOn, Finding, Severity } from "./check/finding.ts";
export type { Rule, RuleExample } from "./check/rule.ts";
export { RULES } from "./check/rules.ts";
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
export { collectorScript } from "./scenario/import/collector.ts";
export { importScenario } from "./scenario/import/import_scenario.ts";
export type { ImportedScenario } from "./scenario/import/import_scenario.ts";
export type { ImportOptions } from "./scenario/import/import_options.ts";
export type { ExportFile } from "./scenario/import/read_exports.ts";
export { kernelBuilds, resolveKernel } from "./kernel/eras.ts";
export { PORT_WALKS } from "./kernel/kernel_era.ts";
export type { KernelRequest, KernelResolution } from "./kernel/eras.ts";
export type { KernelEra, PortWalkName } from "./kernel/kernel_era.ts";
export { FAILURE_CAUSES } from "./cluster/replication_result.ts";
export type { CauseCounts, FailureCause, ReplicationResult } from "./cluster/replication_result.ts";
export { runReplication } from "./cluster/replication.ts";
export type { ReplicationControl } from "./cluster/replication.ts";
export { exactProbability } from "./study/exact_probability.ts";
export type { ExactProbabilityInput } from "./study/exact_probability.ts";
export { exactRuns } from "./study/exact_runs.ts";
export type { ExactRuns, ExactRunsInput } from "./study/exact_runs.ts";
export { rareRun } from "./study/rare_events.ts";
export type { RareRunEstimate, RareRunInput } from "./study/rare_events.ts";
export type {
  AuditDocument,
  AuditedVariant,
  ExactDocument,
  ExactRestartsDocument,
  ExpectationDocument,
  IntervalDocument,
  RunDocument,
  RunFigures,
  VariantDocument,
} from "./study/run_document.ts";
export { documentOf, runStudyOnPool } from "./study/run_study.ts";
export type { PooledRunRequest, RunProgress } from "./study/run_study.ts";
export { runStudy } from "./study/study_on_workers.ts";
export type { RunRequest } from "./study/study_on_workers.ts";
export type { ReplicationPool, ReplicationTask, TaskWatch } from "./study/replication_pool.ts";
export { runSweep } from "./study/run_sweep.ts";
export type { SweepProgress, SweepRun } from "./study/run_sweep.ts";
export { readFactor } from "./study/factor.ts";
export type { Factor, NumberRange } from "./study/factor.ts";
export { designPoints, SWEEP_DESIGNS } from "./study/sweep_design.ts";
export type { DesignRequest, SweepDesign } from "./study/sweep_design.ts";
export { pointDocument, sweepDocument } from "./study/sweep_document.ts";
export type {
  PointDocument,
  PointFigures,
  Shard,
  SweepDocument,
  SweepManifest,
  SweepPoint,
} from "./study/sweep_document.ts";
export { planSweep } from "./study/sweep_plan.ts";
export type { PlannedPoint, PlannedSweep, SweepPlan, SweepRequest } from "./study/sweep_plan.ts";
export { pointColumns } from "./report/points_table.ts";
export type { ColumnKind, PointColumn } from "./report/points_table.ts";
export { pointsCsv } from "./report/points_csv.ts";
export { pointsParquet } from "./report/points_parquet.ts";
export { sweepText } from "./report/sweep_text.ts";
export { explainConnection } from "./study/explain_connection.ts";
export type { ConnectionStory, Explanation, ExplainRequest } from "./study/explain_connection.ts";
export { explainDocument } from "./report/explain_document.ts";
export type { ExplainDocument } from "./report/explain_document.ts";
export { explainText } from "./report/explain_text.ts";
export { sequenceSvg } from "./report/sequence_chart.ts";
export { chartsOfResult } from "./report/charts/charts_of_result.ts";
export { CHART_KINDS } from "./report/charts/chart.ts";
export type { Chart, ChartKind, ChartOptions } from "./report/charts/chart.ts";
export { chartFile, chartSvg } from "./report/charts/chart_file.ts";
export { readResult } from "./report/results/read_result.ts";
export type { Result, ResultDocument, ResultReading, ResultText, ResultTexts } from "./report/results/result.ts";
export type { GaugeSeries, SeriesDocument } from "./study/series_figures.ts";
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
export { diffScenario, runScenario, sweepScenario } from "./study/run_scenario.ts";
export type { ScenarioSource } from "./study/run_scenario.ts";
export { runPortExperiment } from "./conform/port_experiment.ts";
export type { PickedPort, PortExperiment, PortExperimentOptions } from "./conform/port_experiment.ts";
export { chartFrame, COLOR } from "./report/charts/look.ts";
export { chartOf, showChart, showTable, showText } from "./report/notebook_output.ts";
export type { NotebookOutput } from "./report/notebook_output.ts";
export { explainScenario } from "./report/explain_scenario.ts";
export type { ExplainedScenario } from "./report/explain_scenario.ts";
export { explainFinding } from "./report/explain_finding.ts";
export { sequenceChart } from "./report/sequence_chart.ts";
export { nodeConfig, scenarioConfig } from "./check/properties/node_config.ts";
export type { GivenProbe, NodeConfig, NodeConfigInput, NodeNetwork } from "./check/properties/node_config.ts";
export { DEFAULT_BOUNDS, readBounds } from "./check/properties/search_bounds.ts";
export type { Bound, Clustering, SearchBounds } from "./check/properties/search_bounds.ts";
export {
  bootArbitrary,
  churnArbitrary,
  kernelBuildArbitrary,
  kubeProxyArbitrary,
  listenersArbitrary,
  nodeCaseArbitrary,
  nodePortsArbitrary,
  probeArbitrary,
} from "./check/properties/case_arbitraries.ts";
export type { CaseChurn, CaseExpectation, CaseProbe, CaseViolation, NodeCase } from "./check/properties/node_case.ts";
export { caseScenario } from "./check/properties/case_scenario.ts";
export type { ScenarioWords } from "./check/properties/case_scenario.ts";
export { runCase } from "./check/properties/run_case.ts";
export { CONNTRACK_FULL } from "./check/properties/conntrack_full.ts";
export { PORT_EXHAUSTION } from "./check/properties/port_exhaustion.ts";
export { PROBE_NODEPORT } from "./check/properties/probe_nodeport.ts";
export { RESERVATION_RISK } from "./check/properties/reservation_risk.ts";
export { RESTART_WEEK } from "./check/properties/restart_week.ts";
export { SNAT_NODEPORT } from "./check/properties/snat_nodeport.ts";
export { LISTENER_RISK, PARITY_RISK } from "./check/properties/metamorphic.ts";
export { METAMORPHIC_PROPERTIES, NODE_PROPERTIES } from "./check/properties/properties.ts";
export type { Judgement, NodeProperty } from "./check/properties/node_property.ts";
export { searchProperty } from "./check/properties/search_property.ts";
export type { SearchRequest } from "./check/properties/search_property.ts";
export type { Counterexample, PropertyResult, PropertyVerdict } from "./check/properties/property_result.ts";
export { judgeProbeShare } from "./check/properties/probe_share.ts";
export type { ShareRequest } from "./check/properties/probe_share.ts";
export { SequentialTest } from "./check/properties/sequential_test.ts";
export type { SequentialVerdict } from "./check/properties/sequential_test.ts";
