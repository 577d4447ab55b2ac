import type { ConnectionStory } from "../study/explain_connection.ts";
import { formatEndpoint } from "../units.ts";
import { type SequenceRow, SERVER_END } from "./sequence_rows.ts";

/** A vertical line of the chart: a network stack or an interface. */
export interface Lane {
  /** A namespace, or `namespace/device`. */
  readonly key: string;
  readonly isStack: boolean;
  readonly title: string;
  readonly role: string;
}

/**
 * The client, to its right the way to the server, and to its left the hosts that only what IPVS took away gets to;
 * interfaces between the stacks that they join.
 *
 * @param elsewhere what the hosts are that are neither nodes nor pods.
 */
export function lanesOf(rows: readonly SequenceRow[], story: ConnectionStory, elsewhere: string): readonly Lane[] {
  const { client } = story.connection;
  const { left, right } = stacksOf(rows, story);
  const order = [...left, client, ...right];
  const seen = interfacesOf(rows, order, client);
  const keys = new Set([...seen.values()].flatMap((names) => [...names]));
  const device = (key: string): string => deviceName(key, [...story.nodes, client]);
  const isUnique = (key: string): boolean => [...keys].filter((other) => device(other) === device(key)).length === 1;
  const interfaces = (netns: string): Lane[] =>
    [...(seen.get(netns) ?? [])].map((key) => {
      // The device alone where no other lane has a device of this name.
      return { key, isStack: false, title: isUnique(key) ? device(key) : key, role: "" };
    });
  const stack = (netns: string): Lane => ({
    key: netns,
    isStack: true,
    title: netns,
    role: roleOf(netns, story, elsewhere),
  });
  const drawn = new Set<string>();
  return [
    ...left.flatMap((netns) => [stack(netns), ...interfaces(netns).toReversed()]),
    stack(client),
    ...interfaces(client),
    ...right.flatMap((netns) => [...interfaces(netns), stack(netns)]),
  ].filter(({ key }) => !drawn.has(key) && drawn.add(key));
}

/** The other stacks on both sides of the client, in the order in which they are met; the server comes last. */
function stacksOf(rows: readonly SequenceRow[], { connection: { client }, server }: ConnectionStory) {
  const left = new Set<string>();
  const right = new Set<string>();
  const isServer = (netns: string): boolean => netns === server || netns.endsWith(SERVER_END);
  for (const row of rows) {
    const ends = row.kind === "remark" ? [row.netns] : [row.from, row.to ?? row.from];
    // What goes on inside another packet gets to its end by way of others.
    if (row.kind === "flight" && row.isTunnelled) continue;
    for (const netns of ends) {
      if (netns === client || right.has(netns)) continue;
      if (row.kind === "flight" && row.isDiverted && !isServer(netns)) left.add(netns);
      else if (!left.has(netns)) right.add(netns);
    }
  }
  const ahead = [...right].filter((netns) => !isServer(netns));
  return { left: [...left], right: [...ahead, ...[...right].filter(isServer)] };
}

/**
 * The interfaces between each stack and the one before it on the way from the client, in the order from there; those of a
 * tunnel stand beside the stack that has them.
 */
function interfacesOf(rows: readonly SequenceRow[], order: readonly string[], client: string) {
  const seen = new Map<string, readonly string[]>();
  const home = order.indexOf(client);
  const distance = (netns: string): number => Math.abs(order.indexOf(netns) - home);
  const add = (far: string, names: readonly string[], isFirst = false): void => {
    const known = seen.get(far) ?? [];
    seen.set(far, [...new Set(isFirst ? [...names, ...known] : [...known, ...names])]);
  };
  const flights = rows.filter((row) => row.kind === "flight");
  for (const { from, to, interfaces, isTunnelled } of flights) {
    if (isTunnelled) continue;
    const isOutward = distance(to ?? from) >= distance(from);
    // What nobody received has left its sender by these interfaces, and gone on from there.
    const lost = to === undefined ? order[order.indexOf(from) + 1] : undefined;
    add(lost ?? (isOutward ? (to ?? from) : from), isOutward ? interfaces : interfaces.toReversed());
  }
  for (const { from, to, interfaces, isTunnelled } of flights) {
    if (!isTunnelled) continue;
    for (const netns of [from, to ?? from]) {
      const own = interfaces.filter((name) => name.startsWith(`${netns}/`));
      const isNear = distance(netns) <= distance(netns === from ? (to ?? from) : from);
      const next = order[order.indexOf(netns) + 1];
      if (isNear && next !== undefined) add(next, own, true);
      else add(netns, own);
    }
  }
  return seen;
}

function roleOf(netns: string, { connection, nodes, server }: ConnectionStory, elsewhere: string): string {
  const { client, probe, address, port } = connection;
  if (netns === client && probe !== undefined) return "kubelet and the node's kernel";
  if (netns === client) return "client";
  if (netns === server || netns.endsWith(SERVER_END)) return formatEndpoint(address, port);
  return nodes.includes(netns) ? "the node's kernel" : elsewhere;
}

/** `eth0` of `default/nginx/eth0`; of the node's interfaces all behind `node/`, for names of veths hold slashes. */
function deviceName(key: string, namespaces: readonly string[]): string {
  const owner = namespaces.find((netns) => key.startsWith(`${netns}/`));
  return owner === undefined ? key.slice(key.lastIndexOf("/") + 1) : key.slice(owner.length + 1);
}
