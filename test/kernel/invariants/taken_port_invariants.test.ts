import { describe, expect, it } from "vitest";
import { brokenTakenPorts } from "../../../src/kernel/invariants/taken_port_invariants.ts";
import type { TakenPorts } from "../../../src/kernel/ports/taken_ports.ts";
import { TcpState } from "../../../src/kernel/tcp/tcp_states.ts";
import { Wire } from "../../support/wire.ts";

// Goal: what must hold of the ports that are kept as taken is checked, and each fault is told by what does not hold.
// Method: a host keeps an open connection's port 40000 and a TIME_WAIT entry's port 40002; then one thing is corrupted.

type Fault = readonly [fault: string, said: string, corrupt: (taken: TakenPorts, wire: Wire) => void];

const FAULTS: readonly Fault[] = [
  [
    "no socket has one of them",
    'a taken port has a socket: port 7 towards 192.0.2.2:80 in "host" has none',
    (taken) => taken.add(7, false),
  ],
  [
    "one was not counted",
    'taken ports are counted: 2 towards 192.0.2.2:80 in "host", of 1 ports',
    (taken) => taken.all.clear(40_002),
  ],
  [
    "one is open that is in TIME_WAIT",
    'a taken port is open until its TIME_WAIT: port 40002 towards 192.0.2.2:80 in "host" is open',
    (taken) => taken.open.set(40_002),
  ],
  [
    "one is not open whose socket is",
    'a taken port is open until its TIME_WAIT: port 40000 towards 192.0.2.2:80 in "host" is not open',
    (taken) => taken.open.clear(40_000),
  ],
  [
    "one is open that is not taken",
    'an open port is taken: port 7 towards 192.0.2.2:80 in "host" is not',
    (taken) => taken.open.set(7),
  ],
  [
    "none is left, and the set is",
    'a set of taken ports goes with its last one: that towards 192.0.2.2:443 in "host" has none',
    ({ scope, local, remote }, { tcp }) => tcp.sockets.takenPorts.make({ scope, local, remote, remotePort: 443 }),
  ],
  [
    "there are two sets of one peer",
    'a set of taken ports is found by its peer: that towards 192.0.2.2:80 in "host" is not',
    (taken, { tcp }) => tcp.sockets.takenPorts.make(taken).add(40_002, false),
  ],
];

function keepingHost(): { readonly wire: Wire; readonly taken: TakenPorts } {
  const wire = new Wire({ kernel: "5.4.188", sysctls: { "net.ipv4.ip_local_port_range": "40000 40003" } });
  const { takenPorts } = wire.tcp.sockets;
  takenPorts.patience = 1;
  wire.timeWait(80);
  while (wire.tryConnect(80) === 0);
  const { sockets } = wire.tcp;
  for (let slot = 0; slot < sockets.extent; slot += 1)
    if (sockets.state(slot) === TcpState.SYN_SENT && sockets.localPort(slot) % 2 === 1) wire.tcp.close(slot);
  const [taken] = takenPorts.sets;
  return { wire, taken: taken! };
}

describe("brokenTakenPorts", () => {
  it("finds nothing where ports are kept of an open connection and of a TIME_WAIT entry", () => {
    const { wire, taken } = keepingHost();
    expect([...brokenTakenPorts(wire.machine)]).toEqual([]);
    expect([[...taken.all.ports()], [...taken.open.ports()]]).toEqual([[40_000, 40_002], [40_000]]);
  });

  it.each(FAULTS)("says what does not hold when %s", (_fault, said, corrupt) => {
    const { wire, taken } = keepingHost();
    corrupt(taken, wire);
    expect([...brokenTakenPorts(wire.machine)]).toEqual([said]);
  });
});
