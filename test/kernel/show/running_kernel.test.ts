import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Netns } from "../../../src/kernel/netns.ts";
import { parseConntrack } from "../../../src/kernel/show/conntrack_reader.ts";
import { listConntrackRows } from "../../../src/kernel/show/conntrack_rows.ts";
import { showConntrack } from "../../../src/kernel/show/conntrack_text.ts";
import { listIpvsConnectionRows } from "../../../src/kernel/show/ipvs_connection_rows.ts";
import { parseIpvsConnections, showIpvsConnections } from "../../../src/kernel/show/ipvs_connection_text.ts";
import { parseIpvs } from "../../../src/kernel/show/ipvs_reader.ts";
import { listIpvsRows, withoutConnections } from "../../../src/kernel/show/ipvs_rows.ts";
import { parseIpvsSave } from "../../../src/kernel/show/ipvs_save_reader.ts";
import { showIpvs, showIpvsSave } from "../../../src/kernel/show/ipvs_text.ts";
import { listNstatRows, parseNstat, showNstat } from "../../../src/kernel/show/nstat_text.ts";
import { parseSs } from "../../../src/kernel/show/ss_reader.ts";
import { listSsRows } from "../../../src/kernel/show/ss_rows.ts";
import { showSs } from "../../../src/kernel/show/ss_text.ts";
import { TcpState } from "../../../src/kernel/tcp/tcp_states.ts";
import {
  BACKENDS,
  NODE,
  NODE_PORT,
  POD,
  RecordingOwner,
  type SmallNetwork,
  smallNetwork,
} from "../../support/small_network.ts";

// Goal: what the tools show of a kernel at work is read back as the same state, and showing changes nothing.
// Method: random connects, requests and closes in a small network with a NodePort, which the random source ports hit now
// and then; after each run every tool in every namespace. And the picture of the three incidents, literally.

type Step =
  | { readonly kind: "connect"; readonly from: "node" | "pod"; readonly to: number; readonly port: number }
  | { readonly kind: "send" | "close"; readonly which: number }
  | { readonly kind: "wait"; readonly milliseconds: number };

const STEP: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("connect" as const),
    from: fc.constantFrom("node" as const, "pod" as const),
    to: fc.nat({ max: 5 }),
    port: fc.constantFrom(0, 0, NODE_PORT, 40_000, 40_001),
  }),
  fc.record({ kind: fc.constantFrom("send" as const, "close" as const), which: fc.nat({ max: 20 }) }),
  fc.record({ kind: fc.constant("wait" as const), milliseconds: fc.constantFrom(0, 1, 30, 900, 2500, 45_000) }),
);

const DESTINATIONS = [
  [POD, 80],
  [POD, 81],
  [BACKENDS[0], 443],
  [BACKENDS[1], 443],
  [NODE, NODE_PORT],
  [NODE + 100, 5],
] as const;

/** A client whose connections the steps open, use and close. */
class Driver {
  readonly #network: SmallNetwork;
  readonly #owner = new RecordingOwner();
  readonly #open: number[] = [];

  constructor(network: SmallNetwork) {
    this.#network = network;
    this.#owner.onConnected = (slot) => this.#open.push(slot);
  }

  take(step: Step): void {
    const { loop, tcp } = this.#network;
    if (step.kind === "wait") loop.runUntil(loop.now + step.milliseconds * 1000);
    else if (step.kind === "connect") this.#connect(step);
    else {
      const slot = this.#open[step.which];
      if (slot === undefined || tcp.sockets.owner(slot) !== this.#owner) return;
      if (step.kind === "close") tcp.close(slot);
      else if (tcp.sockets.state(slot) === TcpState.ESTABLISHED) tcp.send(slot, 100);
    }
  }

  #connect({ from, to, port }: Extract<Step, { readonly kind: "connect" }>): void {
    const { tcp, node, pod } = this.#network;
    const slot = tcp.socket(from === "node" ? node : pod, this.#owner, 0);
    const isBound = port === 0 || tcp.bind(slot, { address: 0, port, hasReuseAddress: true }) === 0;
    const [address, destination] = DESTINATIONS[to]!;
    if (isBound) tcp.connect(slot, address, destination);
    else tcp.close(slot);
  }
}

function expectReadBack(netns: Netns): void {
  expect(parseSs(showSs(netns, { hasTimers: true }))).toEqual({ rows: listSsRows(netns), problems: [] });
  expect(parseConntrack(showConntrack(netns))).toEqual({ rows: listConntrackRows(netns), problems: [] });
  expect(parseIpvs(showIpvs(netns))).toEqual({ rows: listIpvsRows(netns), problems: [] });
  const saved = withoutConnections(listIpvsRows(netns));
  expect(parseIpvsSave(showIpvsSave(netns))).toEqual({ rows: saved, problems: [] });
  const connections = listIpvsConnectionRows(netns);
  expect(parseIpvsConnections(showIpvsConnections(netns))).toEqual({ rows: connections, problems: [] });
  expect(parseNstat(showNstat(netns.counters))).toEqual({ rows: listNstatRows(netns.counters), problems: [] });
}

describe("The tools on a kernel at work", () => {
  it("show what is read back as the same rows, in every namespace", () => {
    fc.assert(
      fc.property(fc.array(STEP, { maxLength: 40, size: "max" }), (steps) => {
        const network = smallNetwork({ realServers: BACKENDS });
        const driver = new Driver(network);
        for (const step of steps) driver.take(step);
        for (const netns of [network.node, network.pod, ...network.backends]) expectReadBack(netns);
      }),
      { numRuns: 40 },
    );
  });

  it("change nothing by showing", () => {
    fc.assert(
      fc.property(fc.array(STEP, { maxLength: 30, size: "max" }), (steps) => {
        const [shown, plain] = [smallNetwork({ realServers: BACKENDS }), smallNetwork({ realServers: BACKENDS })];
        shown.loop.traceEvents();
        plain.loop.traceEvents();
        const [showing, silent] = [new Driver(shown), new Driver(plain)];
        for (const step of steps) {
          showing.take(step);
          expectReadBack(shown.node);
        }
        for (const step of steps) silent.take(step);
        const end = (network: SmallNetwork): readonly unknown[] => {
          network.loop.runUntil(network.loop.now + 70_000_000);
          return [network.loop.eventFingerprint(), showSs(network.node), Object.entries(network.node.counters)];
        };
        expect(end(shown)).toEqual(end(plain));
      }),
      { numRuns: 15 },
    );
  });
});

describe("A probe from a source port that is a NodePort", () => {
  it("shows as in the incidents: ss SYN-SENT, conntrack SYN_RECV, the pod's port as a client of IPVS", () => {
    const { loop, tcp, node, pod } = smallNetwork({
      realServers: BACKENDS,
      sysctls: { "net.ipv4.ip_local_port_range": `${NODE_PORT} ${NODE_PORT}` },
    });
    loop.runUntil(1_000_000);
    tcp.connect(tcp.socket(node, new RecordingOwner(), 0), POD, 80);
    loop.runUntil(1_600_000);
    expect(showSs(node, { hasTimers: true })).toBe(
      "State    Recv-Q Send-Q Local Address:Port  Peer Address:PortProcess            \n" +
        "SYN-SENT 0      1       10.23.77.129:36704 10.23.77.138:80   timer:(on,400ms,0)\n",
    );
    expect(showConntrack(node)).toContain(
      "tcp      6 59 SYN_RECV src=10.23.77.129 dst=10.23.77.138 sport=36704 dport=80 " +
        "src=10.23.77.138 dst=10.23.77.129 sport=80 dport=36704 mark=0 use=1\n",
    );
    expect(showIpvsConnections(node)).toMatch(
      /^TCP 00:\d\d {2}[A-Z_]+ +10\.23\.77\.138:80 {4}10\.23\.77\.129:36704 10\.23\.77\.14[01]:443$/m,
    );
    expect(parseSs(showSs(pod)).rows.map(({ state }) => state)).toEqual(["LISTEN"]);
  });
});
