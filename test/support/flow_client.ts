import { Flow } from "../../src/kernel/flow/flow.ts";
import { FlowPath } from "../../src/kernel/flow/flow_path.ts";
import type { SocketOwner } from "../../src/kernel/tcp/socket_owner.ts";
import type { Ipv4, Port } from "../../src/units.ts";
import { listen, POD, RecordingOwner, type SmallNetwork } from "./small_network.ts";

/** Where the server of a `FlowClient` listens on the pod. */
export const FLOW_PORT = 8080;

const SECOND = 1_000_000;

/** Closes what its peer has closed, and says so beforehand. */
class PlainServer extends RecordingOwner {
  conducted = 0;

  constructor(network: SmallNetwork) {
    super();
    this.onPeerClosed = (slot) => network.tcp.close(slot);
  }

  conductOf(): number {
    return -1;
  }

  nextConductOf(): number {
    return 0;
  }

  hasConducted(): void {
    this.conducted += 1;
  }
}

/** Where a `FlowClient` connects to. */
export interface FlowDestination {
  readonly address: Ipv4;
  readonly port: Port;
}

/** A client on the node that connects to a pod again and again and closes at once; the server closes in turn. */
export class FlowClient {
  readonly flow = new Flow(0);
  readonly server: PlainServer;
  readonly listener: number;
  readonly #network: SmallNetwork;
  readonly #to: FlowDestination;

  /**
   * @param mayCarry lets the network have a flow path.
   * @param to the server itself if left out.
   */
  constructor(network: SmallNetwork, mayCarry = true, to: FlowDestination = { address: POD, port: FLOW_PORT }) {
    this.#network = network;
    this.#to = to;
    if (mayCarry) network.machine.group.flowPath = new FlowPath(network.machine.group, network.loop);
    this.server = new PlainServer(network);
    this.listener = listen(network.tcp, network.pod, this.server, FLOW_PORT);
  }

  /** Connects so many times, `every` microseconds, and waits as long again. @returns how many of them were carried. */
  connect(times: number, every = SECOND): number {
    const { loop, tcp, node } = this.#network;
    let carried = 0;
    const begins = loop.handler("test/connects", () => {
      const begin = loop.now;
      const owner: SocketOwner = new ClosingClient((slot) => {
        tcp.close(slot);
        this.flow.watch?.finish(loop.now, loop.now - begin);
      });
      if (node.machine.group.flowPath?.carry(this.flow) === true) carried += 1;
      else tcp.connect(tcp.socket(node, owner, 0), this.#to.address, this.#to.port, this.flow);
    });
    const start = loop.now;
    for (let time = 1; time <= times; time += 1) loop.at(start + time * every, begins, 0);
    loop.runUntil(start + (times + 1) * every);
    return carried;
  }
}

class ClosingClient extends RecordingOwner {
  constructor(close: (slot: number) => void) {
    super();
    this.onConnected = close;
  }
}
