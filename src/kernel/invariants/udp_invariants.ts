import type { Machine } from "../machine.ts";
import type { UdpSocket } from "../udp/udp_socket.ts";

/**
 * What does not hold of a machine's UDP sockets, one sentence each: a socket stands in the table once, under its own
 * namespace and port, and shares them only where SO_REUSEADDR or another address lets it. It changes nothing.
 */
export function* brokenUdpSockets({ udp }: Machine): Generator<string> {
  const seen = new Map<number, UdpSocket[]>();
  for (const { netns, port, socket } of udp.entries()) {
    const what = `the socket on port ${port} of "${socket.netns.name}"`;
    if (socket.netns.id !== netns || socket.localPort !== port)
      yield `a UDP socket stands under its own port: ${what} has port ${socket.localPort}`;
    const key = netns * 65536 + port;
    const others = seen.get(key) ?? [];
    seen.set(key, [...others, socket]);
    for (const other of others) {
      if (other === socket) yield `a UDP socket stands in the table once: ${what} does twice`;
      const isSameAddress = other.local === socket.local || other.local === 0 || socket.local === 0;
      // A socket that was bound to any address and then connected has got its address afterwards.
      const mayShare =
        (other.hasReuseAddress && socket.hasReuseAddress) || other.remote !== undefined || socket.remote !== undefined;
      if (other !== socket && isSameAddress && !mayShare)
        yield `two UDP sockets share a port with SO_REUSEADDR only: ${what} does without`;
    }
  }
}
