import { parseDocument } from "yaml";
import type { NodePortWish } from "./page_settings.ts";
import { isFields, type Fields } from "../../scenario/import/plain_data.ts";

/** Ports of a range that a list may name at once. */
const RANGE_MOST = 5000;

/**
 * What to set, by path of `--set`, so that a scenario has the wished NodePorts. Where one named `generate:` entry makes all
 * NodePorts, its keys are set. Else such an entry takes the place of all services with NodePorts that nothing in the
 * scenario names.
 *
 * @param text a scenario that is valid YAML.
 */
export function nodePortValues(text: string, wish: NodePortWish): Record<string, string> {
  const root: unknown = parseDocument(text).toJS();
  const services = listAt(root, "services");
  const [only, ...others] = services.filter(hasNodePorts);
  if (only !== undefined && others.length === 0 && "generate" in only && typeof only["name"] === "string") {
    const base = `services.${only["name"]}.`;
    const given = Object.entries(generatorKeys(wish)).map(([key, value]) => [`${base}${key}`, value] as const);
    // The entry's own list only goes with listed NodePorts.
    const isInWay = wish.placement !== "listed" && "list" in only;
    if (!isInWay) return Object.fromEntries(given);
  }
  const used = usedServices(root);
  const goes = (service: Fields): boolean => hasNodePorts(service) && !used.has(service["name"]);
  const endpoints = [...services.filter(goes), ...services].map(({ endpoints: own }) => own)[0] ?? [];
  const generated = { name: "nodeports", ...plainKeys(wish), endpoints };
  return { services: JSON.stringify([...services.filter((service) => !goes(service)), generated]) };
}

/** `30080-30097, 32443` as ports, each as a text; what is no port or range stays as it is, for the scenario's reader to refuse. */
export function portTexts(list: string): string[] {
  return list.split(/[\s,]+/).flatMap((part) => {
    const range = /^(\d{1,5})-(\d{1,5})$/.exec(part);
    if (range === null) return part === "" ? [] : [part];
    const [low, high] = [Number(range[1]), Number(range[2])];
    if (high < low || high - low >= RANGE_MOST) return [part];
    return Array.from({ length: high - low + 1 }, (_, index) => String(low + index));
  });
}

function generatorKeys(wish: NodePortWish): Record<string, string> {
  if (wish.placement !== "listed") return { generate: String(wish.count), nodePorts: wish.placement };
  const list = portTexts(wish.list);
  return { generate: String(list.length), nodePorts: "listed", list: `[${list.join(", ")}]` };
}

function plainKeys(wish: NodePortWish): Fields {
  if (wish.placement !== "listed") return { generate: wish.count, nodePorts: wish.placement };
  const list = portTexts(wish.list).map((text) => (/^\d+$/.test(text) ? Number(text) : text));
  return { generate: list.length, nodePorts: "listed", list };
}

function hasNodePorts(service: Fields): boolean {
  return "generate" in service || service["type"] === "NodePort" || service["type"] === "LoadBalancer";
}

function listAt(root: unknown, key: string): readonly Fields[] {
  const list: unknown = isFields(root) ? root[key] : undefined;
  return Array.isArray(list) ? list.filter(isFields) : [];
}

/** The names of services that load balancers check and churn connects to. */
function usedServices(root: unknown): ReadonlySet<unknown> {
  const checked = listAt(root, "loadBalancers").map(({ service }) => service);
  const called = listAt(root, "churn").map(({ to }) => (typeof to === "string" ? to.replace(/:\d+$/, "") : to));
  return new Set([...checked, ...called]);
}
