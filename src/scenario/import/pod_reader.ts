import type { ContainerFact, ContainerPort, PodFact, ProbeFact, ProbeKind } from "./cluster_facts.ts";
import { readFlags } from "./process_flags.ts";
import { fieldsOf, isFields, itemsOf, portOf, textOf, wholeOf, type Fields } from "./plain_data.ts";

const PROBE_KINDS: readonly ProbeKind[] = ["readinessProbe", "livenessProbe", "startupProbe"];
const HANDLERS = ["httpGet", "tcpSocket", "grpc", "exec"] as const;
const TIMES = ["initialDelaySeconds", "periodSeconds", "timeoutSeconds", "successThreshold", "failureThreshold"];

/** What networking knows of a pod, its sidecars included; nothing else of the object is looked at. */
export function readPod(object: Fields): PodFact {
  const metadata = fieldsOf(object["metadata"]);
  const spec = fieldsOf(object["spec"]);
  const status = fieldsOf(object["status"]);
  const sidecars = itemsOf(spec["initContainers"]).filter((item) => fieldsOf(item)["restartPolicy"] === "Always");
  const containers = [...itemsOf(spec["containers"]), ...sidecars].map((item) => fieldsOf(item));
  const [nodeName, address, hostAddress] = [
    textOf(spec["nodeName"]),
    textOf(status["podIP"]),
    textOf(status["hostIP"]),
  ];
  return {
    namespace: textOf(metadata["namespace"]) ?? "default",
    name: textOf(metadata["name"]) ?? "unnamed",
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(address === undefined ? {} : { address }),
    ...(hostAddress === undefined ? {} : { hostAddress }),
    isHostNetwork: spec["hostNetwork"] === true,
    phase: textOf(status["phase"]) ?? "Running",
    containers: containers.map(readContainer),
    flags: readFlags(containers.filter(isComponent).flatMap(wordsOfContainer)),
  };
}

/** Whether the arguments of a container are looked at, for the flags that bear on ports. */
function isComponent({ image }: Fields): boolean {
  return /^(kube-proxy|kube-apiserver|hyperkube)[\w.-]*(:|@|$)/.test(shortImage(textOf(image)));
}

function wordsOfContainer({ command, args }: Fields): string[] {
  return [...itemsOf(command), ...itemsOf(args)].flatMap((word) => (typeof word === "string" ? [word] : []));
}

function shortImage(image = ""): string {
  return image.replace(/^.*\//, "");
}

function readContainer(container: Fields): ContainerFact {
  const probes: Partial<Record<ProbeKind, ProbeFact>> = {};
  for (const kind of PROBE_KINDS) {
    const probe = readProbe(container[kind]);
    if (probe !== undefined) probes[kind] = probe;
  }
  const ports = itemsOf(container["ports"]).flatMap((item) => readPort(fieldsOf(item)));
  return { name: textOf(container["name"]) ?? "", image: shortImage(textOf(container["image"])), ports, probes };
}

function readPort(fields: Fields): ContainerPort[] {
  const port = portOf(fields["containerPort"]);
  const name = textOf(fields["name"]);
  if (port === undefined) return [];
  const hasHostPort = portOf(fields["hostPort"]) !== undefined;
  const protocol = textOf(fields["protocol"]) ?? "TCP";
  return [{ port, protocol, hasHostPort, ...(name === undefined ? {} : { name }) }];
}

function readProbe(value: unknown): ProbeFact | undefined {
  if (!isFields(value)) return undefined;
  const handler = HANDLERS.find((name) => isFields(value[name]));
  if (handler === undefined) return undefined;
  const asked = fieldsOf(value[handler]);
  const port = portOf(asked["port"]) ?? textOf(asked["port"]);
  const path = textOf(asked["path"])?.replace(/[?#].*$/s, "");
  const host = textOf(asked["host"]);
  const times: Record<string, number> = {};
  for (const name of TIMES) {
    const seconds = wholeOf(value[name], 0, 86_400);
    if (seconds !== undefined) times[name] = seconds;
  }
  return {
    handler,
    ...(port === undefined ? {} : { port }),
    ...(path === undefined || path === "" ? {} : { path }),
    isHttps: asked["scheme"] === "HTTPS",
    ...(host === undefined ? {} : { host }),
    times,
  };
}
