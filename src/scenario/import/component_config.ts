import { parseAllDocuments } from "yaml";
import type { KubeProxyFact } from "./cluster_facts.ts";
import { placeOf, type ExportProblem } from "./export_problem.ts";
import { fieldsOf, itemsOf, textOf } from "./plain_data.ts";

/** What a configuration file says, or what is wrong with it. */
export interface ConfigReading {
  readonly kubeProxy?: KubeProxyFact;
  readonly problems: readonly ExportProblem[];
}

/** Configurations have a few hundred lines; more aliases than this are an attack or an accident. */
const ALIASES_MOST = 100;

/**
 * Reads KubeProxyConfiguration or KubeletConfiguration, also inside a ConfigMap. Of the kubelet's nothing bears on ports:
 * it is only checked for being YAML.
 */
export function readComponentConfig(text: string): ConfigReading {
  const problems: ExportProblem[] = [];
  let kubeProxy: KubeProxyFact | undefined;
  for (const document of parseAllDocuments(text, { prettyErrors: false })) {
    if (!("contents" in document)) continue;
    const [error] = document.errors;
    if (error !== undefined) {
      problems.push({
        ...placeOf(text, error.pos[0]),
        message: `Cannot read this as YAML: ${firstLine(error.message)}`,
      });
      continue;
    }
    const value = fieldsOf(document.toJS({ maxAliasCount: ALIASES_MOST }));
    const inside = textOf(fieldsOf(value["data"])["config.conf"]);
    const nested = inside === undefined ? undefined : readComponentConfig(inside);
    problems.push(
      ...(nested?.problems ?? []).map(({ message }) => ({ line: 1, message: `data["config.conf"]: ${message}` })),
    );
    kubeProxy ??= nested?.kubeProxy;
    if (value["kind"] === "KubeProxyConfiguration") kubeProxy ??= readKubeProxy(value);
  }
  return kubeProxy === undefined ? { problems } : { kubeProxy, problems };
}

function readKubeProxy(config: Readonly<Record<string, unknown>>): KubeProxyFact {
  const scheduler = textOf(fieldsOf(config["ipvs"])["scheduler"]);
  const addresses = itemsOf(config["nodePortAddresses"]).flatMap((item) => textOf(item) ?? []);
  return {
    mode: textOf(config["mode"]) ?? "iptables",
    ...(scheduler === undefined ? {} : { scheduler }),
    ...(addresses.length === 0 ? {} : { nodePortAddresses: addresses }),
  };
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0]!.replace(/:$/, "");
}
