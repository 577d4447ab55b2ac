import type { PortWalkName } from "../../kernel/kernel_era.ts";
import { Jiffies } from "../../kernel/jiffies.ts";
import { KeyedHash } from "../../kernel/keyed_hash.ts";
import { CursorNoise } from "../../kernel/ports/cursor_noise.ts";
import { createPortWalk } from "../../kernel/ports/port_walks.ts";
import { RandomStreams } from "../../sim/random.ts";
import { type Ipv4, type Micros, type Port, SECOND } from "../../units.ts";
import { caseEra, hostAddress, hostCount } from "./case_scenario.ts";
import type { NodeCase } from "./node_case.ts";
import { sysctlValues } from "./node_config.ts";

/** Boots that are tried; filling the 65,536 cursors of 5.18+ makes one dear. */
const BOOTS_TRIED: Readonly<Record<PortWalkName, number>> = {
  "3.10": 4_000,
  "4.2-4.5": 4_000,
  "4.6-5.11": 4_000,
  "5.12-5.17": 4_000,
  "5.18+": 300,
};

/** Pod addresses that are tried with each boot. */
const HOSTS_TRIED = 4_096;

/** Pod addresses that are tried in all. */
const TRIES_MOST = 400_000;

/** A machine has been up for a day and a part of the next one when a scenario begins. */
const DAY: Micros = 86_400 * SECOND;

/**
 * The smallest case of one pod whose first `failures` probes all take a NodePort as their source port: the first boot and
 * pod address at which the port walk, asked alone, leads there. It is a guess that a simulation has to confirm.
 *
 * @param nodePorts those that count; the others of the case are left out.
 * @returns `undefined` if no boot and address that are tried lead there.
 */
export function aimedCase(one: NodeCase, nodePorts: readonly Port[], failures: number): NodeCase | undefined {
  const lone: NodeCase = { ...one, nodePorts, listeners: one.config.listeners, pods: 1, churn: [], masquerade: "off" };
  const era = caseEra(lone);
  const hosts = Math.min(hostCount(lone.config), HOSTS_TRIED);
  const boots = Math.min(BOOTS_TRIED[era.portWalk], Math.ceil(TRIES_MOST / hosts));
  const wanted = new Uint8Array(65_536);
  for (const port of nodePorts) wanted[port] = 1;
  const source = sourceAddress(lone);
  const values = sysctlValues(lone.config, era);
  const held = new Set(lone.listeners);
  const [low, high] = values.localPortRange;
  const reserved = values.reservedPorts;
  const isUsable = (port: Port): boolean => reserved[port] === 0 && !held.has(port);
  const search: Search = { low, high, isOptionRange: false, stepWidth: 0, isUsable, hashLow: 0, hashHigh: 0 };
  for (let boot = 0; boot < boots; boot += 1) {
    const walker = new LoneWalk(lone, boot);
    for (let host = 1; host <= hosts; host += 1) {
      const address = hostAddress(lone.config, host);
      if (address === undefined) continue;
      const isHit = walker.leadsTo({ source, address, port: lone.probe.port }, search, { wanted, failures });
      if (isHit) return { ...lone, boot, podHost: host, seconds: walker.secondsOf(failures) };
    }
  }
  return undefined;
}

interface Destination {
  readonly source: Ipv4;
  readonly address: Ipv4;
  readonly port: Port;
}

interface Search {
  readonly low: Port;
  readonly high: Port;
  readonly isOptionRange: boolean;
  readonly stepWidth: number;
  readonly isUsable: (port: Port) => boolean;
  hashLow: number;
  hashHigh: number;
}

/** The port walk of one boot, asked by the probes of one pod and by nobody else. */
class LoneWalk {
  readonly #one: NodeCase;
  readonly #hash: KeyedHash;
  readonly #walk;
  readonly #epochs: (time: Micros) => number;
  readonly #phase: Micros;

  constructor(one: NodeCase, boot: number) {
    const era = caseEra(one);
    const random = new RandomStreams(`${boot}`, 0);
    this.#one = one;
    this.#hash = new KeyedHash(random.stream("kernel/ports/boot-secret"));
    this.#walk = createPortWalk(era, new CursorNoise(random.stream("kernel/ports/perturbation")));
    const { kind, periodSeconds } = one.probe;
    this.#phase = random.stream(`kubelet/default/probed-0 probed-0 ${kind}/phase`).below(periodSeconds * SECOND);
    const jiffies = new Jiffies(era, DAY + random.stream("kernel/uptime").below(DAY));
    this.#epochs = (time) => (era.portHashIsResalted ? jiffies.epochAt(time) : 0);
  }

  /** Whether the first probes all take a wanted port. The cursor is put back afterwards. */
  leadsTo(
    { source, address, port }: Destination,
    search: Search,
    { wanted, failures }: { readonly wanted: Uint8Array; readonly failures: number },
  ): boolean {
    const moved: (readonly [row: number, cursor: number])[] = [];
    let isHit = true;
    for (let probe = 0; probe < failures && isHit; probe += 1) {
      const time = this.#phase + probe * this.#one.probe.periodSeconds * SECOND;
      this.#hash.compute(source, address, port, this.#epochs(time));
      search.hashLow = this.#hash.low;
      search.hashHigh = this.#hash.high;
      moved.push([search.hashLow, this.#walk.cursorOf(search.hashLow)]);
      const picked = this.#walk.search(search);
      isHit = picked >= 0 && wanted[picked] === 1;
    }
    for (const [row, cursor] of moved.toReversed()) this.#walk.setCursor(row, cursor);
    return isHit;
  }

  /** Seconds until the last of the probes has failed and the next one has not begun, where the period leaves room for that. */
  secondsOf(failures: number): number {
    const { periodSeconds, timeoutSeconds } = this.#one.probe;
    const last = this.#phase / SECOND + (failures - 1) * periodSeconds;
    return Math.ceil(last + timeoutSeconds + 0.2);
  }
}

/** The address that the node probes its pods from: that of the bridge, or of the first physical interface. */
function sourceAddress({ config }: NodeCase): Ipv4 {
  const { interfaces, podNetwork } = config.network;
  const kind = podNetwork === "bridge" ? "bridge" : "physical";
  return interfaces.find((one) => one.kind === kind)?.addresses[0]?.address ?? 0;
}
