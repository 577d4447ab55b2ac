import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CtTcpState } from "../../src/kernel/conntrack/tcp_state_table.ts";
import { TcpState } from "../../src/kernel/tcp/tcp_states.ts";
import { packPorts } from "../../src/kernel/tuple_index.ts";
import { Protocol } from "../../src/kernel/packet.ts";
import { formatIpv4, SECOND } from "../../src/units.ts";
import { PacketLog } from "../support/packet_log.ts";
import { scenarioOf } from "../scenario/small_scenario.ts";
import { bootOf, type BootedNode } from "./small_node.ts";

// Goal: the pictures of incidents 000 and 002, at one moment: ss shows SYN-SENT, conntrack SYN_RECV, and nobody answers.
// Method: the first boot of the scenario runs until a probe whose source port is a NodePort has been stuck for half a
// second; then its socket and its conntrack entry are read. With and without an answer the pictures are the same: a RST
// of an endpoint comes back to no entry of conntrack, which calls it INVALID.

const TEXT = readFileSync(new URL("../../scenarios/health-checks-silent.yaml", import.meta.url), "utf8");

/** Runs a boot until a client socket of the node has been in SYN_SENT for half a second. @returns its slot. */
function runUntilStuck({ loop, node }: BootedNode): number {
  const { sockets } = node.machine.tcp;
  node.start();
  const since = new Map<number, number>();
  for (let at = SECOND; at < 900 * SECOND; at += SECOND / 100) {
    loop.runUntil(at);
    for (let slot = 0; slot < sockets.extent; slot += 1) {
      if (sockets.scope(slot) !== node.netns.id || sockets.state(slot) !== TcpState.SYN_SENT) since.delete(slot);
      else if (!since.has(slot)) since.set(slot, at);
      else if (at - since.get(slot)! >= SECOND / 2) return slot;
    }
  }
  throw new Error("no probe was stuck");
}

describe.each([
  ["drop", []],
  ["accept", ["R"]],
])("A probe from a NodePort with endpoint hosts that %s INVALID packets", (ctstateInvalid, answers) => {
  const log = new PacketLog();
  const scenario = scenarioOf(TEXT, [`endpointHosts.ctstateInvalid=${ctstateInvalid}`]);
  const booted = bootOf(scenario, log);
  const { node } = booted;
  const slot = runUntilStuck(booted);
  const { sockets } = node.machine.tcp;
  const localPort = sockets.localPort(slot);
  const pod = sockets.remote(slot);

  it("leaves from a port that is a NodePort: 30XXX to 32XXX", () => {
    const nodePorts = node.services.flatMap(({ ports }) => ports.map(({ nodePort }) => nodePort));
    expect(nodePorts).toContain(localPort);
    expect(Math.floor(localPort / 1000)).toBeOneOf([30, 31, 32]);
  });

  it("is at one moment SYN_SENT to the node's socket and SYN_RECV to its conntrack", () => {
    const conntrack = node.netns.conntrack!;
    const entry = conntrack.findNode(sockets.local(slot), pod, packPorts(localPort, 8080), Protocol.TCP);
    expect(entry & 1).toBe(0);
    expect([sockets.state(slot), conntrack.table.state(entry >> 1)]).toEqual([TcpState.SYN_SENT, CtTcpState.SYN_RECV]);
  });

  it("was answered by the pod, whose SYN-ACK went to an endpoint of the Service", () => {
    const { name } = scenario.pods.find(({ address }) => address === pod)!;
    const seen = log.at(`${name}/eth0`).filter(({ way }) => way.includes(`:${localPort}`));
    expect(seen.filter(({ direction }) => direction === "out").map(({ flags }) => flags)).toEqual(["S."]);
    const incoming = seen.filter(({ direction }) => direction === "in").map(({ flags }) => flags);
    expect(incoming).toEqual(["S", ...answers]);
    const away = log.at("node/eth0").filter(({ way, flags }) => flags === "S." && way.startsWith(formatIpv4(pod)));
    expect(away.map(({ way }) => way.split(" > ")[1])).toEqual([expect.stringMatching(/^10\.42\.6\.1[12]:8080$/)]);
  });
});
