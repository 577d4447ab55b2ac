import type { KernelEra } from "../kernel/kernel_era.ts";
import { parseIpv4 } from "../units.ts";
import { JSON_LEVELS_MOST, tooDeepInJson } from "../scenario/json_depth.ts";
import { readPortSpan, readVersion } from "../scenario/values.ts";
import type { NodeParts } from "./build_node.ts";
import type { CheckedProxy, ListenerUse, NetworkUse, NodePortUse, ProbeUse } from "./checked_node.ts";
import { wholeFile } from "./finding.ts";
import { guessKernel } from "./guess_kernel.ts";
import { field, items, listAt, numberAt, textAt } from "./json_fields.ts";

/** A file with what `kubectl get … -o json` printed. */
export interface SnapshotFile {
  readonly path: string;
  readonly text: string;
}

/** What a snapshot says about the node, or why it cannot be read. */
export type ReadSnapshot =
  | { readonly ok: true; readonly parts: NodeParts }
  | { readonly ok: false; readonly file: string; readonly why: string };

/**
 * Reads the Services, Pods, Nodes and the kube-proxy ConfigMap of a cluster, in lists or one by one, from any number of
 * files. What it does not know it leaves alone; names, ports and versions are all that it keeps.
 */
export function readSnapshot(files: readonly SnapshotFile[]): ReadSnapshot {
  const found = new Found();
  for (const { path, text } of files) {
    if (tooDeepInJson(text) !== undefined) {
      return { ok: false, file: path, why: `it is nested more than ${JSON_LEVELS_MOST} levels deep` };
    }
    let document: unknown;
    try {
      document = JSON.parse(text);
    } catch (error) {
      return { ok: false, file: path, why: error instanceof Error ? error.message : "it is no JSON" };
    }
    const objects = items(document);
    if (objects === undefined) return { ok: false, file: path, why: "it is no object or list of Kubernetes" };
    for (const object of objects) found.take(object, path);
  }
  return { ok: true, parts: found.parts() };
}

/** What was found so far. */
class Found {
  #isKernelGuessed = false;
  #hasServices = false;
  #era: KernelEra | undefined;
  #proxy: Partial<CheckedProxy> = {};
  readonly #nodePorts: NodePortUse[] = [];
  readonly #listeners: ListenerUse[] = [];
  readonly #probes: ProbeUse[] = [];
  readonly #networks: NetworkUse[] = [];

  take(object: unknown, path: string): void {
    switch (textAt(object, "kind")) {
      case "Service":
        return this.#takeService(object, path);
      case "Pod":
        return this.#takePod(object, path);
      case "Node":
        return this.#takeNode(object, path);
      case "ConfigMap":
        return this.#takeConfigMap(object);
      case "DaemonSet":
        return this.#takeProxyImage(field(object, "spec", "template"));
      default:
    }
  }

  parts(): NodeParts {
    const { mode, version, nodePortRange, rangePlace } = this.#proxy;
    return {
      ...(this.#era === undefined ? {} : { era: this.#era, isKernelGuessed: this.#isKernelGuessed }),
      ...(this.#hasServices ? { nodePorts: this.#nodePorts } : {}),
      proxy: {
        ...(mode === undefined ? {} : { mode }),
        ...(version === undefined ? {} : { version }),
        ...(nodePortRange === undefined ? {} : { nodePortRange }),
        ...(rangePlace === undefined ? {} : { rangePlace }),
      },
      listeners: this.#listeners,
      probes: this.#probes,
      networks: this.#networks,
    };
  }

  #takeService(service: unknown, path: string): void {
    this.#hasServices = true;
    const owner = nameOf(service);
    const place = wholeFile(path);
    for (const port of listAt(service, "spec", "ports")) {
      const nodePort = numberAt(port, "nodePort");
      if (nodePort !== undefined) {
        this.#nodePorts.push({ port: nodePort, protocol: textAt(port, "protocol") ?? "TCP", owner, place });
      }
    }
    const health = numberAt(service, "spec", "healthCheckNodePort");
    if (health !== undefined && health > 0) {
      this.#listeners.push({ port: health, owner, kind: "healthCheckNodePort", place });
    }
  }

  #takePod(pod: unknown, path: string): void {
    const owner = nameOf(pod);
    const place = wholeFile(path);
    const isHostNetwork = field(pod, "spec", "hostNetwork") === true;
    for (const container of listAt(pod, "spec", "containers")) {
      for (const port of listAt(container, "ports")) {
        const hostPort = numberAt(port, "hostPort");
        const listened = isHostNetwork ? (numberAt(port, "containerPort") ?? hostPort) : hostPort;
        if (listened !== undefined && listened > 0 && (textAt(port, "protocol") ?? "TCP") === "TCP") {
          this.#listeners.push({ port: listened, owner, kind: isHostNetwork ? "listen" : "hostPort", place });
        }
      }
      for (const kind of ["readiness", "liveness", "startup"] as const) {
        const probe = field(container, `${kind}Probe`);
        if (probe !== undefined) this.#takeProbe(probe, kind, `${owner} ${kind}Probe`, path);
      }
      for (const word of [...listAt(container, "command"), ...listAt(container, "args")]) this.#takeFlag(word, path);
    }
    this.#takeProxyImage(pod);
  }

  #takeProbe(probe: unknown, kind: ProbeUse["kind"], owner: string, path: string): void {
    this.#probes.push({
      owner,
      kind,
      timeoutSeconds: numberAt(probe, "timeoutSeconds") ?? 1,
      periodSeconds: numberAt(probe, "periodSeconds") ?? 10,
      failureThreshold: numberAt(probe, "failureThreshold") ?? 3,
      connects: field(probe, "exec") === undefined,
      place: wholeFile(path),
    });
  }

  /** The apiserver's range stands in the command of its static pod. */
  #takeFlag(word: unknown, path: string): void {
    const text = typeof word === "string" ? /^--service-node-port-range=(.+)$/.exec(word)?.[1] : undefined;
    const range = text === undefined ? undefined : readPortSpan(text);
    if (range?.ok === true) this.#proxy = { ...this.#proxy, nodePortRange: range.value, rangePlace: wholeFile(path) };
  }

  /** The version of kube-proxy is the tag of its image; what a Node says about it is not. */
  #takeProxyImage(pod: unknown): void {
    for (const container of listAt(pod, "spec", "containers")) {
      if (textAt(container, "name") !== "kube-proxy") continue;
      const tag = /:v?([0-9]+\.[0-9]+\.[0-9]+)/.exec(textAt(container, "image") ?? "")?.[1];
      const version = tag === undefined ? undefined : readVersion(tag);
      if (version?.ok === true) this.#proxy = { ...this.#proxy, version: version.value };
    }
  }

  #takeNode(node: unknown, path: string): void {
    const place = wholeFile(path);
    for (const [kind, cidr] of [["pods", textAt(node, "spec", "podCIDR")]] as const) {
      const network = cidr === undefined ? undefined : networkOf(cidr);
      if (network !== undefined) this.#networks.push({ name: `the pods of ${nameOf(node)}`, kind, place, ...network });
    }
    for (const address of listAt(node, "status", "addresses")) {
      const text = textAt(address, "type") === "InternalIP" ? textAt(address, "address") : undefined;
      const network = text === undefined ? undefined : networkOf(`${text}/32`);
      if (network !== undefined) this.#networks.push({ name: nameOf(node), kind: "host", place, ...network });
    }
    const build = textAt(node, "status", "nodeInfo", "kernelVersion");
    if (build === undefined || this.#era !== undefined) return;
    const guessed = guessKernel(build);
    this.#era = guessed?.era;
    this.#isKernelGuessed = guessed?.isGuess ?? false;
  }

  #takeConfigMap(map: unknown): void {
    const config = nameOf(map) === "kube-system/kube-proxy" ? textAt(map, "data", "config.conf") : undefined;
    const mode = config === undefined ? undefined : (/^mode:\s*["']?(\w*)/m.exec(config)?.[1] ?? "");
    if (mode === undefined) return;
    // An empty mode is iptables, the default of kube-proxy on Linux.
    this.#proxy = { ...this.#proxy, mode: mode === "ipvs" || mode === "nftables" ? mode : "iptables" };
  }
}

function nameOf(object: unknown): string {
  const namespace = textAt(object, "metadata", "namespace");
  const name = textAt(object, "metadata", "name") ?? "unnamed";
  return namespace === undefined ? name : `${namespace}/${name}`;
}

function networkOf(cidr: string): { readonly address: number; readonly prefixLength: number } | undefined {
  const [text = "", length = "32"] = cidr.split("/");
  const address = parseIpv4(text);
  return address === undefined ? undefined : { address, prefixLength: Number(length) };
}
