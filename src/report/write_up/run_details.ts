import type { RunDocument } from "../../study/run_document.ts";
import { auditedText, verdictSentences } from "../audit_text.ts";
import { causesByCount, findingParagraphs } from "../finding.ts";
import { formatCount, formatFigure, formatPercent, formatProbability, formatSpan } from "../number_text.ts";
import { STANDING, variantDocument, variantSettings } from "../variants_text.ts";
import { numberColumn } from "./block.ts";
import type { Block, Section, TableColumn } from "./block.ts";
import { exactCell, intervalCell } from "./figure_table.ts";

/** The variants of a run side by side, and what an audit of its claimed cause came to; none without variants. */
export function variantSections(document: RunDocument): Section[] {
  const { variants, audit } = document;
  if (variants === undefined) return [];
  const findings = variants.map((variant) => {
    const [headline = ""] = findingParagraphs(variantDocument(document, variant));
    return `${variant.name} (${variantSettings(document, variant)}): ${headline}`;
  });
  const note = "All that follows is of the scenario as it stands.";
  const sections: Section[] = [
    {
      title: "Variants",
      blocks: [...variantTable(document, variants), { kind: "list", items: findings }, { kind: "text", text: note }],
    },
  ];
  if (audit === undefined) return sections;
  const verdicts = verdictSentences(audit).map((text): Block => ({ kind: "text", text }));
  const list: Block = { kind: "list", items: audit.variants.map((variant) => auditedText(audit, variant)) };
  return [...sections, { title: "Audit of the claimed cause", blocks: [...verdicts, list] }];
}

/** The failure probability of all variants; none if the scenario sends no probe. */
function variantTable(document: RunDocument, variants: NonNullable<RunDocument["variants"]>): Block[] {
  const all = [{ ...document, name: STANDING }, ...variants];
  if (all.every(({ probes }) => probes.total === 0)) return [];
  const rows = all.map(({ name, probes, restarts }) => [
    name,
    formatCount(probes.failed),
    formatCount(probes.total),
    formatProbability(probes.probability),
    intervalCell(probes.interval, formatProbability),
    exactCell(probes.exact),
    formatFigure(Number(restarts.perNodeWeek.toPrecision(3))),
  ]);
  const level = formatPercent(document.probes.interval.level);
  const columns = [
    { title: "Variant" },
    ...numbers("Failed", "Of probes", "Probability", `${level} interval`, "Exact value", "Restarts per node-week"),
  ];
  return [{ kind: "table", caption: "Failure probability of a probe by variant", columns, rows }];
}

/** What else happened: first failures, other connections, load balancers, kube-proxy, the data plane, expectations. */
export function detailBlocks(document: RunDocument): Block[] {
  return [
    ...expectationTable(document),
    ...failureTable(document),
    ...workloadTable(document),
    ...balancerTable(document),
    ...kubeProxyTable(document),
    ...dataPlaneTable(document),
  ];
}

/** Columns of numbers. */
function numbers(...titles: readonly string[]): TableColumn[] {
  return titles.map(numberColumn);
}

/** A table, unless it has no row. */
function table(caption: string, columns: readonly TableColumn[], rows: readonly (readonly string[])[]): Block[] {
  return rows.length === 0 ? [] : [{ kind: "table", caption, columns, rows }];
}

function expectationTable({ expectations }: RunDocument): Block[] {
  const rows = expectations.map(({ that, want, got, ok }) => [
    that,
    want,
    got === null ? "no such figure" : formatFigure(got),
    ok ? "✓ holds" : "✗ does not hold",
  ]);
  const columns = [{ title: "Figure" }, { title: "Wanted" }, { title: "Got", isNumber: true }, { title: "" }];
  return table("What the scenario expects", columns, rows);
}

/** How many first failures are shown. */
const SHOWN_FAILURES = 5;

function failureTable({ firstFailures }: RunDocument): Block[] {
  const shown = firstFailures.slice(0, SHOWN_FAILURES);
  const rows = shown.map(({ atSeconds, series, localPort, cause, replication }) => [
    `${formatFigure(Number(atSeconds.toFixed(3)))} s`,
    series,
    String(localPort),
    cause,
    String(replication),
  ]);
  const columns = [
    { title: "At", isNumber: true },
    { title: "Probe" },
    { title: "Source port", isNumber: true },
    { title: "Cause" },
    { title: "Replication", isNumber: true },
  ];
  const lines = shown.map(({ logLine }) => logLine).filter((line) => line !== "");
  return [
    ...table("The first failures", columns, rows),
    ...(lines.length === 0
      ? []
      : [
          {
            kind: "fold",
            summary: "What the kubelet logged of them",
            blocks: [{ kind: "code", language: "text", lines }],
          } as const,
        ]),
  ];
}

function workloadTable({ workloads }: RunDocument): Block[] {
  const rows = workloads.map(({ name, connects, failed, byCause, connectSeconds }) => [
    name,
    formatCount(connects),
    formatCount(failed),
    connects === 0 ? "" : formatProbability(failed / connects),
    causesByCount(byCause)
      .map(({ cause, count }) => `${cause} ${formatCount(count)}`)
      .join(", "),
    connectSeconds.slowShare === null ? "" : formatProbability(connectSeconds.slowShare),
  ]);
  const columns = [
    { title: "Workload" },
    ...numbers("Connects", "Failed", "Probability"),
    { title: "Causes" },
    ...numbers("Handshakes of 1 s or more"),
  ];
  return table("What connects beside the probes", columns, rows);
}

function balancerTable({ loadBalancers, settings }: RunDocument): Block[] {
  const nodes = settings.replications * (settings.nodes ?? 1);
  const rows = loadBalancers.map((balancer) => [
    balancer.name,
    balancer.service,
    `${formatCount(balancer.nodesMarkedUnhealthy)} of ${formatCount(nodes)}`,
    intervalCell(balancer.interval, formatPercent),
    formatPercent(balancer.unhealthyShare),
    `${formatCount(balancer.failed)} of ${formatCount(balancer.checks)}`,
  ]);
  const columns = [
    { title: "Load balancer" },
    { title: "Service" },
    ...numbers("Nodes marked unhealthy", "Interval of the share", "Time out of service", "Checks failed"),
  ];
  return table("What load balancers saw of the nodes", columns, rows);
}

function kubeProxyTable({ kubeProxy }: RunDocument): Block[] {
  const { syncs, restarts, hangs, hungNodes, hungSeconds, staleServers, logLines, log } = kubeProxy;
  if (hangs + restarts + staleServers + logLines === 0) return [];
  const rows = [
    ["Syncs", formatCount(syncs)],
    ["Restarts", formatCount(restarts)],
    ["Hangs of the sync loop", `${formatCount(hangs)} on ${formatCount(hungNodes)} nodes, ${formatSpan(hungSeconds)}`],
    ["Real servers without a ready endpoint at the end", formatCount(staleServers)],
  ];
  const lines = log.map(({ atSeconds, text }) => `${formatFigure(atSeconds)} s  ${text}`);
  return [
    ...table("kube-proxy", [{ title: "What" }, ...numbers("Value")], rows),
    ...(lines.length === 0
      ? []
      : [
          {
            kind: "fold",
            summary: `Its log: the first of ${formatCount(logLines)} lines`,
            blocks: [{ kind: "code", language: "text", lines }],
          } as const,
        ]),
  ];
}

function dataPlaneTable({ dataPlane }: RunDocument): Block[] {
  const { mode, rules, entries, sync, sourceNat } = dataPlane;
  const rows = [
    ["Rules", formatCount(rules)],
    ["Entries found by look-up", formatCount(entries)],
    ["Rules tested per new connection", formatFigure(Number(dataPlane.rulesPerNewConnectionMean.toPrecision(3)))],
    ["A sync of all services", `about ${formatSpan(sync.fullSeconds)}`],
    ["A sync after one service changed", `about ${formatSpan(sync.changeSeconds)}`],
    ...(sourceNat.connections === 0
      ? []
      : [
          [
            "Connections with a translated source; of them on the number of a NodePort",
            `${formatCount(sourceNat.connections)}; ${formatCount(sourceNat.onNodePort)}`,
          ],
        ]),
  ];
  return table(
    `kube-proxy's ${mode} mode: its rules and what they cost`,
    [{ title: "What" }, ...numbers("Value")],
    rows,
  );
}
