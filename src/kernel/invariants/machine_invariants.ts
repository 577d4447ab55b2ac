import { brokenChains, brokenConntrack } from "./conntrack_invariants.ts";
import { brokenIpvs, brokenIpvsChains } from "./ipvs_invariants.ts";
import { brokenPackets } from "./packet_invariants.ts";
import { brokenSockets } from "./socket_invariants.ts";
import { brokenTakenPorts } from "./taken_port_invariants.ts";
import { brokenUdpSockets } from "./udp_invariants.ts";
import type { Machine } from "../machine.ts";
import type { MachineGroup } from "../machine_group.ts";

/**
 * What does not hold of the kernels of a group and of the packets between them, one sentence each; nothing for sound
 * ones. It may be asked between two events, and changes nothing. O(rows of all tables).
 *
 * @param isThorough looks at every bucket of every hash as well, which may be far more than there are rows.
 */
export function* brokenMachines(group: MachineGroup, isThorough = false): Generator<string> {
  const [first] = group.machines;
  if (first === undefined) return;
  group.flowPath?.settle();
  yield* first.loop.broken();
  yield* brokenPackets(group, first.loop);
  for (const machine of group.machines) yield* brokenMachine(machine, isThorough);
}

function* brokenMachine(machine: Machine, isThorough: boolean): Generator<string> {
  yield* brokenSockets(machine);
  yield* brokenTakenPorts(machine);
  yield* brokenUdpSockets(machine);
  let opens = 0;
  for (const netns of machine.namespaces) {
    opens += netns.counters.TcpActiveOpens;
    for (const [name, value] of Object.entries(netns.counters)) {
      if (!Number.isSafeInteger(value) || value < 0)
        yield `a counter counts up from 0: ${name} of "${netns.name}" is ${value}`;
    }
    if (netns.conntrack !== undefined) {
      yield* brokenConntrack(netns.conntrack);
      if (isThorough) yield* brokenChains(netns.conntrack);
    }
    if (netns.ipvs !== undefined) {
      yield* brokenIpvs(netns.ipvs);
      if (isThorough) yield* brokenIpvsChains(netns.ipvs);
    }
  }
  const { connections } = machine.tcp;
  if (opens !== connections) yield `TcpActiveOpens counts the SYNs of connect(): ${opens} of ${connections}`;
}
