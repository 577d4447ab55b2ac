import { Document, isScalar, YAMLMap, YAMLSeq } from "yaml";
import type { ChurnPlan, FlowEnd, ImportPlan, PodPlan, ProbePlan, ServicePlan } from "./import_plan.ts";
import { KEPT_SECONDS, shortNumber } from "./fit_churn.ts";

/** Plain data of YAML; `undefined` leaves a key out. */
type Data = string | number | boolean | readonly Data[] | { readonly [key: string]: Data | undefined };

/** The scenario of a plan as YAML text, with what was taken from where, and what was assumed, above each key. */
export function writePlan(plan: ImportPlan): string {
  const writer = new PlanWriter();
  writer.put("about", aboutText(plan));
  const { build, portWalk, hz } = plan.kernel;
  const kernel = portWalk === undefined && hz === undefined ? build : { build, portWalk, hz };
  writer.put("kernel", kernel, plan.kernel.comment);
  const perMinute = plan.churn.reduce((sum, churn) => sum + churn.perMinute, 0);
  writer.put("duration", perMinute > BUSY_PER_MINUTE ? "20m" : "1h", "Long enough for all tables to fill.");
  writer.put("replications", 8);
  writeNode(writer, plan);
  const { version, comment, httpProbeClosesFirst, shareComment } = plan.kubelet;
  writer.put("kubelet", { version, httpProbeClosesFirst }, joined(comment, shareComment));
  writeKubeProxy(writer, plan);
  writer.putList(
    "services",
    plan.services.map((service) => ({ data: serviceData(service), comment: service.comment })),
    plan.servicesComment,
  );
  writer.putList(
    "pods",
    plan.pods.map((pod) => ({ data: podData(pod), comment: pod.comment })),
    plan.podsComment,
  );
  if (plan.nodeLocalDns !== undefined) {
    const { version: coreDns, address, healthPort, livenessProbe } = plan.nodeLocalDns;
    const probe = livenessProbe === undefined ? {} : { livenessProbe: probeData(livenessProbe) };
    writer.put("nodeLocalDns", { version: coreDns, address, healthPort, ...probe }, plan.nodeLocalDns.comment);
  }
  if (plan.dropsInvalidComment !== undefined)
    writer.put("endpointHosts", { ctstateInvalid: "drop" }, plan.dropsInvalidComment);
  writer.putList(
    "churn",
    plan.churn.map((churn) => ({ data: churnData(churn, plan), comment: churn.comment })),
    plan.churnComment,
  );
  const expect = plan.expect.map(({ address, between, comment: said }) => ({
    data: {
      that: address === undefined ? "conntrack.atEnd" : `ports.timeWaitByAddress.${address}`,
      between: [...between],
    },
    comment: said,
  }));
  writer.putList("expect", expect, plan.expectComment);
  return writer.text();
}

/** From so many connections on an hour of eight boots is more than a person waits for. */
const BUSY_PER_MINUTE = 6000;

/** The first line of every scenario, for editors. */
const SCHEMA_LINE = " yaml-language-server: $schema=./scenario.schema.json";

class PlanWriter {
  readonly #document = new Document({});
  readonly #root = new YAMLMap();

  constructor() {
    this.#document.contents = this.#root;
    this.#document.commentBefore = `${SCHEMA_LINE}\n Made by sim import. What was not exported is assumed, and said where it stands.`;
  }

  /** One key; maps and lists of it stand on one line. */
  put(key: string, data: Data, comment?: string): void {
    this.#root.set(this.#key(key, comment), this.#node(data, true));
  }

  /** A key with a map below it, each of whose keys may have a comment. */
  putMap(
    key: string,
    entries: readonly { readonly key: string; readonly data: Data; readonly comment?: string | undefined }[],
    comment?: string,
  ): void {
    const map = new YAMLMap();
    for (const entry of entries) {
      const isList = Array.isArray(entry.data) && entry.data.some((item) => typeof item === "object");
      const node = isList ? this.#list(entry.data) : this.#node(entry.data, true);
      map.set(this.#key(entry.key, entry.comment, false), node);
    }
    this.#root.set(this.#key(key, comment), map);
  }

  /** A key with a list below it, one item a line. */
  putList(
    key: string,
    items: readonly { readonly data: Data; readonly comment?: string | undefined }[],
    comment: string,
  ): void {
    const list = new YAMLSeq();
    for (const { data, comment: said } of items) {
      const node = this.#node(data, true);
      if (said !== undefined) node.commentBefore = commentText(said);
      list.add(node);
    }
    list.flow = items.length === 0;
    this.#root.set(this.#key(key, comment), list);
  }

  /** A list with one item a line. */
  #list(data: readonly Data[]) {
    const list = new YAMLSeq();
    for (const item of data) list.add(this.#node(item, true));
    return list;
  }

  text(): string {
    return this.#document.toString({ lineWidth: 0 });
  }

  #key(key: string, comment: string | undefined, isTop = true) {
    const node = this.#document.createNode(key);
    if (comment !== undefined && isScalar(node)) node.commentBefore = commentText(comment);
    if (isTop && isScalar(node) && key !== "about" && key !== "replications") node.spaceBefore = true;
    return node;
  }

  #node(data: Data, flow: boolean) {
    return this.#document.createNode(data, { flow, keepUndefined: false, aliasDuplicateObjects: false });
  }
}

function commentText(comment: string): string {
  return comment
    .split("\n")
    .map((line) => ` ${line}`)
    .join("\n");
}

function joined(...comments: readonly (string | undefined)[]): string | undefined {
  const said = comments.filter((comment) => comment !== undefined);
  return said.length === 0 ? undefined : said.join("\n");
}

function aboutText({ nodeName, pods, services }: ImportPlan): string {
  const node = nodeName === undefined ? "one node" : `node ${nodeName}`;
  return `Imported from the exports of ${node}: ${pods.length} pods, ${services.length} services.`;
}

function writeNode(writer: PlanWriter, { node, sysctls }: ImportPlan): void {
  const { interfaces, podNetwork, ipMasq, memoryBytes } = node;
  const shown = interfaces.map(({ name, kind, addresses }) => ({
    name,
    ...(kind === "physical" ? {} : { kind }),
    addresses: [...addresses],
  }));
  writer.putMap("node", [
    { key: "interfaces", data: shown, comment: node.comment },
    { key: "podNetwork", data: podNetwork },
    ...(ipMasq === "off" ? [] : [{ key: "ipMasq", data: ipMasq, comment: node.ipMasqComment }]),
    ...(memoryBytes === undefined ? [] : [{ key: "memoryBytes", data: memoryBytes }]),
  ]);
  writer.putMap(
    "sysctls",
    sysctls.map(({ name, text, comment }) => ({ key: name, data: text, comment })),
    "Those that the model knows, where they are not this kernel's defaults; port range and reservations always.",
  );
}

function writeKubeProxy(writer: PlanWriter, { kubeProxy }: ImportPlan): void {
  const { version, versionComment, mode, modeComment, nodePortRange, rangeComment } = kubeProxy;
  writer.putMap("kubeProxy", [
    { key: "version", data: version, comment: versionComment },
    { key: "mode", data: mode, comment: modeComment },
    { key: "nodePortRange", data: nodePortRange.join("-"), comment: rangeComment },
    ...(kubeProxy.scheduler === undefined
      ? []
      : [{ key: "scheduler", data: kubeProxy.scheduler, comment: kubeProxy.schedulerComment }]),
    ...(kubeProxy.nodePortAddresses === undefined
      ? []
      : [{ key: "nodePortAddresses", data: [...kubeProxy.nodePortAddresses] }]),
  ]);
}

function serviceData(service: ServicePlan): Data {
  const { namespace, name, type, clusterAddress, externalAddresses, ports, endpoints } = service;
  return {
    name: `${namespace}/${name}`,
    type,
    clusterIP: clusterAddress,
    externalIPs: externalAddresses.length === 0 ? undefined : [...externalAddresses],
    ports: ports.map(({ port, nodePort, targetPort, protocol }) => ({
      port,
      nodePort,
      targetPort: targetPort === port ? undefined : targetPort,
      protocol: protocol === "TCP" ? undefined : protocol,
    })),
    endpoints: endpoints.length === 0 ? undefined : [...endpoints],
  };
}

function podData({ namespace, name, address, listen, probes }: PodPlan): Data {
  const shown = Object.entries(probes).map(([kind, probe]) => [kind, probeData(probe)] as const);
  return {
    name: `${namespace}/${name}`,
    address,
    hostNetwork: address === undefined ? true : undefined,
    listen: listen.length === 0 ? undefined : [...listen],
    ...Object.fromEntries(shown),
  };
}

function probeData({ handler, port, path, times }: ProbePlan): Data {
  const asked: Data = handler === "exec" ? {} : { port, path };
  return { [handler]: asked, ...times };
}

function churnData(churn: ChurnPlan, plan: ImportPlan): Data {
  const { name, from, to, port, perMinute, arrivals, closes, isKept } = churn;
  return {
    name,
    from: endText(from, plan),
    to: `${endText(to, plan, "address")}:${port}`,
    rate: `${rateNumber(perMinute)}/m`,
    arrivals: arrivals === "poisson" ? undefined : arrivals,
    closes,
    lasts: isKept ? `${KEPT_SECONDS / 60}m` : undefined,
  };
}

function endText(end: FlowEnd, { node }: ImportPlan, as: "name" | "address" = "name"): string {
  if (end.kind === "address") return end.address;
  if (end.kind === "named") return `${end.namespace}/${end.name}`;
  return as === "name" ? "node" : (node.interfaces[0]?.addresses[0] ?? "").replace(/\/.*$/, "");
}

/** A rate as the scenario's reader takes it: no exponent. */
function rateNumber(perMinute: number): string {
  if (Number.isInteger(perMinute)) return `${perMinute}`;
  return perMinute >= 0.001 ? `${Number(perMinute.toPrecision(6))}` : shortNumber(0.001);
}
