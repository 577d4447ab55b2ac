import { SS_STATE_NAMES } from "../kernel/tcp/tcp_states.ts";
import { milliseconds } from "../units.ts";
import type { CaseAction, CaseActionOf } from "./action_schema.ts";
import { buildNetwork, writeSysctls } from "./build_network.ts";
import { CaseServer } from "./case_servers.ts";
import type { CaseRun } from "./case_run.ts";
import { closeClient } from "./close_client.ts";
import { performConnect } from "./connect_action.ts";
import { performHold } from "./hold_action.ts";
import { performProbe, performSend } from "./probe_action.ts";
import { listSockets } from "./snapshots.ts";
import { performStorm } from "./storm_action.ts";
import { addVirtualServices, deleteVirtualServices } from "./virtual_services.ts";

/**
 * Performs the actions of a case in order: one with `at_ms` at that moment, one without when the one before it has
 * ended. Where packets were captured `at_ms` counts from the start of the capture; else from the first action that has
 * one, and each action waits for the one before it.
 */
export function performActions(run: CaseRun): void {
  const { isCaptured } = run;
  const { actions } = run.kernelCase;
  let isOriginKnown = isCaptured;
  const begin = (index: number): void => {
    const action = actions[index];
    if (action === undefined || run.problem !== undefined) return;
    if (action.mark_start !== undefined && action.mark_start !== false) run.markedAt = run.now;
    perform(run, action, index, () => {
      run.unfinished -= 1;
      follow(index + 1);
    });
  };
  /** Begins an action that nothing but its forerunner holds back. */
  const follow = (index: number): void => {
    const atMs = actions[index]?.at_ms;
    if (atMs === undefined) begin(index);
    else if (isCaptured) return;
    else {
      if (!isOriginKnown) run.origin = run.now - milliseconds(atMs);
      isOriginKnown = true;
      run.alarms.at(Math.max(run.now, run.origin + milliseconds(atMs)), () => begin(index));
    }
  };
  if (isCaptured) {
    for (const [index, { at_ms: atMs }] of actions.entries()) {
      if (atMs !== undefined) run.alarms.at(run.origin + milliseconds(atMs), () => begin(index));
    }
  }
  if (actions[0]?.at_ms === undefined) run.alarms.at(run.origin, () => begin(0));
  else follow(0);
}

function perform(run: CaseRun, action: CaseAction, index: number, done: () => void): void {
  switch (action.op) {
    case "probe":
      performProbe(run, action, index, done);
      return;
    case "send":
      performSend(run, action, index, done);
      return;
    case "connect":
      performConnect(run, action, index, done);
      return;
    case "storm":
      performStorm(run, action, done);
      return;
    case "hold":
      performHold(run, action, done);
      return;
    case "wait":
      run.alarms.after(milliseconds(action.ms), done);
      return;
    default:
      performAtOnce(run, action);
      done();
  }
}

type InstantAction = Exclude<CaseAction, { op: "probe" | "send" | "connect" | "storm" | "hold" | "wait" }>;

/** The actions that take no time. */
function performAtOnce(run: CaseRun, action: InstantAction): void {
  switch (action.op) {
    case "close":
      performClose(run, action);
      return;
    case "release":
      for (const client of run.kept.splice(0)) client.close("rst");
      return;
    case "listen":
      performListen(run, action);
      return;
    case "sysctl": {
      const values = action.netns === undefined ? run.machine.globals : run.netns(action.netns).sysctls;
      refuseIf(run, writeSysctls(values, action.set));
      return;
    }
    case "new_namespaces":
      performNewNamespaces(run);
      return;
    case "count_sockets":
      performCount(run, action);
      return;
    case "ipvs_add":
      for (const entry of action.services) {
        refuseIf(run, addVirtualServices(run.machine.requireIpvs(run.netns(action.netns)), entry));
      }
      return;
    case "ipvs_clear": {
      const ipvs = run.machine.requireIpvs(run.netns(action.netns));
      const services = Array.from(ipvs.services());
      for (const service of services) ipvs.deleteService(service);
      return;
    }
    case "ipvs_delete_service": {
      const ipvs = run.machine.requireIpvs(run.netns(action.netns));
      for (const entry of action.services ?? [action]) deleteVirtualServices(ipvs, entry);
      return;
    }
  }
}

/** Closes the socket of an action, the server's end of it, or a holder. */
function performClose(run: CaseRun, action: CaseActionOf<"close">): void {
  if (action.id !== undefined) {
    run.holders.get(action.id)?.();
    run.holders.delete(action.id);
    return;
  }
  const client = action.action === undefined ? undefined : run.clients.get(action.action);
  if (client === undefined) return;
  if (action.side === "client") {
    closeClient(run, client, { close: "fin", watch: action.watch });
    return;
  }
  const { sockets } = run.machine.tcp;
  const isClient = (slot: number): boolean => sockets.remotePort(slot) === client.localPort;
  for (const server of run.network.servers.toReversed()) {
    const slot = server.findAccepted(isClient);
    if (slot === undefined) continue;
    server.close(slot);
    return;
  }
}

function performListen(run: CaseRun, action: CaseActionOf<"listen">): void {
  const server = CaseServer.start(run.machine.tcp, run.netns(action.netns), action);
  if (typeof server !== "number") run.network.servers.push(server);
}

/** Builds the namespaces anew; what happens in the old ones concerns nobody any more. */
function performNewNamespaces(run: CaseRun): void {
  const network = buildNetwork(run.machine, run.kernelCase.setup);
  if (typeof network === "string") run.refuse(network);
  else run.network = network;
}

function performCount(run: CaseRun, action: CaseActionOf<"count_sockets">): void {
  const states = listSockets(run.machine.tcp, run.netns(action.netns)).map(({ state }) => state);
  if (!SS_STATE_NAMES.includes(action.state)) run.refuse(`no socket state is called "${action.state}"`);
  run.addEntry(action.group, states.filter((state) => state === action.state).length);
}

function refuseIf(run: CaseRun, problem: string | undefined): void {
  if (problem !== undefined) run.refuse(problem);
}
