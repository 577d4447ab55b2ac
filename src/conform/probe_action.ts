import { milliseconds } from "../units.ts";
import type { CaseActionOf } from "./action_schema.ts";
import { type ClientBind, ClientSocket, endText } from "./case_clients.ts";
import { type CaseRun, PAUSE_BETWEEN_CONNECTS } from "./case_run.ts";
import { closeClient } from "./close_client.ts";

type ProbeAction = CaseActionOf<"probe">;
type SendAction = CaseActionOf<"send">;

/** Performs a `probe` action: as many probes as it counts, one after the other. */
export function performProbe(run: CaseRun, action: ProbeAction, index: number, done: () => void): void {
  let left = action.count;
  const next = (): void => {
    if (left === 0) {
      done();
      return;
    }
    left -= 1;
    probeOnce(run, action, index, () => run.alarms.after(PAUSE_BETWEEN_CONNECTS, next));
  };
  next();
}

/** Performs a `send` action: a request on the socket that an earlier action left open. */
export function performSend(run: CaseRun, action: SendAction, index: number, done: () => void): void {
  const client = run.clients.get(action.action);
  if (client === undefined || !client.isOpen) {
    run.results.push({ action: index, result: "no socket", at: run.sinceOrigin });
    done();
    return;
  }
  const finish = (result: string): void => {
    run.alarms.cancel(alarm);
    client.events = {};
    run.results.push({ action: index, result, at: run.sinceOrigin });
    done();
  };
  const alarm = run.alarms.after(milliseconds(action.timeout_ms), () => finish("timeout in reading"));
  client.events = {
    answered: () => finish("http 200"),
    ended: (errno) => finish(endText("reading", errno)),
  };
  client.send(action.request_bytes);
}

function probeOnce(run: CaseRun, action: ProbeAction, index: number, done: () => void): void {
  const startedAt = run.now;
  const calledAt = action.called_at_ms === undefined ? startedAt : run.origin + milliseconds(action.called_at_ms);
  let phase: "connect" | "reading" = "connect";
  let connectedAt: number | undefined;
  const finish = (result: string): void => {
    run.alarms.cancel(alarm);
    const client = typeof opened === "string" ? undefined : opened;
    const at = run.sinceOrigin;
    const isKept = action.close === "keep" && client?.isOpen === true && !result.startsWith("timeout");
    if (client !== undefined) run.clients.set(index, client);
    if (client !== undefined && !isKept) closeClient(run, client, action);
    if (client !== undefined && isKept) client.events = {};
    run.results.push({
      action: index,
      result,
      at,
      ...(connectedAt === undefined ? {} : { connectedAt }),
      ...(isKept ? {} : { closedAt: at }),
      ...(client === undefined ? {} : { localPort: client.localPort }),
    });
    run.addEntry(action.group, typeof opened === "string" ? opened : opened.localPort, startedAt);
    if (action.group !== undefined) run.addEntry(`${action.group}/results`, result);
    done();
  };
  const connected = (): void => {
    connectedAt = run.sinceOrigin;
    phase = "reading";
    if (action.request_bytes === 0) finish("connected");
    else if (typeof opened !== "string" && opened.isOpen) opened.send(action.request_bytes);
  };
  // The timeout is set before the kernel sets any timer, so it comes first when both are due at once.
  const timesOutAt = Math.max(startedAt, calledAt + milliseconds(action.timeout_ms));
  const alarm = run.alarms.at(timesOutAt, () => finish(`timeout in ${phase}`));
  const opened = ClientSocket.open(
    run,
    { netns: run.netns(action.netns), to: [action.dst, action.dport], bind: bindOf(action) },
    { connected, answered: () => finish("http 200"), ended: (errno) => finish(endText(phase, errno)) },
  );
  if (typeof opened === "string") finish(opened.startsWith("bind ") ? opened : `connect ${opened}`);
}

function bindOf({ src, sport = 0, so_reuseaddr: reuseAddress }: ProbeAction): ClientBind | undefined {
  return src === undefined ? undefined : { address: src, port: sport, reuseAddress };
}
