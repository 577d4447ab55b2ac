import { describe, expect, it } from "vitest";
import { FlowRecorder } from "../../src/cluster/flow_recorder.ts";
import type { DecisionSink } from "../../src/kernel/decisions/decision.ts";
import type { TraceSink } from "../../src/kernel/trace.ts";
import { SECOND, parseIpv4 } from "../../src/units.ts";
import { bootOf, NODE_PORT, smallNode } from "./small_node.ts";

const PODS = `
sysctls: { net.ipv4.ip_local_port_range: ${NODE_PORT} ${NODE_PORT + 1} }
nodeLocalDns: { version: 1.7.0, address: 169.254.20.10, healthPort: 8080 }
pods:
  - { name: default/web, address: 10.23.77.140, listen: [80], readinessProbe: { httpGet: { port: 80 }, periodSeconds: 10 } }
  - { name: default/api, address: 10.23.77.141, listen: [80], readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 3 } }
`;

/** Boots the small node, runs it for 40 s and gives its two fingerprints. */
function fingerprints(trace?: TraceSink): readonly string[] {
  const { loop, node } = bootOf(smallNode(PODS), trace);
  loop.traceEvents();
  node.start();
  loop.runUntil(40 * SECOND);
  return [node.fingerprint.hex(), loop.eventFingerprint()];
}

/** Listens to everything there is. */
class Everything implements TraceSink, DecisionSink {
  readonly decisions: DecisionSink = this;
  packets = 0;
  begun = 0;
  ended = 0;
  packet(): void {
    this.packets += 1;
  }
  wants(): boolean {
    return true;
  }
  begin(): void {
    this.begun += 1;
  }
  end(): void {
    this.ended += 1;
  }
}

describe("FlowRecorder", () => {
  it("leaves the run as it is: with every observer it has the fingerprints of a run with none", () => {
    const everything = new Everything();
    const recorder = new FlowRecorder({ address: parseIpv4("10.23.77.140")!, port: 80, localPorts: [NODE_PORT] });
    recorder.isListening = true;
    const plain = fingerprints();
    expect(fingerprints(everything)).toEqual(plain);
    expect(fingerprints(recorder)).toEqual(plain);
    expect(everything.packets).toBeGreaterThan(100);
    expect(everything.begun).toBeGreaterThan(500);
    expect(everything.ended).toBe(everything.begun);
    expect(recorder.events.length).toBeGreaterThan(20);
  });

  it("follows a connection to where IPVS sends its answer, and keeps others out", () => {
    const recorder = new FlowRecorder({ address: parseIpv4("10.23.77.140")!, port: 80, localPorts: [NODE_PORT] });
    recorder.isListening = true;
    fingerprints(recorder);
    const namespaces = new Set(recorder.events.map((event) => (event.kind === "packet" ? event.netns : "")));
    expect([...namespaces].toSorted((a, b) => (a < b ? -1 : 1))).toEqual(["", "default/web", "network", "node"]);
  });

  it("writes nothing down until it listens", () => {
    const recorder = new FlowRecorder({ address: parseIpv4("10.23.77.140")!, port: 80, localPorts: [NODE_PORT] });
    fingerprints(recorder);
    expect(recorder.events).toEqual([]);
  });
});
