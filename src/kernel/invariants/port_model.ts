import { assert } from "../../sim/assert.ts";
import type { PortBuckets } from "../ports/port_buckets.ts";

interface Bucket {
  readonly owners: number;
  readonly explicit: number;
  readonly isClosed: boolean;
}

const EMPTY: Bucket = { owners: 0, explicit: 0, isClosed: false };

/** Lets a `Map` stand beside the bind buckets of a namespace: every question must be answered as the map would. */
export function modelPorts(ports: PortBuckets): void {
  const buckets = new Map<number, Bucket>();
  const at = (port: number): Bucket => buckets.get(port) ?? EMPTY;
  for (let port = 0; port < 65536; port += 1) {
    const owners = ports.owners(port);
    if (owners > 0)
      buckets.set(port, { owners, explicit: ports.explicitOwners(port), isClosed: ports.isClosedToConnect(port) });
  }
  const addConnectOwner = ports.addConnectOwner.bind(ports);
  ports.addConnectOwner = (port) => {
    buckets.set(port, { ...at(port), owners: at(port).owners + 1 });
    addConnectOwner(port);
  };
  const addExplicitOwner = ports.addExplicitOwner.bind(ports);
  ports.addExplicitOwner = (port) => {
    const { owners, explicit } = at(port);
    buckets.set(port, { owners: owners + 1, explicit: explicit + 1, isClosed: true });
    addExplicitOwner(port);
  };
  const removeOwner = ports.removeOwner.bind(ports);
  ports.removeOwner = (port, wasExplicit, forgetsExplicit) => {
    const before = at(port);
    const [owners, explicit] = [before.owners - 1, before.explicit - (wasExplicit ? 1 : 0)];
    assert(owners >= explicit && explicit >= 0, `a port loses an owner that it has: port ${port} has ${owners + 1}`);
    const opens = owners === 0 || (forgetsExplicit && explicit === 0);
    buckets.set(port, { owners, explicit, isClosed: before.isClosed && !opens });
    removeOwner(port, wasExplicit, forgetsExplicit);
  };
  const owners = ports.owners.bind(ports);
  ports.owners = (port) => same("owners", port, owners(port), at(port).owners);
  const explicitOwners = ports.explicitOwners.bind(ports);
  ports.explicitOwners = (port) => same("explicit owners", port, explicitOwners(port), at(port).explicit);
  const isClosedToConnect = ports.isClosedToConnect.bind(ports);
  ports.isClosedToConnect = (port) => same("being closed", port, isClosedToConnect(port), at(port).isClosed);
  const unusableRun = ports.unusableRun.bind(ports);
  ports.unusableRun = (run, reserved, taken) => {
    const isUnusable = (port: number): boolean => reserved[port] === 1 || at(port).isClosed || taken.has(port);
    let expected = 0;
    while (expected < run.most && isUnusable(run.port + run.step * expected)) expected += 1;
    return same("the unusable run", run.port, unusableRun(run, reserved, taken), expected);
  };
}

function same<T>(what: string, port: number, found: T, expected: T): T {
  assert(
    found === expected,
    `bind buckets say what a Map says: ${what} of port ${port} ${String(found)}, not ${String(expected)}`,
  );
  return found;
}
