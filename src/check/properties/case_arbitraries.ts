import * as fc from "fast-check";
import type { Arbitrary } from "fast-check";
import type { Port } from "../../units.ts";
import { caseProbe, givenChurn, type CaseChurn, type CaseProbe, type NodeCase } from "./node_case.ts";
import type { NodeConfig } from "./node_config.ts";
import { DEFAULT_BOUNDS, type Bound, type SearchBounds } from "./search_bounds.ts";

/**
 * Builds of the era table: one of each way in which `connect()` walks the ports, unless the bounds name others.
 *
 * @example
 * ```ts
 * fc.assert(fc.property(kernelBuildArbitrary(), (build) => resolveKernel({ build }).ok));
 * ```
 */
export function kernelBuildArbitrary(bounds: SearchBounds = DEFAULT_BOUNDS): Arbitrary<string> {
  return fc.constantFrom(...bounds.kernels);
}

/**
 * Releases of kube-proxy.
 *
 * @example
 * ```ts
 * fc.assert(fc.property(kubeProxyArbitrary(), (release) => release.startsWith("1.")));
 * ```
 */
export function kubeProxyArbitrary(bounds: SearchBounds = DEFAULT_BOUNDS): Arbitrary<string> {
  return fc.constantFrom(...bounds.kubeProxies);
}

/**
 * Seeds of scenarios, and so boot secrets.
 *
 * @example
 * ```ts
 * fc.assert(fc.property(bootArbitrary(), (boot) => boot >= 0));
 * ```
 */
export function bootArbitrary(bounds: SearchBounds = DEFAULT_BOUNDS): Arbitrary<number> {
  return wholeNumber(bounds.boots);
}

/**
 * NodePorts out of a range, ascending: drawn one by one, side by side, or out of the listed ones.
 *
 * @example
 * ```ts
 * fc.assert(fc.property(nodePortsArbitrary([30000, 32767]), (ports) => ports.every((port) => port >= 30000)));
 * ```
 */
export function nodePortsArbitrary(
  [low, high]: readonly [low: Port, high: Port],
  bounds: SearchBounds = DEFAULT_BOUNDS,
): Arbitrary<readonly Port[]> {
  const [least, most] = bounds.services.map((count) => Math.min(count, high - low + 1));
  const size = { minLength: least ?? 0, maxLength: most ?? 0 };
  return fc.oneof(
    ...bounds.clustering.map((kind): Arbitrary<readonly Port[]> => {
      switch (kind) {
        case "random":
          return fc.uniqueArray(fc.integer({ min: low, max: high }), size).map(ascending);
        case "contiguous":
          return wholeNumber([size.minLength, size.maxLength]).chain((count) =>
            fc
              .integer({ min: low, max: high - Math.max(0, count - 1) })
              .map((first) => Array.from({ length: count }, (_, index) => first + index)),
          );
        case "listed":
          return someOf(bounds.listed, bounds.services).map(ascending);
      }
    }),
  );
}

/**
 * Ports on which processes of the node listen, ascending.
 *
 * @example
 * ```ts
 * fc.assert(fc.property(listenersArbitrary(), (ports) => ports.every((port) => port < 65_536)));
 * ```
 */
export function listenersArbitrary(bounds: SearchBounds = DEFAULT_BOUNDS): Arbitrary<readonly Port[]> {
  const [minLength, maxLength] = bounds.listeners;
  return fc.uniqueArray(fc.integer({ min: 1_024, max: 65_535 }), { minLength, maxLength }).map(ascending);
}

/**
 * What connects beside the probes, each to a destination of its own.
 *
 * @example
 * ```ts
 * fc.assert(fc.property(churnArbitrary(), (churn) => churn.every(({ ratePerSecond }) => ratePerSecond > 0)));
 * ```
 */
export function churnArbitrary(bounds: SearchBounds = DEFAULT_BOUNDS): Arbitrary<readonly CaseChurn[]> {
  const [minLength, maxLength] = bounds.churn;
  const one = fc.record<CaseChurn>({
    from: fc.constantFrom("node", "pod", "outside"),
    ratePerSecond: wholeNumber(bounds.rate),
    closes: fc.constantFrom("client", "server", "reset"),
    lastsSeconds: wholeNumber(bounds.lasts),
  });
  // A connection that its server closes is open as long as the server likes.
  const right = one.map((flow) => (flow.closes === "server" ? { ...flow, lastsSeconds: 0 } : flow));
  return fc.array(right, { minLength, maxLength });
}

/**
 * Readiness and liveness probes over TCP and HTTP, with the usual timeout of 1 s.
 *
 * @example
 * ```ts
 * fc.assert(fc.property(probeArbitrary(), ({ periodSeconds }) => periodSeconds >= 1));
 * ```
 */
export function probeArbitrary(bounds: SearchBounds = DEFAULT_BOUNDS): Arbitrary<CaseProbe> {
  return fc.record<CaseProbe>({
    kind: fc.constantFrom("readiness", "liveness"),
    handler: fc.constantFrom("tcpSocket", "httpGet"),
    port: fc.constant(8_080),
    periodSeconds: wholeNumber(bounds.period),
    timeoutSeconds: fc.constant(1),
    failureThreshold: wholeNumber(bounds.threshold),
  });
}

/**
 * Nodes that a configuration allows: what it gives stands, and what it leaves open is generated within the bounds. Of
 * given NodePorts and probes a case takes some or all. They shrink by fast-check's own means; `sim check` and
 * `searchProperty` shrink better, since they know the port walk.
 *
 * @example
 * ```ts
 * const node = nodeConfig({ kernel: "6.1", nodePorts: [30080] });
 * fc.assert(fc.property(nodeCaseArbitrary(node), ({ kernel }) => kernel === "6.1"));
 * ```
 */
export function nodeCaseArbitrary(config: NodeConfig, bounds: SearchBounds = DEFAULT_BOUNDS): Arbitrary<NodeCase> {
  const { nodePorts, flows, kubeProxy, era, masquerade } = config;
  const given = (config.probes ?? []).flatMap(({ kind, probe }) => caseProbe(kind, probe) ?? []);
  return fc
    .record({
      kernel: era === undefined ? kernelBuildArbitrary(bounds) : fc.constant(era.build),
      kubeProxy: kubeProxy === undefined ? kubeProxyArbitrary(bounds) : fc.constant(kubeProxy),
      nodePorts:
        nodePorts === undefined
          ? nodePortsArbitrary(config.nodePortRange, bounds)
          : someOf(nodePorts, [Math.min(1, nodePorts.length), nodePorts.length]),
      listeners: listenersArbitrary(bounds),
      pods: config.pods === undefined ? wholeNumber(bounds.pods) : fc.integer({ min: 1, max: config.pods }),
      probe: given.length === 0 ? probeArbitrary(bounds) : fc.constantFrom(...given),
      churn: flows === undefined ? churnArbitrary(bounds) : fc.subarray([...givenChurn(flows)]),
      masquerade: masquerade === undefined ? fc.constantFrom(...bounds.masquerade) : fc.constant(masquerade),
      boot: bootArbitrary(bounds),
      seconds: wholeNumber(bounds.seconds),
    })
    .map((drawn): NodeCase => completed(config, drawn));
}

function completed(config: NodeConfig, drawn: Omit<NodeCase, "config">): NodeCase {
  const nodePorts = ascending(drawn.nodePorts);
  // What listens already has its port, so no NodePort has it.
  const listeners = ascending([...config.listeners, ...drawn.listeners.filter((port) => !nodePorts.includes(port))]);
  return { config, ...drawn, nodePorts, listeners: listeners.filter((port) => !nodePorts.includes(port)) };
}

function wholeNumber([min, max]: Bound): Arbitrary<number> {
  return fc.integer({ min, max });
}

function someOf(ports: readonly Port[], [least, most]: Bound): Arbitrary<readonly Port[]> {
  return fc.subarray([...ports], {
    minLength: Math.min(least, ports.length),
    maxLength: Math.min(most, ports.length),
  });
}

function ascending(ports: readonly Port[]): readonly Port[] {
  return [...new Set(ports)].toSorted((a, b) => a - b);
}
