import { milliseconds, SECOND } from "../units.ts";
import { errnoName } from "../kernel/errno.ts";
import type { CaseActionOf } from "./action_schema.ts";
import { readAddress } from "./case_address.ts";
import { ClientSocket } from "./case_clients.ts";
import type { CaseRun } from "./case_run.ts";

type StormAction = CaseActionOf<"storm">;

/** The list of a storm's ports holds the first of them only. */
const LISTED_MOST = 200;

/**
 * Performs a `storm`: connects that do not wait for each other, a new one every `start_every_ms` as long as fewer than
 * `in_flight` are open; one that succeeds is closed at once, one that does not when its timeout is over.
 */
export function performStorm(run: CaseRun, action: StormAction, done: () => void): void {
  const tally = new StormTally(run, action);
  const startedAt = run.now;
  const pace = milliseconds(action.start_every_ms);
  let started = 0;
  let open = 0;
  let isDue = true;
  const start = (): void => {
    if (!isDue || open >= action.in_flight || started === action.connects) return;
    started += 1;
    open += 1;
    isDue = false;
    run.alarms.after(pace, () => {
      isDue = true;
      start();
    });
    const ended = (port: number, error: string | undefined): void => {
      tally.add(port, error);
      open -= 1;
      if (open === 0 && started === action.connects) {
        tally.finish((run.now - startedAt) / SECOND);
        done();
      } else start();
    };
    const entry = openOne(run, action, ended);
    if (started <= LISTED_MOST) run.addEntry(action.group, entry);
  };
  start();
}

/** Starts one connect. @returns its port, or what connect() returned instead. */
function openOne(
  run: CaseRun,
  action: StormAction,
  done: (port: number, error: string | undefined) => void,
): number | string {
  const finish = (error: string | undefined): void => {
    run.alarms.cancel(alarm);
    const port = typeof opened === "string" ? -1 : opened.localPort;
    if (typeof opened !== "string") opened.close(action.close === "fin" ? "fin" : "rst");
    done(port, error);
  };
  const alarm = run.alarms.after(milliseconds(action.timeout_ms), () => finish("timeout"));
  const opened = ClientSocket.open(
    run,
    {
      netns: run.netns(action.netns),
      to: [action.dst, action.dport],
      ...(action.src === undefined ? {} : { bind: { address: action.src, port: 0, noPort: true } }),
    },
    { connected: () => finish(undefined), ended: (errno) => finish(errnoName(errno)) },
  );
  if (typeof opened !== "string") return opened.localPort;
  finish(opened);
  return opened;
}

/** Counts the outcomes of a storm by the names of the recordings. */
class StormTally {
  readonly #run: CaseRun;
  readonly #nodePorts: ReadonlySet<number>;
  readonly #ports = new Set<number>();
  readonly #hit = new Set<number>();
  readonly #counts = { failures: 0, failuresOn: 0, successesOn: 0, even: 0, odd: 0, all: 0 };

  constructor(run: CaseRun, action: StormAction) {
    this.#run = run;
    this.#nodePorts = nodePortsOf(run, action);
  }

  add(port: number, error: string | undefined): void {
    const counts = this.#counts;
    const isNodePort = this.#nodePorts.has(port);
    counts.all += 1;
    if (port >= 0) {
      this.#ports.add(port);
      if (port % 2 === 0) counts.even += 1;
      else counts.odd += 1;
    }
    if (error !== undefined) counts.failures += 1;
    if (isNodePort && error !== undefined) {
      counts.failuresOn += 1;
      this.#hit.add(port);
    } else if (isNodePort) counts.successesOn += 1;
  }

  finish(seconds: number): void {
    const { failures, failuresOn, successesOn, even, odd, all } = this.#counts;
    const counts: readonly (readonly [string, number])[] = [
      ["connects", all],
      ["failures", failures],
      ["failures_on_nodeports", failuresOn],
      ["failures_elsewhere", failures - failuresOn],
      ["successes_on_nodeports", successesOn],
      ["distinct_ports", this.#ports.size],
      ["even_port_connects", even],
      ["odd_port_connects", odd],
      ["nodeports_hit", this.#hit.size],
      ["seconds", seconds],
    ];
    for (const [name, count] of counts) this.#run.storm.set(name, count);
  }
}

/** The ports on which a virtual service stands at the address that the storm's connects come from. */
function nodePortsOf(run: CaseRun, { netns: name, src, dst }: StormAction): Set<number> {
  const netns = run.netns(name);
  const source = src === undefined ? netns.routes.lookup(readAddress(dst)).preferredSource : readAddress(src);
  const ports = new Set<number>();
  for (const service of netns.ipvs?.services() ?? []) if (service.address === source) ports.add(service.port);
  return ports;
}
