import { describe, expect, it } from "vitest";
import { Errno } from "../../../src/kernel/errno.ts";
import { TakenPortsTable, type TakenPorts } from "../../../src/kernel/ports/taken_ports.ts";
import { TcpState } from "../../../src/kernel/tcp/tcp_states.ts";
import { PEER, Wire } from "../../support/wire.ts";

const FEW = { "net.ipv4.ip_local_port_range": "40000 40029" };
const MANY = { "net.ipv4.ip_local_port_range": "40000 40199" };

function setsOf({ tcp }: Wire): TakenPorts[] {
  return [...tcp.sockets.takenPorts.sets];
}

/** A host that has tried to connect to the peer's port 80 until no port was left. */
function fullHost(sysctls: Readonly<Record<string, string>>): Wire {
  const wire = new Wire({ kernel: "5.4.188", sysctls });
  while (wire.tryConnect(80) === 0);
  return wire;
}

describe("Taken ports", () => {
  it("are not kept where a search meets less than 32 of them", () => {
    expect(setsOf(fullHost(FEW))).toEqual([]);
  });

  it("are kept once a search has met 32 of them, towards that peer alone", () => {
    const wire = fullHost(MANY);
    expect(wire.tryConnect(80)).toBe(-Errno.EADDRNOTAVAIL);
    expect(setsOf(wire)).toMatchObject([{ remote: PEER, remotePort: 80, count: 200 }]);
    expect(wire.tryConnect(443)).toBe(0);
  });

  it("are passed over without a look at any socket, and counted as candidates", () => {
    const wire = fullHost(MANY);
    wire.tryConnect(80);
    let looks = 0;
    const { index } = wire.tcp.sockets;
    const find = index.find.bind(index);
    index.find = (...tuple) => {
      looks += 1;
      return find(...tuple);
    };
    expect(wire.tryConnect(80)).toBe(-Errno.EADDRNOTAVAIL);
    expect(wire.tcp.ports.lastSearch.examined).toBe(200);
    // The first of either parity, and where a scan goes on at the low bound.
    expect(looks).toBeLessThanOrEqual(4);
  });

  it("are given to the next search when their tuple is free", () => {
    const wire = fullHost(MANY);
    wire.tryConnect(80);
    const { sockets } = wire.tcp;
    const slot = sockets.index.find(sockets.local(7), PEER, sockets.ports(7), wire.host.id);
    const port = sockets.localPort(slot);
    wire.tcp.close(slot);
    expect(wire.connect(80).syn.sport).toBe(port);
  });

  it("are asked for one by one where tcp_tw_reuse lets a search take them over, once they are in TIME_WAIT", () => {
    const wire = new Wire({ kernel: "5.4.188", sysctls: { ...FEW, "net.ipv4.tcp_tw_reuse": "1" } });
    wire.tcp.sockets.takenPorts.patience = 1;
    const { slot, syn } = wire.connect(80);
    while (wire.tryConnect(80) === 0);
    expect(setsOf(wire)).toMatchObject([{ count: 30 }]);
    wire.inject({ sport: 80, dport: syn.sport, flags: "S.", seq: 5000, ack: syn.seq + 1 });
    wire.tcp.close(slot);
    wire.inject({ sport: 80, dport: syn.sport, flags: "F.", seq: 5001, ack: syn.seq + 2 });
    expect(wire.at(0.9).tryConnect(80)).toBe(-Errno.EADDRNOTAVAIL);
    expect(wire.at(5).connect(80).syn.sport).toBe(syn.sport);
  });

  it("of one peer are not those of another address, port or namespace", () => {
    const table = new TakenPortsTable();
    table.make({ scope: 1, local: 2, remote: 3, remotePort: 4 });
    expect(table.find(1, 2, 3, 4)?.count).toBe(0);
    // So many of each kind that some stand in the same chain.
    const others = Array.from({ length: 2000 }, (_, index) => index + 5).flatMap((other) => [
      table.find(other, 2, 3, 4),
      table.find(1, other, 3, 4),
      table.find(1, 2, other, 4),
      table.find(1, 2, 3, other),
    ]);
    expect(others.filter((set) => set !== undefined)).toEqual([]);
  });

  it("go with the last of them", () => {
    const wire = fullHost(MANY);
    wire.tryConnect(80);
    for (let slot = 0; slot < wire.tcp.sockets.extent; slot += 1)
      if (wire.tcp.sockets.state(slot) === TcpState.SYN_SENT) wire.tcp.close(slot);
    expect(setsOf(wire)).toEqual([]);
  });

  it("of 256 peers are kept at most: the oldest set goes", () => {
    const table = new TakenPortsTable();
    const peer = (remotePort: number): { scope: number; local: number; remote: number; remotePort: number } => ({
      scope: 1,
      local: 2,
      remote: 3,
      remotePort,
    });
    for (let remotePort = 1; remotePort <= 257; remotePort += 1) table.make(peer(remotePort));
    expect([table.sets.size, table.find(1, 2, 3, 1)]).toEqual([256, undefined]);
    expect([2, 257].map((remotePort) => table.find(1, 2, 3, remotePort)?.remotePort)).toEqual([2, 257]);
  });
});
