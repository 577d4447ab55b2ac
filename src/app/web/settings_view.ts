import { SysctlValues } from "../../kernel/sysctl.ts";
import type { Scenario } from "../../scenario/scenario.ts";
import { SECOND } from "../../units.ts";
import type { SettingsView } from "./messages.ts";

const RESERVED = "net.ipv4.ip_local_reserved_ports";

/** What a scenario's settings come to, for the controls of the page. */
export function settingsView(scenario: Scenario, overrides: readonly string[]): SettingsView {
  const { kernel, kubeProxy, churn, seed, replications, duration, about, variants } = scenario;
  const sysctls = [...scenario.sysctls, ...scenario.node.sysctls];
  const values = new SysctlValues(kernel.era);
  for (const [name, text] of sysctls) values.set(name, text);
  return {
    about,
    kernel: kernel.build,
    portWalk: kernel.era.portWalk,
    portRange: values.localPortRange,
    reservedPorts: sysctls.findLast(([name]) => name === RESERVED)?.[1].trim() ?? "",
    nodePorts: nodePortsOf(scenario),
    churn: churn.map(({ name, from, ratePerSecond }) => ({ name, from, ratePerSecond })),
    kubeProxy: { version: kubeProxy.version.join("."), mode: kubeProxy.mode },
    seed,
    durationSeconds: duration / SECOND,
    replications,
    variants: variants.map(({ name }) => name),
    overrides,
  };
}

function nodePortsOf({ services, serviceGenerators, kubeProxy }: Scenario): SettingsView["nodePorts"] {
  const named = services.flatMap(({ ports }) =>
    ports.flatMap(({ nodePort }) => (nodePort === undefined ? [] : [nodePort])),
  );
  const drawn = serviceGenerators.reduce((sum, { count, nodePorts }) => sum + (nodePorts === "listed" ? 0 : count), 0);
  const given = [...named, ...serviceGenerators.flatMap(({ list }) => list)].toSorted((a, b) => a - b);
  const placements = new Set<SettingsView["nodePorts"]["placement"]>(
    serviceGenerators.map(({ nodePorts }) => nodePorts),
  );
  if (named.length > 0) placements.add("listed");
  const [first = "listed"] = placements;
  return {
    count: given.length + drawn,
    given,
    placement: placements.size > 1 ? "mixed" : first,
    range: kubeProxy.nodePortRange,
  };
}
