import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Errno } from "../../src/kernel/errno.ts";
import { SocketFlag } from "../../src/kernel/tcp/socket_table.ts";
import { TcpState } from "../../src/kernel/tcp/tcp_states.ts";
import { ip } from "../support/small_network.ts";
import { HOST, Wire } from "../support/wire.ts";

// Goal: bind() is refused exactly where some owner of the port, looked at one by one, is in its way, whatever happened
// before: binds, listeners, accepted connections, TIME_WAIT entries, closes.
// Method: random commands on two ports; each bind is compared with a scan over all sockets.

const PORTS = [50_000, 50_001];
const ADDRESSES = [0, HOST, ip("127.0.0.9")];

interface Command {
  readonly kind: "bind" | "listen" | "accept" | "connect" | "close" | "wait";
  readonly port: number;
  readonly address: number;
  readonly reuse: boolean;
  readonly reusePort: boolean;
  readonly which: number;
}

const COMMANDS = fc.array(
  fc.record<Command>({
    kind: fc.constantFrom("bind", "bind", "bind", "listen", "accept", "connect", "close", "wait"),
    port: fc.constantFrom(...PORTS),
    address: fc.constantFrom(...ADDRESSES),
    reuse: fc.boolean(),
    reusePort: fc.boolean(),
    which: fc.nat({ max: 99 }),
  }),
  { minLength: 5, maxLength: 40 },
);

/** The kernel's question to each owner of the port. */
function isInTheWay({ tcp, host }: Wire, { port, address, reuse, reusePort }: Command): boolean {
  const { sockets } = tcp;
  for (let other = 0; other < sockets.extent; other += 1) {
    const isOwner = sockets.scope(other) === host.id && sockets.has(other, SocketFlag.HAS_PORT);
    if (!isOwner || sockets.localPort(other) !== port) continue;
    if (address !== 0 && sockets.local(other) !== 0 && address !== sockets.local(other)) continue;
    if (reusePort && sockets.has(other, SocketFlag.REUSE_PORT)) continue;
    if (reuse && sockets.has(other, SocketFlag.REUSE_ADDRESS) && sockets.state(other) !== TcpState.LISTEN) continue;
    return true;
  }
  return false;
}

/** Runs commands. @returns the binds that went otherwise than the scan says, and how often each way occurred. */
function run(commands: readonly Command[]): {
  readonly wrong: Command[];
  readonly bound: number;
  readonly refused: number;
} {
  const sysctls = { "net.ipv4.ip_local_port_range": `${PORTS[0]} ${PORTS[1]}` };
  const wire = new Wire({ kernel: "6.1", sysctls });
  const { tcp, host, owner } = wire;
  const open: number[] = [];
  const wrong: Command[] = [];
  const counts = { bound: 0, refused: 0 };
  owner.onAccepted = (slot) => open.push(slot);
  for (const [index, command] of commands.entries()) {
    const { kind, port, address, which } = command;
    const client = 30_000 + index;
    if (kind === "bind" || kind === "listen") {
      const slot = tcp.socket(host, owner, 0);
      const expected = isInTheWay(wire, command);
      const outcome = tcp.bind(slot, {
        address,
        port,
        hasReuseAddress: command.reuse,
        hasReusePort: command.reusePort,
      });
      if (expected !== (outcome === -Errno.EADDRINUSE)) wrong.push(command);
      counts[expected ? "refused" : "bound"] += 1;
      if (outcome < 0) tcp.close(slot);
      else open.push(slot);
      if (outcome === 0 && kind === "listen") tcp.listen(slot);
    } else if (kind === "accept") {
      const [synAck] = wire.inject({ sport: client, dport: port, flags: "S", seq: 1000 }).takeSent();
      if (synAck?.flags === "S.")
        wire.inject({ sport: client, dport: port, flags: ".", seq: 1001, ack: synAck.seq + 1 });
    } else if (kind === "connect") wire.tryConnect(80 + (which % 3));
    else if (kind === "close" && open.length > 0) {
      const [slot] = open.splice(which % open.length, 1);
      tcp.close(slot!);
    } else if (kind === "wait") wire.at(index + 1);
  }
  return { wrong, ...counts };
}

describe("bind() beside other owners of the port", () => {
  it("is refused exactly if one of them, asked one by one, is in the way", () => {
    const seen = { bound: 0, refused: 0 };
    fc.assert(
      fc.property(COMMANDS, (commands) => {
        const { wrong, bound, refused } = run(commands);
        seen.bound += bound;
        seen.refused += refused;
        expect(wrong).toEqual([]);
      }),
      { numRuns: 150 },
    );
    expect(Math.min(seen.bound, seen.refused)).toBeGreaterThan(150);
  });
});
