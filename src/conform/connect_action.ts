import { milliseconds, SECOND } from "../units.ts";
import type { CaseActionOf } from "./action_schema.ts";
import { ClientSocket, type ClientOptions } from "./case_clients.ts";
import { errnoName } from "../kernel/errno.ts";
import { type CaseRun, PAUSE_BETWEEN_CONNECTS } from "./case_run.ts";
import { closeClient } from "./close_client.ts";

type ConnectAction = CaseActionOf<"connect">;

/** Most connects of one `until_success`. */
const TRIES_MOST = 1_000_000;

/** Performs a `connect` action: its connects one after the other, or until one succeeds. */
export function performConnect(run: CaseRun, action: ConnectAction, index: number, done: () => void): void {
  const most = action.until_success === undefined ? action.count : TRIES_MOST;
  let made = 0;
  const next = (): void => {
    if (made === most) {
      done();
      return;
    }
    made += 1;
    connectOnce(run, action, made - 1, (client, error) => {
      if (client !== undefined) run.clients.set(index, client);
      const isSuccess = error === undefined;
      if (isSuccess && action.until_success !== undefined) {
        run.addEntry(action.until_success, (run.now - run.markedAt) / SECOND);
        done();
        return;
      }
      const gap = (isSuccess ? undefined : action.gap_after_error_ms) ?? action.gap_ms ?? 0;
      run.alarms.after(Math.max(milliseconds(gap), PAUSE_BETWEEN_CONNECTS), next);
    });
  };
  next();
}

function connectOnce(
  run: CaseRun,
  action: ConnectAction,
  number: number,
  done: (client: ClientSocket | undefined, error: string | undefined) => void,
): void {
  const startedAt = run.now;
  let alarm: number | undefined;
  const finish = (error: string | undefined, isKept: boolean): void => {
    if (alarm !== undefined) run.alarms.cancel(alarm);
    const client = typeof opened === "string" ? undefined : opened;
    if (client !== undefined) {
      client.events = {};
      if (isKept && client.isOpen) run.kept.push(client);
      else closeClient(run, client, action);
    }
    const success = run.isCaptured ? "connected" : (client?.localPort ?? -1);
    run.addEntry(action.group, error ?? success, startedAt);
    done(client, error);
  };
  if (action.timeout_ms !== undefined && action.timeout_ms > 0) {
    const isKept = action.on_timeout === "keep";
    alarm = run.alarms.after(milliseconds(action.timeout_ms), () => finish("timeout", isKept));
  }
  const opened = ClientSocket.open(run, clientOptions(run, action, number), {
    connected: () => finish(undefined, action.close === "keep"),
    ended: (errno) => finish(errnoName(errno), false),
  });
  if (typeof opened === "string") finish(opened, false);
  else if (action.timeout_ms === 0) finish(undefined, action.on_timeout !== "close");
}

function clientOptions(run: CaseRun, action: ConnectAction, number: number): ClientOptions {
  const { bind, local_port_range: range } = action;
  const bounds = typeof range === "string" ? range.trim().split(/\s+/).map(Number) : range;
  return {
    netns: run.netns(action.netns),
    to: action.to[number % action.to.length] ?? ["", 0],
    bind: bind && { address: bind.address, port: bind.port, noPort: bind.no_port, reuseAddress: bind.so_reuseaddr },
    portRange: bounds && [bounds[0] ?? 0, bounds[1] ?? 0],
  };
}
