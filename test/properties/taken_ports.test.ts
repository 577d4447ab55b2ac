import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { brokenMachines } from "../../src/kernel/invariants/machine_invariants.ts";
import { TcpState } from "../../src/kernel/tcp/tcp_states.ts";
import { parseIpv4 } from "../../src/units.ts";
import { listen, RecordingOwner } from "../support/small_network.ts";
import { HOST, PEER, Wire } from "../support/wire.ts";

// Goal: whether taken ports are kept is told by nothing: every connect gets the same port or error, and has looked at as
// many candidates.
// Method: random scripts of connects, closes, binds, waits and sysctls on two hosts, one of which keeps the ports from the
// first taken tuple on and the other never; the ranges are small, so that most searches pass over some.

const LOOPBACK = parseIpv4("127.0.0.1") ?? 0;
const KERNELS = ["4.1.19", "4.4.11", "5.4.188", "6.18.44"] as const;

type Command =
  | { readonly kind: "connect"; readonly to: number; readonly count: number; readonly own: boolean }
  | { readonly kind: "finish" | "drop" | "reset" | "unbind"; readonly which: number; readonly count: number }
  | { readonly kind: "bind"; readonly port: number; readonly connects: boolean }
  | { readonly kind: "wait"; readonly seconds: number }
  | { readonly kind: "sysctl"; readonly name: string; readonly value: string };

const BASE = 40_000;
const SETTINGS: readonly (readonly [name: string, value: string])[] = [
  ["net.ipv4.tcp_tw_reuse", "0"],
  ["net.ipv4.tcp_tw_reuse", "1"],
  ["net.ipv4.tcp_timestamps", "0"],
  ["net.ipv4.tcp_timestamps", "1"],
  ["net.ipv4.ip_local_reserved_ports", ""],
  ["net.ipv4.ip_local_reserved_ports", "40010-40030,40050"],
  ["net.ipv4.ip_local_port_range", "40000 40079"],
  ["net.ipv4.ip_local_port_range", "40001 40069"],
];
const COMMAND = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record<Command & { kind: "connect" }>({
      kind: fc.constant("connect"),
      to: fc.nat({ max: 3 }),
      count: fc.integer({ min: 1, max: 30 }),
      own: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom("finish" as const, "finish" as const, "drop" as const, "reset" as const, "unbind" as const),
      which: fc.nat(),
      count: fc.integer({ min: 1, max: 20 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("bind" as const),
      port: fc.integer({ min: BASE, max: BASE + 79 }),
      connects: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("wait" as const), seconds: fc.constantFrom(0.1, 0.7, 1.3, 20, 61, 130) }),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(...SETTINGS)
      .map(([name, value]) => ({ kind: "sysctl" as const, name, value }) satisfies Command),
  },
);

/** A host that follows a script and writes down what comes of it. */
class ScriptedHost {
  readonly log: (number | string)[][] = [];
  readonly wire: Wire;
  /** Ports that were kept as taken, at the most. */
  mostKept = 0;
  readonly #bound: number[] = [];
  #now = 0.2;

  constructor(kernel: string, patience: number, reuse: string) {
    const sysctls = { "net.ipv4.ip_local_port_range": "40000 40079", "net.ipv4.tcp_tw_reuse": reuse };
    this.wire = new Wire({ kernel, sysctls });
    this.wire.tcp.sockets.takenPorts.patience = patience;
    const server = new RecordingOwner();
    server.onPeerClosed = (slot) => this.wire.tcp.close(slot);
    listen(this.wire.tcp, this.wire.host, server, 80);
    this.wire.owner.onConnected = (slot) => this.wire.tcp.close(slot);
    this.wire.at(this.#now);
  }

  follow(command: Command): void {
    switch (command.kind) {
      case "connect":
        for (let count = 0; count < command.count; count += 1) this.#connect(command.to, command.own);
        break;
      case "wait":
        this.#now += command.seconds;
        this.wire.at(this.#now);
        break;
      case "sysctl":
        this.wire.set(command.name, command.value);
        break;
      case "bind":
        this.#bind(command.port, command.connects);
        break;
      case "unbind": {
        const slot = this.#bound.splice(command.which % (this.#bound.length + 1), 1)[0];
        if (slot !== undefined) this.wire.tcp.close(slot);
        break;
      }
      default:
        this.#end(command.kind, command.which, command.count);
    }
    let kept = 0;
    for (const { count } of this.wire.tcp.sockets.takenPorts.sets) kept += count;
    this.mostKept = Math.max(this.mostKept, kept);
  }

  /** The rows of all sockets, and what the walk will do next. */
  rows(): string[] {
    const { sockets, timeWaits, ports } = this.wire.tcp;
    timeWaits.expire();
    const rows = [`cursor ${ports.walk.cursorOf(7)}, candidates ${this.wire.host.candidates.sum}`];
    for (let slot = 0; slot < sockets.extent; slot += 1)
      rows.push([slot, sockets.state(slot), sockets.localPort(slot), sockets.remotePort(slot)].join(" "));
    return rows;
  }

  #connect(to: number, hasOwnRange: boolean): void {
    const { tcp, host, owner } = this.wire;
    const slot = tcp.socket(host, owner, 0);
    if (hasOwnRange) this.log.push([tcp.setLocalPortRange(slot, BASE + 5, BASE + 60)]);
    const outcome = tcp.connect(slot, [PEER, PEER, HOST, LOOPBACK][to]!, to === 1 ? 443 : 80);
    const { examined, reusedTimeWait } = tcp.ports.lastSearch;
    this.log.push([outcome, outcome === 0 ? tcp.sockets.localPort(slot) : -1, examined, reusedTimeWait]);
  }

  #bind(port: number, connects: boolean): void {
    const { tcp, host, owner } = this.wire;
    const slot = tcp.socket(host, owner, 0);
    const outcome = tcp.bind(slot, { address: 0, port, hasReuseAddress: connects });
    this.log.push(["bind", outcome]);
    if (outcome < 0) tcp.destroy(slot);
    else if (connects) this.log.push(["connect", tcp.connect(slot, PEER, 80)]);
    else this.#bound.push(slot);
  }

  /** Some half-open connections to the peer come to an end: in TIME_WAIT, by a close, by a RST. */
  #end(how: "finish" | "drop" | "reset", which: number, count: number): void {
    const { tcp } = this.wire;
    const { sockets } = tcp;
    const open: number[] = [];
    for (let slot = 0; slot < sockets.extent; slot += 1)
      if (sockets.state(slot) === TcpState.SYN_SENT && sockets.remote(slot) === PEER) open.push(slot);
    for (const slot of open.slice(which % (open.length + 1)).slice(0, count)) {
      const segment = { sport: sockets.remotePort(slot), dport: sockets.localPort(slot) };
      const ack = (sockets.sndNxt(slot) + 1) | 0;
      if (how === "drop") tcp.close(slot);
      else if (how === "reset") this.wire.inject({ ...segment, flags: "R.", ack: sockets.sndNxt(slot) });
      else {
        this.wire.inject({ ...segment, flags: "S.", seq: 5000, ack: sockets.sndNxt(slot) });
        this.wire.inject({ ...segment, flags: "F.", seq: 5001, ack });
      }
    }
    this.log.push([how, this.wire.count(TcpState.TIME_WAIT)]);
  }
}

describe("A host that keeps taken ports", () => {
  it.each(KERNELS)("is told from one that keeps none by nothing, on %s", (kernel) => {
    fc.assert(
      fc.property(
        fc.array(COMMAND, { minLength: 4, maxLength: 20, size: "max" }),
        fc.constantFrom(1, 1, 4),
        fc.constantFrom("0", "1", "2"),
        (commands, patience, reuse) => {
          const keeper = new ScriptedHost(kernel, patience, reuse);
          const plain = new ScriptedHost(kernel, Infinity, reuse);
          // A range that is full to begin with: the ports that a search does not find are all kept.
          const full: Command = { kind: "connect", to: 0, count: 81, own: false };
          for (const command of [full, ...commands]) {
            keeper.follow(command);
            plain.follow(command);
          }
          expect([...brokenMachines(keeper.wire.machine.group)]).toEqual([]);
          expect(keeper.log).toEqual(plain.log);
          expect(keeper.rows()).toEqual(plain.rows());
          expect([keeper.mostKept >= 70, plain.mostKept]).toEqual([true, 0]);
        },
      ),
      { numRuns: 16 },
    );
  });
});
