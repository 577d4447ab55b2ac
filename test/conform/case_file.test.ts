import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCase } from "../../src/conform/case_file.ts";
import { recordingText, RECORDINGS } from "./recordings.ts";

const C02 = recordingText("6.1/C02.json");

function problems(text: string): string[] {
  const reading = readCase(text, "6.1/C02.json");
  return reading.ok ? [] : reading.problems.map(({ file, field, message }) => `${file} ${field}: ${message}`);
}

describe("readCase", () => {
  it.each(RECORDINGS)("reads $file whole", ({ file, text }) => {
    const reading = readCase(text, file);
    expect(reading).toMatchObject({ ok: true, unknownFields: [] });
  });

  it("turns rows of packets into objects by the names of their columns", () => {
    const swapped = C02.replace(
      '"packet_fields": ["t_ms","interface"',
      '"packet_fields": ["interface","t_ms"',
    ).replaceAll(/\[(\d+\.\d+),("\w+\/\w+"),/g, "[$2,$1,");
    const reading = readCase(swapped, "swapped");
    expect(reading.ok && reading.case.observed.packets?.[0]).toEqual({
      kind: "tcp",
      t_ms: 0.431,
      interface: "node/cni0",
      dir: "out",
      src: "10.23.77.129:36704",
      dst: "10.23.77.138:80",
      flags: "S",
      seq: "c0",
      ack: null,
      len: 0,
      ttl: 64,
    });
  });

  it.each([
    [
      "an unknown action",
      '"op": "probe"',
      '"op": "prob"',
      'actions[0].op: "prob" is not one of the kinds that kernel-case/1 knows',
    ],
    [
      "a missing field",
      '"dport": 80, ',
      "",
      "actions[0].dport: Invalid input: expected number, received undefined (missing)",
    ],
    [
      "an address that is none",
      '"src": "10.23.77.129"',
      '"src": "10.23.77.329"',
      "actions[0].src: is not an IPv4 address",
    ],
    ["a namespace that is not there", '"netns": "node"', '"netns": "pod"', 'actions[0].netns: no namespace "pod"'],
    [
      "a veth without its other end",
      '"peer": ["p1","eth0"]',
      '"peer": ["p1","eth1"]',
      "setup.namespaces.node.links[5].peer: no interface p1/eth1",
    ],
    [
      "a packet with a value of the wrong kind",
      '"S","c0",null,0,64]',
      '"S","c0",null,"0",64]',
      "observed.packets[0]: cannot be read: len",
    ],
    [
      "a packet that lacks a value",
      '"S","c0",null,0,64]',
      '"S","c0",null,0]',
      "observed.packets[0]: cannot be read: row of 9 values instead of 10",
    ],
    ["another format", "kernel-case/1", "kernel-case/2", 'format: Invalid input: expected "kernel-case/1"'],
  ])("reports %s with its field", (_, from, to, expected) => {
    expect(problems(C02.replace(from, to))).toEqual([`6.1/C02.json ${expected}`]);
  });

  it("reports an unknown law", () => {
    const text = recordingText("6.1/P01.json").replace('"steps_vary"', '"steps_wander"');
    expect(problems(text)[0]).toMatch(/laws\[3\]\.law: "steps_wander" is not one of the kinds/);
  });

  it.each([
    [
      "a count without end",
      '"count": 1',
      '"count": 9007199254740991',
      "actions[0].count: Too big: expected number to be <=100000",
    ],
    [
      "a time without end",
      '"timeout_ms": 3000',
      '"timeout_ms": 1e300',
      "actions[0].timeout_ms: Too big: expected number to be <=1000000000",
    ],
    [
      "a capture without end",
      '"capture_ms": [0,',
      '"capture_ms": [-1e300,',
      "observed.capture_ms[0]: Too small: expected number to be >=-7200000",
    ],
    [
      "a persistence without end",
      '"persistent_timeout_s": 0',
      '"persistent_timeout_s": 1e300',
      "setup.namespaces.node.ipvs[0].persistent_timeout_s: Too big: expected number to be <=2678400",
    ],
  ])("reports %s, which no run would come to the end of", (_, from, to, expected) => {
    const text = C02.replace('"op": "probe", ', '"op": "probe", "count": 1, ');
    expect(problems(text.replace(from, to))).toEqual([`6.1/C02.json ${expected}`]);
  });

  it("reports actions that are too many together", () => {
    const json: { actions: unknown[] } = JSON.parse(C02);
    const [action] = json.actions;
    const actions = Array.from({ length: 11 }, () => Object.assign({}, action, { count: 100_000 }));
    expect(problems(JSON.stringify({ ...json, actions }))).toEqual([
      "6.1/C02.json actions[10]: makes more than 1000000 connections in all",
    ]);
  });

  it("lists fields that the format does not name, and reads on without them", () => {
    const text = C02.replace('"op": "probe"', '"op": "probe", "colour": "red"').replace(
      '"setup": {',
      '"setup": { "shape": 1,',
    );
    expect(readCase(text, "x")).toMatchObject({ ok: true, unknownFields: ["setup.shape", "actions[0].colour"] });
  });

  it("names an unknown field beside the one that is missing", () => {
    expect(problems(C02.replace('"timeout_ms": 3000', '"timeout": 3000'))).toEqual([
      "6.1/C02.json actions[0].timeout_ms: Invalid input: expected number, received undefined (missing)",
      "6.1/C02.json actions[0].timeout: is not a field that kernel-case/1 knows",
    ]);
  });

  it("reports a file that is cut off, wherever that is", () => {
    fc.assert(
      fc.property(fc.nat(C02.trimEnd().length - 1), (length) => {
        const [problem = ""] = problems(C02.slice(0, length));
        expect(problem).toMatch(/^6\.1\/C02\.json : Cannot read the file as JSON: /);
      }),
    );
  });
});
