import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Flow } from "../../../src/kernel/flow/flow.ts";
import { FlowPath } from "../../../src/kernel/flow/flow_path.ts";
import { OverlapError } from "../../../src/kernel/flow/overlapping_connections.ts";
import { listen, POD, RecordingOwner, type SmallNetwork, smallNetwork } from "../../support/small_network.ts";

// Goal: connections that are carried while others begin or go on do what their packets would do, in the same order.
// Method: clients of several kinds, one of which asks for something, connect to one pod at moments that lie close together.
// What they see, the order of it, and the TIME_WAIT entries are compared with those of a network without a flow path.

const SECOND = 1_000_000;

/** In which no packet of a connection of kind 1 is under way. */
const ANSWER_DELAY = 100;

/** By kind the port that its clients connect to; those of kind 1 ask for something, those of the others are all alike. */
const PORTS = [8080, 8081, 8082, 8083];

class SteadyServer extends RecordingOwner {
  conductOf(): number {
    return 0;
  }
}

/** A client that closes when it has what it wants, and writes down when. */
class LoggingClient extends RecordingOwner {
  readonly #log: (line: string) => void;
  readonly #name: string;

  constructor(name: string, log: (line: string) => void) {
    super();
    this.#name = name;
    this.#log = log;
  }

  done(connectTime: number): void {
    this.#log(`${this.#name} after ${connectTime}`);
  }

  carried(_tag: number, connectTime: number): void {
    this.done(connectTime);
  }
}

class Clients {
  readonly network: SmallNetwork;
  readonly log: string[] = [];
  readonly listeners: readonly number[];
  readonly #flows = PORTS.map((_, kind) => new Flow(kind === 1 ? 100 : 0));
  readonly #handler: number;
  #names = 0;

  constructor(network: SmallNetwork, carriesFlows: boolean) {
    this.network = network;
    const { loop, tcp, pod, machine } = network;
    if (carriesFlows) machine.group.flowPath = new FlowPath(machine.group, loop);
    const server = new SteadyServer();
    server.onPeerClosed = (slot) => tcp.close(slot);
    const answers = loop.handler("test/answers", (slot) => tcp.send(slot, 850));
    loop.letOverlap(answers, "goes on");
    server.onReceived = (slot) => loop.after(ANSWER_DELAY, answers, slot);
    this.listeners = PORTS.map((port) => listen(tcp, pod, server, port));
    this.#handler = loop.handler("test/connects", (kind) => this.#connect(kind));
    loop.letOverlap(this.#handler, "begins");
  }

  get flowPath(): FlowPath | undefined {
    return this.network.machine.group.flowPath;
  }

  /** Lets clients connect at these moments from now, and waits until all is over. */
  connect(begins: readonly { readonly kind: number; readonly at: number }[], wait = SECOND): void {
    const { loop } = this.network;
    for (const { kind, at } of begins) loop.at(loop.now + at, this.#handler, kind);
    loop.runUntil(loop.now + wait);
  }

  /** Lets the flow path learn the first two kinds. */
  learn(): void {
    for (let time = 0; time < 4; time += 1) for (const kind of [0, 1]) this.connect([{ kind, at: 0 }]);
    this.log.length = 0;
  }

  /** The TIME_WAIT entries in the order in which they end. */
  timeWaits(): string[] {
    const { tcp } = this.network;
    this.flowPath?.settle();
    return [...tcp.timeWaits.slots()].map(
      (slot) => `${tcp.sockets.localPort(slot)} ${tcp.sockets.remotePort(slot)} ${tcp.sockets.due(slot)}`,
    );
  }

  #connect(kind: number): void {
    const { loop, tcp, node } = this.network;
    this.#names += 1;
    const name = `${this.#names} (${kind})`;
    const begin = loop.now;
    const flow = this.#flows[kind]!;
    const owner = new LoggingClient(name, (line) => this.log.push(`${loop.now}: ${line}`));
    let connectTime = 0;
    const finish = (slot: number): void => {
      tcp.close(slot);
      flow.watch?.finish(loop.now, connectTime);
      owner.done(connectTime);
    };
    owner.onConnected = (slot) => {
      connectTime = loop.now - begin;
      if (kind === 1) tcp.send(slot, 100);
      else finish(slot);
    };
    owner.onReceived = finish;
    if (this.flowPath?.carry(flow) === true) owner.done(flow.connectTime);
    else tcp.connect(tcp.socket(node, owner, 0), POD, PORTS[kind]!, flow);
  }
}

function both(begins: readonly { readonly kind: number; readonly at: number }[]): {
  readonly packets: Clients;
  readonly flows: Clients;
} {
  const [packets, flows] = [false, true].map((carriesFlows) => new Clients(smallNetwork(), carriesFlows));
  for (const clients of [packets!, flows!]) {
    clients.learn();
    clients.connect(begins);
  }
  return { packets: packets!, flows: flows! };
}

describe("OverlappingConnections", () => {
  it("carries connections that begin while another one goes on", () => {
    const { packets, flows } = both([
      { kind: 0, at: 0 },
      { kind: 1, at: 20 },
      { kind: 0, at: 45 },
    ]);
    expect(flows.flowPath?.overlapped).toBe(3);
    expect(flows.log).toEqual(packets.log);
    expect(flows.timeWaits()).toEqual(packets.timeWaits());
  });

  it("does what packets do, in their order, whenever connections begin", () => {
    const begin = fc.record({ kind: fc.nat(3), at: fc.nat(1000) });
    let overlapped = 0;
    fc.assert(
      fc.property(fc.array(begin, { minLength: 2, maxLength: 24, size: "max" }), (begins) => {
        const { packets, flows } = both(begins);
        overlapped += flows.flowPath!.overlapped;
        expect(flows.log).toEqual(packets.log);
        expect(flows.timeWaits()).toEqual(packets.timeWaits());
        expect(flows.network.node.counters).toEqual(packets.network.node.counters);
        expect(flows.network.pod.counters).toEqual(packets.network.pod.counters);
        expect(flows.network.loop.fired).toBe(packets.network.loop.fired);
      }),
      { numRuns: 60 },
    );
    expect(overlapped).toBeGreaterThan(200);
  });

  it("learns from a connection of a known shape beside which others are carried", () => {
    const { packets, flows } = both([
      { kind: 2, at: 0 },
      { kind: 0, at: 20 },
      { kind: 1, at: 30 },
    ]);
    const before = flows.flowPath!;
    expect([before.carried, before.overlapped]).toEqual([4, 2]);
    for (const clients of [packets, flows]) clients.connect([{ kind: 2, at: 0 }]);
    expect(flows.flowPath?.carried).toBe(5);
    expect(flows.log).toEqual(packets.log);
    expect(flows.timeWaits()).toEqual(packets.timeWaits());
  });

  it("learns nothing from one that begins while another one, packet by packet, waits for its answer", () => {
    const [packets, flows] = [false, true].map((carriesFlows) => new Clients(smallNetwork(), carriesFlows));
    for (const clients of [packets!, flows!]) {
      // None is known, and each time the second begins in the same place.
      for (let time = 0; time < 6; time += 1) {
        clients.connect([
          { kind: 1, at: 0 },
          { kind: 0, at: 130 },
        ]);
      }
      clients.timeWaits();
    }
    expect(flows!.flowPath?.carried).toBe(0);
    expect(flows!.network.node.counters).toEqual(packets!.network.node.counters);
  });

  const TOGETHER = [
    { kind: 2, at: 0 },
    { kind: 3, at: 20 },
  ];

  it("learns from one beside which another always sends packets, if such are known", () => {
    const [packets, flows] = [false, true].map((carriesFlows) => {
      const clients = new Clients(smallNetwork(), carriesFlows);
      clients.learn();
      for (let time = 0; time < 30; time += 1) clients.connect(TOGETHER);
      return clients;
    });
    // All but one of the one kind and two of the other, and the six that were learnt from before.
    expect(flows!.flowPath?.carried).toBe(2 * 4 + 2 * 30 - 6 - 3);
    expect(flows!.log).toEqual(packets!.log);
    expect(flows!.timeWaits()).toEqual(packets!.timeWaits());
    for (const side of ["node", "pod"] as const)
      expect(flows!.network[side].counters).toEqual(packets!.network[side].counters);
  });

  it("learns nothing from such a pair as long as none are known, and goes on trying", () => {
    const clients = new Clients(smallNetwork(), true);
    for (let time = 0; time < 30; time += 1) clients.connect(TOGETHER);
    expect(clients.flowPath?.carried).toBe(0);
    for (let time = 0; time < 4; time += 1) clients.connect([{ kind: 2, at: 0 }]);
    expect(clients.flowPath?.carried).toBe(1);
  });

  it("has room for all that begin before the first one is over", () => {
    const { packets, flows } = both(Array.from({ length: 50 }, (_, at) => ({ kind: at % 2, at })));
    expect(flows.flowPath?.overlapped).toBe(50);
    expect(flows.log).toEqual(packets.log);
    expect(flows.timeWaits()).toEqual(packets.timeWaits());
  });

  it("has each connection's port taken from its begin on", () => {
    const { flows } = both([
      { kind: 0, at: 0 },
      { kind: 0, at: 1 },
    ]);
    expect(new Set(flows.timeWaits().map((line) => line.split(" ")[0])).size).toBe(10);
  });

  it("cannot be settled while one is under way", () => {
    const clients = new Clients(smallNetwork(), true);
    clients.learn();
    const { loop } = clients.network;
    const settles = loop.handler("test/settles", () => clients.flowPath?.settle());
    // Only who reads no table may be let overlap.
    loop.letOverlap(settles, "goes on");
    loop.at(loop.now + 15, settles, 0);
    expect(() => clients.connect([{ kind: 0, at: 0 }])).toThrow("tables are read when no connection is being carried");
  });

  it.each([
    {
      what: "a sysctl changes",
      change: ({ network }: Clients) => network.node.sysctls.set("net.ipv4.tcp_fin_timeout", "30"),
    },
    {
      what: "the server ceases to listen",
      change: ({ network, listeners }: Clients) => network.tcp.close(listeners[0]!),
    },
  ])("says that packets are to be sent when $what meanwhile", ({ change }) => {
    const clients = new Clients(smallNetwork(), true);
    clients.learn();
    const { loop } = clients.network;
    const changes = loop.handler("test/changes", () => change(clients));
    loop.letOverlap(changes, "goes on");
    loop.at(loop.now + 15, changes, 0);
    expect(() => clients.connect([{ kind: 0, at: 0 }])).toThrow(OverlapError);
  });

  it("goes on when another server ceases to listen", () => {
    const clients = new Clients(smallNetwork(), true);
    clients.learn();
    const { loop, tcp } = clients.network;
    const changes = loop.handler("test/changes", () => tcp.close(clients.listeners[1]!));
    loop.letOverlap(changes, "goes on");
    loop.at(loop.now + 15, changes, 0);
    clients.connect([{ kind: 0, at: 0 }]);
    expect([clients.flowPath?.overlapped, clients.log.length]).toEqual([1, 1]);
  });

  it("leaves connections to their packets that begin while the table of conntrack is nearly full", () => {
    const sysctls = { "net.netfilter.nf_conntrack_max": "260" };
    const clients = new Clients(smallNetwork({ sysctls }), true);
    clients.learn();
    clients.connect([
      { kind: 0, at: 0 },
      { kind: 0, at: 5 },
    ]);
    expect(clients.flowPath?.overlapped).toBe(0);
  });
});
