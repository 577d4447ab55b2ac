import { isMap } from "yaml";
import { parseIpv4 } from "../units.ts";
import { AddressBook, type CheckContext } from "./check_context.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { resolveExpectations } from "./expectation_section.ts";
import { checkSysctls, resolveKernelSection } from "./kernel_section.ts";
import { resolveKubeProxy } from "./kube_proxy_section.ts";
import type { Scenario } from "./model.ts";
import { resolveLoadBalancers } from "./load_balancer_section.ts";
import { resolveNodes } from "./node_section.ts";
import { checkOneNodeOnly } from "./one_node_only.ts";
import { checkNodes, resolveOverlay } from "./overlay_section.ts";
import { applyOverrides, applySettings } from "./overrides.ts";
import { claimPodAddresses, resolvePods } from "./pod_section.ts";
import { ProblemList } from "./problem_list.ts";
import { TreeReader } from "./read_tree.ts";
import { scenarioSchema, sectionsSchema } from "./schema.ts";
import { checkSize } from "./scenario_size.ts";
import { resolveServices } from "./service_section.ts";
import { sourceTextOf } from "./schema_shape.ts";
import { resolveTimeline } from "./timeline_section.ts";
import { resolveWorkloads } from "./workload_pods.ts";
import { SourceText } from "./source_text.ts";
import { resolveAudit } from "./audit_section.ts";
import { resolveVariants } from "./variant_section.ts";
import { resolveChurn, resolveNodeLocalDns } from "./workload_section.ts";
import { NodeSpans, parseYaml } from "./yaml_document.ts";

export type {
  Audit,
  Churn,
  Cloud,
  Expectation,
  KubeProxySetup,
  NodeInterface,
  NodeLocalDnsSetup,
  NodeSetup,
  Overlay,
  Pod,
  Probe,
  ProbeHandler,
  Protocol,
  Scenario,
  Service,
  ServiceGenerator,
  ServicePort,
  Variant,
} from "./model.ts";
export type { Endpoint, InterfaceAddress, Version } from "./values.ts";

/** A scenario that is right in every respect that is checked, or all that is wrong with it. */
export type ParsedScenario =
  | { readonly ok: true; readonly scenario: Scenario; readonly warnings: readonly Diagnostic[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

const MOST_BYTES = 4 * 1024 * 1024;

/** Each problem of a line shows the line, so a thousand problems of one long line would take minutes. */
const MOST_LINE = 100_000;

/**
 * Reads a scenario from YAML 1.2 and checks it. All problems are collected, in the order of their places, and none is
 * thrown; text of more than 4 MiB is refused.
 *
 * @param file the path for diagnostics.
 * @param overrides `PATH=VALUE` texts, applied in their order before anything is checked (see `applyOverrides`).
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const read = parseScenario(readFileSync(file, "utf8"), file, ["kernel=6.1", "duration=20s"]);
 * if (read.ok) console.log(read.scenario.kernel.build, read.scenario.duration / SECOND); // 6.1 20
 * ```
 */
export function parseScenario(text: string, file: string, overrides: readonly string[]): ParsedScenario {
  const source = new SourceText(file, text.startsWith("\ufeff") ? text.slice(1) : text, 0);
  const problems = new ProblemList();
  const warnings = new ProblemList();
  const tree = readScenario(source, overrides, problems);
  if (tree === undefined) return { ok: false, diagnostics: problems.diagnostics() };
  const context = { ...tree, problems, warnings };
  const scenario = resolve(context);
  const audit = resolveAudit(context);
  const variants = resolveVariants(context, overrides.length, (settings, list) => {
    const changed = readScenario(source, overrides, list.problems, settings);
    return changed === undefined ? undefined : resolve({ ...changed, ...list });
  });
  if (problems.count > 0 || scenario === undefined) return { ok: false, diagnostics: problems.diagnostics() };
  return { ok: true, scenario: { ...scenario, variants, audit }, warnings: warnings.diagnostics() };
}

/** One of two settings that are compared: `PATH=VALUE` texts, and the option that gave them. */
export interface ScenarioSide {
  /** Such as `--a`, for diagnostics. */
  readonly option: string;
  readonly settings: readonly string[];
}

/**
 * Reads a scenario as `parseScenario` does, changed once more by settings of its own. It is read as a variant is, without
 * the sections that speak of expectations and variants: those hold for the file as it stands.
 *
 * @example
 * ```ts
 * const file = "scenarios/nodelocaldns.yaml";
 * const side = { option: "--b", settings: ["kubeProxy.version=1.18.20"] };
 * const read = parseScenarioSide(readFileSync(file, "utf8"), file, ["duration=20s"], side);
 * console.log(read.ok); // true
 * ```
 */
export function parseScenarioSide(
  text: string,
  file: string,
  overrides: readonly string[],
  { option, settings }: ScenarioSide,
): ParsedScenario {
  const source = new SourceText(file, text.startsWith("\ufeff") ? text.slice(1) : text, 0);
  const own = settings.map((setting, index) => new SourceText(option, setting, overrides.length + index + 1));
  const problems = new ProblemList();
  const warnings = new ProblemList();
  const tree = readScenario(source, overrides, problems, own);
  const scenario = tree === undefined ? undefined : resolve({ ...tree, problems, warnings });
  if (problems.count > 0 || scenario === undefined) return { ok: false, diagnostics: problems.diagnostics() };
  return { ok: true, scenario, warnings: warnings.diagnostics() };
}

/** The sections that speak of variants: a variant itself is read without them. */
const ABOUT_VARIANTS: readonly string[] = ["expect", "variants", "audit"];

/** Reads what can be read of the file, changed by the overrides and, for a variant, by its settings. */
function readScenario(
  source: SourceText,
  overrides: readonly string[],
  problems: ProblemList,
  variant?: readonly SourceText[],
): Pick<CheckContext, "sections" | "place"> | undefined {
  const bytes = new TextEncoder().encode(source.text).length;
  if (bytes > MOST_BYTES) {
    problems.add(
      { source, start: 0, end: 1 },
      {
        message: `Cannot read the scenario: it has ${bytes} bytes`,
        expected: `at most ${MOST_BYTES} bytes (4 MiB)`,
        toMend: "use replicas: and generate: in place of long lists",
      },
    );
    return undefined;
  }
  const long = longLineAt(source.text);
  if (long !== undefined) {
    problems.add(
      { source, start: long, end: long + 1 },
      {
        message: `Cannot read the scenario: a line has more than ${MOST_LINE} characters`,
        expected: "lines that people can read",
        toMend: "write the list over several lines, or use replicas: and generate: in place of it",
      },
    );
    return undefined;
  }
  const yaml = parseYaml(source, problems);
  if (yaml === undefined) return undefined;
  const root = yaml.document.contents;
  if (!isMap(root)) {
    if (yaml.trustedUntil === Infinity) reportNoMap(source, root === null, problems);
    return undefined;
  }
  const spans = new NodeSpans(source);
  if (yaml.trustedUntil < Infinity) {
    const early = new ProblemList();
    new TreeReader(early, spans).readRoot(scenarioSchema, root, false);
    problems.addBefore(yaml.trustedUntil, early);
    return undefined;
  }
  const target = { schema: scenarioSchema, root, spans, problems };
  applyOverrides(target, overrides);
  if (variant !== undefined) {
    applySettings(target, variant);
    root.items = root.items.filter(({ key }) => !ABOUT_VARIANTS.includes(sourceTextOf(key) ?? ""));
  }
  const tree = new TreeReader(problems, spans).readRoot(scenarioSchema, root, true);
  return { sections: sectionsSchema.parse(tree.value), place: tree.place };
}

/** Where a line begins that is too long, if one is. */
function longLineAt(text: string): number | undefined {
  for (let start = 0; start < text.length;) {
    const found = text.indexOf("\n", start);
    const end = found < 0 ? text.length : found;
    if (end - start > MOST_LINE) return start;
    start = end + 1;
  }
  return undefined;
}

/** Checks the sections against each other, and fills in what they leave open. */
function resolve(context: CheckContext): Scenario | undefined {
  const { sections, problems } = context;
  if (!checkSize(context)) return undefined;
  const addresses = new AddressBook(problems);
  const era = resolveKernelSection(context);
  const sysctls = checkSysctls(context, era);
  checkNodes(context);
  const nodes = resolveNodes(context, era, addresses);
  const between = resolveOverlay(context);
  claimPodAddresses(context, addresses);
  const services = resolveServices(context, addresses);
  for (const { to, from } of sections.churn ?? []) {
    if ("address" in to) addresses.mention(to.address);
    const elsewhere = parseIpv4(from);
    if (elsewhere !== undefined) addresses.mention(elsewhere);
  }
  const loadBalancers = resolveLoadBalancers(context, services.services, addresses);
  const allPods = resolvePods(context, nodes, addresses);
  const workloads = resolveWorkloads(context, allPods, { node: nodes?.[0], addresses });
  const timeline = resolveTimeline(context, era);
  checkOneNodeOnly(context);
  const nodeLocalDns = resolveNodeLocalDns(context);
  const churn = resolveChurn(context, { pods: allPods, services: services.services });
  const expect = resolveExpectations(context);
  const kubeProxy = resolveKubeProxy(context);
  const { about = "", duration, replications = 8, seed = "portfall", kubelet } = sections;
  const node = nodes?.[0]?.setup;
  const isWhole = era !== undefined && duration !== undefined && node !== undefined && kubelet !== undefined;
  if (!isWhole || kubeProxy === undefined) {
    if (problems.count === 0) throw new Error("Broken invariant: a section that is left out has had its problem");
    return undefined;
  }
  const kernel = { build: era.build, era };
  const endpointHostsDropInvalid = sections.endpointHosts?.ctstateInvalid === "drop";
  const endpointSliceDelay = sections.endpointSlices?.delay ?? 0;
  const cluster = { node, nodes: (nodes ?? []).map(({ setup }) => setup), ...between };
  const general = { about, kernel, duration, replications, seed, ...cluster, sysctls, kubelet, kubeProxy };
  const dynamics = { ...workloads, loadBalancers, timeline, endpointSliceDelay };
  return {
    ...general,
    ...services,
    ...dynamics,
    nodeLocalDns,
    churn,
    endpointHostsDropInvalid,
    expect,
    variants: [],
    audit: undefined,
  };
}

function reportNoMap(source: SourceText, isEmpty: boolean, problems: ProblemList): void {
  problems.add(
    { source, start: 0, end: 1 },
    {
      message: isEmpty ? "Cannot read the scenario: it is empty" : "Cannot read the scenario: it is no map",
      expected: "a map with kernel, duration, node, kubelet, kubeProxy and more",
      toMend: "write a first scenario with `sim init`",
    },
  );
}
