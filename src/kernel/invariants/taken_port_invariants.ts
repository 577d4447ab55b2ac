import { formatIpv4 } from "../../units.ts";
import type { Machine } from "../machine.ts";
import type { TakenPorts } from "../ports/taken_ports.ts";
import { TcpState } from "../tcp/tcp_states.ts";
import { packPorts } from "../tuple_index.ts";

/**
 * What does not hold of the ports that a machine keeps as taken, one sentence each: a port stands there only as long as a
 * socket has its tuple, and as an open one only until that socket enters TIME_WAIT. It changes nothing. O(ports kept).
 */
export function* brokenTakenPorts(machine: Machine): Generator<string> {
  const { takenPorts } = machine.tcp.sockets;
  for (const taken of takenPorts.sets) {
    const { scope, local, remote, remotePort } = taken;
    const peer = `towards ${formatIpv4(remote)}:${remotePort} in "${machine.netnsById(scope).name}"`;
    if (takenPorts.find(scope, local, remote, remotePort) !== taken)
      yield `a set of taken ports is found by its peer: that ${peer} is not`;
    if (taken.count === 0) yield `a set of taken ports goes with its last one: that ${peer} has none`;
    yield* brokenSet(machine, taken, peer);
  }
}

function* brokenSet({ tcp: { sockets } }: Machine, taken: TakenPorts, peer: string): Generator<string> {
  const { scope, local, remote, remotePort } = taken;
  const open = new Set(taken.open.ports());
  let count = 0;
  for (const port of taken.all.ports()) {
    count += 1;
    const slot = sockets.index.find(local, remote, packPorts(port, remotePort), scope);
    const isOpen = open.delete(port);
    if (slot < 0) yield `a taken port has a socket: port ${port} ${peer} has none`;
    else if (isOpen !== (sockets.state(slot) !== TcpState.TIME_WAIT))
      yield `a taken port is open until its TIME_WAIT: port ${port} ${peer} is ${isOpen ? "" : "not "}open`;
  }
  for (const port of open) yield `an open port is taken: port ${port} ${peer} is not`;
  if (count !== taken.count) yield `taken ports are counted: ${taken.count} ${peer}, of ${count} ports`;
}
