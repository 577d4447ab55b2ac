import type { CaseAction } from "./action_schema.ts";
import type { CaseLink, CaseNamespace, CaseSetup } from "./setup_schema.ts";

/** A place in a case: names of fields and indices of lists, from the outside in. */
export type CasePath = readonly (string | number)[];

/** Something in a case that points to nothing, or to what cannot be meant. */
export interface ReferenceProblem {
  readonly path: CasePath;
  readonly message: string;
}

/** The most connections that the actions of a case may open together. */
const CONNECTS_MOST = 1_000_000;

type Namespaces = ReadonlyMap<string, CaseNamespace>;

/** What the parts of a case say of each other that no network can be: each part by itself has the right form. */
export function checkReferences({
  setup,
  actions,
}: {
  readonly setup: CaseSetup;
  readonly actions: readonly CaseAction[];
}): readonly ReferenceProblem[] {
  const namespaces = new Map(Object.entries(setup.namespaces));
  return [
    ...[...namespaces].flatMap(([name, spec]) => linkProblems(name, spec, namespaces)),
    ...[...namespaces].flatMap(([name, spec]) => routeProblems(name, spec)),
    ...actionProblems(actions, namespaces),
  ];
}

/** Interfaces that are there twice, ends of veths that do not belong together, and ports that no bridge can have. */
function linkProblems(name: string, { links }: CaseNamespace, namespaces: Namespaces): ReferenceProblem[] {
  const problems: ReferenceProblem[] = [];
  const attached = new Set<string>();
  for (const [index, link] of links.entries()) {
    const place = ["setup", "namespaces", name, "links", index];
    const add = (field: string, message: string): void => void problems.push({ path: [...place, field], message });
    if (links.findIndex((other) => other.name === link.name) < index)
      add("name", `the namespace ${name} has an interface ${link.name} already`);
    if ((link.kind === "loopback") !== (link.name === "lo"))
      add("kind", "each namespace has one loopback interface, which is lo");
    const wrongPeer = peerProblem(name, link, namespaces);
    if (wrongPeer !== undefined) add("peer", wrongPeer);
    const { ports = [] } = link;
    if (ports.length > 0 && link.kind !== "bridge") add("ports", "only a bridge has ports");
    for (const port of ports) {
      const found = links.find((other) => other.name === port);
      if (found === undefined) add("ports", `no interface ${name}/${port}`);
      else if (found.kind !== "veth") add("ports", `${name}/${port} is no veth`);
      else if (attached.has(port)) add("ports", `${name}/${port} is the port of a bridge already`);
      attached.add(port);
    }
    if (link.mac_of !== undefined && !ports.includes(link.mac_of)) add("mac_of", `no port ${link.mac_of}`);
  }
  return problems;
}

/** What is wrong with the other end of a link. */
function peerProblem(name: string, link: CaseLink, namespaces: Namespaces): string | undefined {
  if (link.kind !== "veth") return link.peer === undefined ? undefined : "only a veth has another end";
  const [namespace = "", other = ""] = link.peer ?? [];
  const found = namespaces.get(namespace)?.links.find((one) => one.name === other);
  if (found === undefined) return `no interface ${namespace}/${other}`;
  const [backNamespace = "", back = ""] = found.peer ?? [];
  const isLoose = namespaces.get(backNamespace)?.links.some((one) => one.name === back) !== true;
  // The other end has that as a problem of its own.
  if (found.kind === "veth" && isLoose) return undefined;
  const isPair = found.kind === "veth" && backNamespace === name && back === link.name && found !== link;
  return isPair ? undefined : `${namespace}/${other} is no veth whose other end is ${name}/${link.name}`;
}

/** Routes that lead to no interface, as far as that can be seen without a look at the addresses. */
function routeProblems(name: string, { links, routes }: CaseNamespace): ReferenceProblem[] {
  return routes.flatMap(({ via, dev, type }, index) => {
    const path = ["setup", "namespaces", name, "routes", index];
    if (dev !== undefined && !links.some((link) => link.name === dev))
      return [{ path: [...path, "dev"], message: `no interface ${name}/${dev}` }];
    if (type === undefined && via === undefined && dev === undefined)
      return [{ path, message: "needs a gateway or an interface (via or dev)" }];
    if (type !== undefined && (via !== undefined || dev !== undefined))
      return [{ path, message: `a route of type ${type} leads nowhere: it has neither via nor dev` }];
    return [];
  });
}

function actionProblems(actions: readonly CaseAction[], namespaces: Namespaces): ReferenceProblem[] {
  const problems: ReferenceProblem[] = [];
  let connects = 0;
  for (const [index, action] of actions.entries()) {
    const others = connects;
    connects += "connects" in action ? action.connects : "count" in action ? action.count : 0;
    if (others <= CONNECTS_MOST && connects > CONNECTS_MOST) {
      problems.push({ path: ["actions", index], message: `makes more than ${CONNECTS_MOST} connections in all` });
    }
    if ("netns" in action && action.netns !== undefined && !namespaces.has(action.netns)) {
      problems.push({ path: ["actions", index, "netns"], message: `no namespace "${action.netns}"` });
    }
    if ("action" in action && action.action !== undefined && action.action >= index) {
      problems.push({ path: ["actions", index, "action"], message: `action ${action.action} does not come before it` });
    }
  }
  return problems;
}
