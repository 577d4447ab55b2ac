import { isMap } from "yaml";
import { AddressBook, type CheckContext } from "./check_context.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { resolveExpectations } from "./expectation_section.ts";
import { checkSysctls, resolveKernelSection } from "./kernel_section.ts";
import type { KubeProxySetup, Scenario } from "./model.ts";
import { resolveNode } from "./node_section.ts";
import { applyOverrides } from "./overrides.ts";
import { claimPodAddresses, resolvePods } from "./pod_section.ts";
import { ProblemList } from "./problem_list.ts";
import { TreeReader } from "./read_tree.ts";
import { scenarioSchema, sectionsSchema } from "./schema.ts";
import { resolveServices } from "./service_section.ts";
import { SourceText } from "./source_text.ts";
import type { Version } from "./values.ts";
import { resolveChurn, resolveNodeLocalDns } from "./workload_section.ts";
import { NodeSpans, parseYaml } from "./yaml_document.ts";

export type {
  Churn,
  Expectation,
  KubeProxySetup,
  NodeInterface,
  NodeLocalDnsSetup,
  NodeSetup,
  Pod,
  Probe,
  ProbeHandler,
  Protocol,
  Scenario,
  Service,
  ServiceGenerator,
  ServicePort,
} from "./model.ts";
export type { Endpoint, InterfaceAddress, Version } from "./values.ts";

/** A scenario that is right in every respect that is checked, or all that is wrong with it. */
export type ParsedScenario =
  | { readonly ok: true; readonly scenario: Scenario; readonly warnings: readonly Diagnostic[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

const MOST_BYTES = 4 * 1024 * 1024;

/**
 * Reads a scenario from YAML 1.2 and checks it. All problems are collected, in the order of their places, and none is
 * thrown; text of more than 4 MiB is refused.
 *
 * @param file the path for diagnostics.
 * @param overrides `PATH=VALUE` texts, applied in their order before anything is checked (see `applyOverrides`).
 */
export function parseScenario(text: string, file: string, overrides: readonly string[]): ParsedScenario {
  const source = new SourceText(file, text.startsWith("\ufeff") ? text.slice(1) : text, 0);
  const problems = new ProblemList();
  const warnings = new ProblemList();
  const tree = readScenario(source, overrides, problems);
  const scenario = tree === undefined ? undefined : resolve({ ...tree, problems, warnings });
  if (problems.count > 0 || scenario === undefined) return { ok: false, diagnostics: problems.diagnostics() };
  return { ok: true, scenario, warnings: warnings.diagnostics() };
}

/** Reads what can be read of the file, changed by the overrides. */
function readScenario(
  source: SourceText,
  overrides: readonly string[],
  problems: ProblemList,
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
  applyOverrides({ schema: scenarioSchema, root, spans, problems }, overrides);
  const tree = new TreeReader(problems, spans).readRoot(scenarioSchema, root, true);
  return { sections: sectionsSchema.parse(tree.value), place: tree.place };
}

/** Checks the sections against each other, and fills in what they leave open. */
function resolve(context: CheckContext): Scenario | undefined {
  const { sections, problems } = context;
  const addresses = new AddressBook(problems);
  const era = resolveKernelSection(context);
  const sysctls = checkSysctls(context, era);
  const node = resolveNode(context, addresses);
  claimPodAddresses(context, addresses);
  const services = resolveServices(context, addresses);
  for (const { to } of sections.churn ?? []) addresses.mention(to.address);
  const pods = resolvePods(context, node, addresses);
  const nodeLocalDns = resolveNodeLocalDns(context);
  const churn = resolveChurn(context);
  const expect = resolveExpectations(context);
  const kubeProxy = resolveKubeProxy(context);
  const { about = "", duration, replications = 8, seed = "portfall", kubelet } = sections;
  const isWhole = era !== undefined && duration !== undefined && node !== undefined && kubelet !== undefined;
  if (!isWhole || kubeProxy === undefined) {
    if (problems.count === 0) throw new Error("Broken invariant: a section that is left out has had its problem");
    return undefined;
  }
  const kernel = { build: era.build, era };
  const general = { about, kernel, duration, replications, seed, node: node.setup, sysctls, kubelet, kubeProxy };
  return { ...general, ...services, pods, nodeLocalDns, churn, expect };
}

/**
 * kube-proxy's settings; a mode or scheduler that is not served was reported when it was read.
 *
 * Not modelled: that kube-proxy from 1.31 on refuses nftables mode on kernels before 5.13.
 */
function resolveKubeProxy({ sections, place, problems }: CheckContext): KubeProxySetup | undefined {
  if (sections.kubeProxy === undefined) return undefined;
  const { version, mode, nodePortRange, scheduler, nodePortAddresses } = sections.kubeProxy;
  if (mode === "userspace" || (scheduler !== "rr" && scheduler !== "wrr")) return undefined;
  if (mode === "nftables" && !hasNftables(version)) {
    problems.add(place.at("kubeProxy", "mode").value, {
      message: `Cannot run kube-proxy ${version.join(".")} in nftables mode: it came with 1.29.0`,
      expected: `ipvs or iptables with kube-proxy ${version.join(".")}`,
      toMend: "write another mode, or a version from 1.29.0 on",
    });
  }
  const setup = { version, mode, nodePortRange, scheduler };
  return nodePortAddresses === undefined ? setup : { ...setup, nodePortAddresses };
}

/** Source: pkg/features/kube_features.go NFTablesProxyMode, v1.29.0. */
function hasNftables([major, minor]: Version): boolean {
  return major > 1 || minor >= 29;
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
