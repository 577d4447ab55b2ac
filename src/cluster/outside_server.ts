import type { Netns } from "../kernel/netns.ts";
import type { ChurnOptions } from "./options.ts";
import { Server } from "./server.ts";

const RESPONSE_BYTES = 850;

/** Runs the server of an agent's connections on a host outside the nodes, if `network` has the address they go to. */
export function serveOutside(network: Netns, { to, closes }: ChurnOptions): void {
  if (!network.hasAddress(to.address)) return;
  const server = new Server(network.machine, `network/${to.port}`, {
    responseDelay: 0,
    responseBytes: RESPONSE_BYTES,
    waitsForClientShare: closes === "server" ? 0 : 1,
  });
  server.listen(network, to.address, to.port);
}
