import { describe, expect, it } from "vitest";
import { readCase } from "../../src/conform/case_file.ts";
import { recordingText } from "./recordings.ts";

// Goal: a case whose parts contradict each other is refused before it is replayed.
// Method: one word of a recording is changed.

const C02 = recordingText("6.1/C02.json");
const SETUP = "setup.namespaces.node";

function problems(from: string, to: string): string[] {
  const reading = readCase(
    C02.replace(from, () => to),
    "C02.json",
  );
  return reading.ok ? [] : reading.problems.map(({ field, message }) => `${field}: ${message}`);
}

describe("checkReferences", () => {
  it.each([
    [
      "an interface that is there twice",
      '"name": "nodelocaldns"',
      '"name": "cni0"',
      `${SETUP}.links[2].name: the namespace node has an interface cni0 already`,
    ],
    [
      "a loopback interface of another name",
      '"kind": "dummy", "addresses": ["169.254.20.10/32"]',
      '"kind": "loopback"',
      `${SETUP}.links[2].kind: each namespace has one loopback interface, which is lo`,
    ],
    [
      "a veth whose other end belongs to another one",
      '"peer": ["p2","eth0"]',
      '"peer": ["p1","eth0"]',
      `${SETUP}.links[6].peer: p1/eth0 is no veth whose other end is node/vethp2`,
    ],
    [
      "another end of what is no veth",
      '"kind": "dummy", "addresses": ["169.254.20.10/32"]',
      '"kind": "dummy", "peer": ["p1","eth0"]',
      `${SETUP}.links[2].peer: only a veth has another end`,
    ],
    [
      "ports of what is no bridge",
      '"kind": "dummy", "addresses": ["169.254.20.10/32"]',
      '"kind": "dummy", "ports": ["eth0"]',
      `${SETUP}.links[2].ports: only a bridge has ports`,
    ],
    ["a port that is not there", '"vethp3"]', '"vethp4"]', `${SETUP}.links[1].ports: no interface node/vethp4`],
    ["a port that is no veth", '"vethp3"]', '"kube-ipvs0"]', `${SETUP}.links[1].ports: node/kube-ipvs0 is no veth`],
    [
      "a port that is attached twice",
      '"vethp3"]',
      '"vethp1"]',
      `${SETUP}.links[1].ports: node/vethp1 is the port of a bridge already`,
    ],
    [
      "a MAC address of another interface",
      '"ports": [',
      '"mac_of": "eth0", "ports": [',
      `${SETUP}.links[1].mac_of: no port eth0`,
    ],
    [
      "a route by an interface that is not there",
      '"via":"10.10.85.236"',
      '"dev":"eth1"',
      `${SETUP}.routes[0].dev: no interface node/eth1`,
    ],
    [
      "a route to nowhere",
      ',"via":"10.10.85.236"',
      "",
      `${SETUP}.routes[0]: needs a gateway or an interface (via or dev)`,
    ],
    [
      "a blackhole with a gateway",
      '"via":"10.10.85.236"',
      '"via":"10.10.85.236","type":"blackhole"',
      `${SETUP}.routes[0]: a route of type blackhole leads nowhere: it has neither via nor dev`,
    ],
  ])("reports %s", (_, from, to, expected) => {
    expect(problems(from, to)).toContain(expected);
  });
});
