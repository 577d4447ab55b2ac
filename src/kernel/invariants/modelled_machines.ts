import { modelConntrack } from "./conntrack_model.ts";
import { modelIpvs } from "./ipvs_model.ts";
import { modelPackets } from "./packet_model.ts";
import { modelPorts } from "./port_model.ts";
import { modelSockets } from "./socket_model.ts";
import type { Machine } from "../machine.ts";
import type { MachineGroup } from "../machine_group.ts";
import type { Netns } from "../netns.ts";

/**
 * Lets a plain `Map` or `Set` stand beside every table of the kernels of a group, those of namespaces that are made later
 * among them. Every question that the kernel asks of a table is then asked of both, and another answer is a broken
 * invariant at once, in the event in which it is given. The run stays the same, several times slower.
 */
export function modelTables(group: MachineGroup): void {
  modelPackets(group.packets);
  for (const machine of group.machines) modelMachine(machine);
}

function modelMachine(machine: Machine): void {
  const modelled = new WeakSet<object>();
  const once = <T extends object>(table: T, model: (table: T) => void): void => {
    if (modelled.has(table)) return;
    modelled.add(table);
    model(table);
  };
  const modelNetns = (netns: Netns): void => {
    once(netns.ports, modelPorts);
    if (netns.conntrack !== undefined) once(netns.conntrack.table, modelConntrack);
    if (netns.ipvs !== undefined) once(netns.ipvs.connections, modelIpvs);
  };
  modelSockets(machine.tcp.sockets);
  for (const netns of machine.namespaces) modelNetns(netns);
  const createNetns = machine.createNetns.bind(machine);
  machine.createNetns = (name) => {
    const netns = createNetns(name);
    modelNetns(netns);
    return netns;
  };
  const requireConntrack = machine.requireConntrack.bind(machine);
  machine.requireConntrack = (netns) => {
    const conntrack = requireConntrack(netns);
    modelNetns(netns);
    return conntrack;
  };
  const requireIpvs = machine.requireIpvs.bind(machine);
  machine.requireIpvs = (netns) => {
    const ipvs = requireIpvs(netns);
    modelNetns(netns);
    return ipvs;
  };
}
