import type { Document } from "yaml";
import type { KubeProxyFact } from "./cluster_facts.ts";
import { placeOf, type ExportProblem } from "./export_problem.ts";
import { readYamlStream, YAML_LEVELS_MOST } from "../yaml_stream.ts";
import { fieldsOf, itemsOf, textOf, wholeOf } from "./plain_data.ts";

/** What a configuration file says, or what is wrong with it. */
export interface ConfigReading {
  readonly kubeProxy?: KubeProxyFact;
  readonly problems: readonly ExportProblem[];
}

/** Configurations have a few hundred lines; more aliases than this are an attack or an accident. */
const ALIASES_MOST = 100;

/** A ConfigMap, and so a configuration, has less than 1 MiB in Kubernetes. */
const CHARACTERS_MOST = 4 * 1024 * 1024;

/** A configuration is one document; dumps of a whole folder have a dozen. */
const DOCUMENTS_MOST = 100;

/**
 * Reads KubeProxyConfiguration or KubeletConfiguration, also inside a ConfigMap. Of the kubelet's nothing bears on ports:
 * it is only checked for being YAML.
 *
 * @param isInside whether the text stands in a ConfigMap: then no further ConfigMap is looked for.
 */
export function readComponentConfig(text: string, isInside = false): ConfigReading {
  if (text.length > CHARACTERS_MOST) {
    const message = `Cannot read a configuration of ${text.length} characters`;
    return { problems: [{ line: 1, message, expected: `at most ${CHARACTERS_MOST} characters` }] };
  }
  const stream = readYamlStream(text, DOCUMENTS_MOST + 1);
  if (!stream.ok) {
    const message = `Cannot read this as YAML: it is nested more than ${YAML_LEVELS_MOST} levels deep`;
    return { problems: [{ ...placeOf(text, stream.tooDeepAt), message }] };
  }
  const [error] = stream.errors;
  if (error !== undefined) {
    const message = `Cannot read this as YAML: ${firstLine(error.message)}`;
    return { problems: [{ ...placeOf(text, error.pos[0]), message }] };
  }
  const extra = stream.documents[DOCUMENTS_MOST];
  if (extra !== undefined) {
    const message = `Cannot read a configuration of more than ${DOCUMENTS_MOST} documents`;
    const expected = `at most ${DOCUMENTS_MOST} documents`;
    return { problems: [{ ...placeOf(text, extra.range?.[0] ?? 0), message, expected }] };
  }
  const problems: ExportProblem[] = [];
  let kubeProxy: KubeProxyFact | undefined;
  for (const document of stream.documents) {
    const value = plainValue(document);
    if (typeof value === "string") {
      problems.push({ ...placeOf(text, document.range?.[0] ?? 0), message: `Cannot read this as YAML: ${value}` });
      continue;
    }
    const inside = isInside ? undefined : textOf(fieldsOf(value["data"])["config.conf"]);
    const nested = inside === undefined ? undefined : readComponentConfig(inside, true);
    problems.push(
      ...(nested?.problems ?? []).map(({ message }) => ({ line: 1, message: `data["config.conf"]: ${message}` })),
    );
    kubeProxy ??= nested?.kubeProxy;
    if (value["kind"] === "KubeProxyConfiguration") kubeProxy ??= readKubeProxy(value);
  }
  return kubeProxy === undefined ? { problems } : { kubeProxy, problems };
}

/** What a document says, or what is wrong with its aliases. */
function plainValue(document: Document): Readonly<Record<string, unknown>> | string {
  try {
    return fieldsOf(document.toJS({ maxAliasCount: ALIASES_MOST }));
  } catch (error) {
    // The package says so of an alias without its anchor, and of more copies than the limit.
    if (!(error instanceof ReferenceError)) throw error;
    const isTooMany = error.message.startsWith("Excessive alias count");
    return isTooMany ? `its aliases stand for more than ${ALIASES_MOST} copies` : firstLine(error.message);
  }
}

function readKubeProxy(config: Readonly<Record<string, unknown>>): KubeProxyFact {
  const scheduler = textOf(fieldsOf(config["ipvs"])["scheduler"]);
  const addresses = itemsOf(config["nodePortAddresses"]).flatMap((item) => textOf(item) ?? []);
  const conntrack = fieldsOf(config["conntrack"]);
  const [maxPerCore, min] = [conntrack["maxPerCore"], conntrack["min"]].map((value) => wholeOf(value, 0, 2 ** 31 - 1));
  return {
    mode: textOf(config["mode"]) ?? "iptables",
    ...(maxPerCore === undefined ? {} : { conntrackMaxPerCore: maxPerCore }),
    ...(min === undefined ? {} : { conntrackMin: min }),
    ...(scheduler === undefined ? {} : { scheduler }),
    ...(addresses.length === 0 ? {} : { nodePortAddresses: addresses }),
  };
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0]!.replace(/:$/, "");
}
