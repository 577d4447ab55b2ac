import { describe, expect, it } from "vitest";
import { readCase } from "../../src/conform/case_file.ts";
import type { KernelCase } from "../../src/conform/case_file.ts";
import type { Observation } from "../../src/conform/observation.ts";
import { runCase } from "../../src/conform/run_case.ts";
import { recordingText } from "./recordings.ts";

// Goal: the runner performs actions as the description of kernel-case/1 says, also those that no recording here has.
// Method: the setup of a recording with other actions; what the run yields is looked at directly.

const POD: readonly [string, number] = ["10.23.77.138", 80];
const CLOSED: readonly [string, number] = ["10.23.77.138", 81];

interface Change {
  readonly actions: readonly object[];
  /** Fields of the server of p1. */
  readonly server?: object;
  /** Fields of `observed`; packets are recorded unless they are `undefined` here. */
  readonly observed?: object;
}

/** The case C02 with other actions. */
function caseWith({ actions, server = {}, observed = {} }: Change): KernelCase {
  const text: unknown = JSON.parse(recordingText("6.1/C02.json"), (key, value: unknown) => {
    if (key === "actions") return actions;
    if (key === "observed") return { packets: [], capture_ms: [0, 500], ...observed };
    if (key !== "p1" || typeof value !== "object" || value === null || !("listeners" in value)) return value;
    const listener = { address: POD[0], port: POD[1], close: "client-first", backlog: 8, ...server };
    return { ...value, listeners: [listener] };
  });
  const reading = readCase(JSON.stringify(text), "changed");
  if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
  return reading.case;
}

function observe(change: Change): Observation {
  const outcome = runCase(caseWith(change), { seed: "actions" });
  if (!outcome.ok) throw new Error(outcome.reason);
  return outcome.observation;
}

const connect = { op: "connect", netns: "node", to: [POD], close: "keep", group: "g" };
const probe = { op: "probe", netns: "node", dst: POD[0], dport: POD[1], timeout_ms: 1000, close: "fin" };

/** The flags of what p1 sends, one word a packet. */
function flagsOfPod({ packets }: Observation): string {
  const sent = packets.filter((packet) => packet.interface === "p1/eth0" && packet.dir === "out");
  return sent.map((packet) => (packet.kind === "tcp" ? packet.flags : "icmp")).join(" ");
}

describe("probe", () => {
  it.each([
    [{ request_bytes: 46 }, {}, "http 200"],
    [{ request_bytes: 0 }, {}, "connected"],
    [{ request_bytes: 46 }, { close: "never-answers" }, "timeout in reading"],
    [{ request_bytes: 46 }, { close: "server-first" }, "http 200"],
    [{ dport: 81 }, {}, "connect ECONNREFUSED"],
    [{ dst: "10.99.99.99" }, {}, "connect ENETUNREACH"],
    [{ src: "10.1.1.1", sport: 5000 }, {}, "bind EADDRNOTAVAIL"],
  ])("%o at a server %o ends with %s", (fields, server, result) => {
    const { results } = observe({ actions: [{ at_ms: 1, ...probe, ...fields }], server });
    expect(results.map((one) => one.result)).toEqual([result]);
  });

  it("counts its timeout from called_at_ms", () => {
    const late = { at_ms: 50, called_at_ms: 10, ...probe, timeout_ms: 100, request_bytes: 9 };
    const { results } = observe({ actions: [late], server: { close: "never-answers" } });
    expect(results.map(({ at }) => at)).toEqual([110_000]);
  });

  it("closes by RST, or leaves the socket to send", () => {
    const kept = { at_ms: 1, ...probe, close: "keep" };
    const send = { at_ms: 100, op: "send", action: 0, request_bytes: 27, timeout_ms: 50 };
    const observation = observe({ actions: [kept, send, { at_ms: 200, op: "close", action: 0 }] });
    expect(observation.results.map(({ result, closedAt }) => [result, closedAt])).toEqual([
      ["connected", undefined],
      ["http 200", undefined],
    ]);
    expect(flagsOfPod(observation)).toBe("S. . P. F.");
    expect(flagsOfPod(observe({ actions: [{ at_ms: 1, ...probe, close: "rst" }] }))).toBe("S.");
  });
});

describe("connect", () => {
  it("lists what the calls returned where packets were recorded, and ports where none were", () => {
    const actions = [{ ...connect, to: [POD, CLOSED], count: 2 }];
    expect(observe({ actions }).groups.get("g")).toEqual(["connected", "ECONNREFUSED"]);
    const ports = observe({ actions, observed: { packets: undefined, groups: { g: [1, 2] } } }).groups.get("g");
    expect(ports).toEqual([expect.any(Number), "ECONNREFUSED"]);
  });

  it("pauses after each, and otherwise after those that failed", () => {
    const many = { ...connect, to: [POD, CLOSED], count: 4, gap_ms: 10, gap_after_error_ms: 70 };
    const times = observe({ actions: [many] }).connectTimes.get("g") ?? [];
    const gaps = times.slice(1).map((time, index) => Math.round((time - (times[index] ?? 0)) / 1000));
    expect(gaps).toEqual([10, 70, 10]);
  });

  it("repeats until one succeeds, and tells the seconds since the mark", () => {
    const actions = [
      { at_ms: 100, op: "wait", ms: 0, mark_start: true },
      { ...connect, to: [CLOSED], gap_after_error_ms: 10, until_success: "took" },
      { at_ms: 355, op: "listen", netns: "p1", address: CLOSED[0], port: CLOSED[1], close: "client-first" },
    ];
    expect(observe({ actions }).groups.get("took")).toEqual([expect.closeTo(0.26, 1)]);
  });

  it("does not wait with a timeout of 0, and closes all kept sockets by RST on release", () => {
    const actions = [
      { at_ms: 1, ...connect, timeout_ms: 0, on_timeout: "keep" },
      { at_ms: 2, op: "release" },
    ];
    const { packets } = observe({ actions });
    const resets = packets.filter((packet) => packet.kind === "tcp" && packet.flags === "R.");
    expect(resets.map((packet) => `${packet.interface} ${packet.dir}`)).toContain("p1/eth0 in");
  });

  it("takes its port from IP_LOCAL_PORT_RANGE, or says that the kernel has no such option", () => {
    const actions = [{ ...connect, count: 3, local_port_range: "40000 40005" }];
    const observed = { packets: undefined, groups: { g: [1, 2, 3] } };
    const ports = observe({ actions, observed }).groups.get("g") ?? [];
    expect(ports.map(Number).toSorted((a, b) => a - b)).toEqual([40000, 40002, 40004]);
    const kernelCase = caseWith({ actions, observed });
    const old = runCase({ ...kernelCase, kernel: { ...kernelCase.kernel, release: "5.10.262" } });
    expect(old.ok && old.observation.groups.get("g")?.[0]).toBe("setsockopt ENOPROTOOPT");
  });
});

describe("close", () => {
  const watched = { socket_state_fields: ["t_s", "state", "left_s"], socket_states: { w: [[0.7, null, null]] } };

  it("with SO_LINGER of 1 s returns as soon as the FIN is acknowledged, and TIME_WAIT still lasts 60 s", () => {
    const actions = [{ at_ms: 1, ...connect, close: "fin", linger: [1, 1], watch: "w" }];
    const { socketStates, closeTook } = observe({ actions, observed: watched });
    expect(socketStates.get("w")?.map(({ state }) => state)).toEqual(["FIN-WAIT-1", "TIME-WAIT"]);
    expect(socketStates.get("w")?.at(-1)?.left).toBeGreaterThan(59_900_000);
    expect(closeTook.get("w")).toBeLessThan(10_000);
  });

  it("with SO_LINGER of 0 s aborts", () => {
    const actions = [{ at_ms: 1, ...connect, close: "fin", linger: [1, 0], watch: "w" }];
    expect(observe({ actions, observed: watched }).socketStates.get("w")).toMatchObject([{ state: null }]);
  });

  it("of the server's side closes the accepted connection first", () => {
    const actions = [
      { at_ms: 1, ...connect },
      { at_ms: 100, op: "close", action: 0, side: "server" },
      { at_ms: 300, op: "close", action: 0, watch: "w" },
    ];
    const observation = observe({ actions, server: { close: "by action" }, observed: watched });
    expect(observation.socketStates.get("w")?.map(({ state }) => state)).toEqual(["LAST-ACK", null]);
    expect(flagsOfPod(observation)).toBe("S. F. .");
  });
});

describe("hold", () => {
  const range = { op: "sysctl", netns: "node", set: { "net.ipv4.ip_local_port_range": "40000 40003" } };
  const fill = { ...connect, count: 5, to: [["10.23.77.138", 80]] };
  const observed = { packets: undefined, groups: { g: [1, 2, 3, 4, 5] } };
  const held = (hold: object): readonly (number | string)[] =>
    observe({ actions: [range, { op: "hold", id: "h", netns: "node", ...hold }, fill], observed }).groups.get("g") ??
    [];

  it.each([
    ["a listener", { bind: { address: "0.0.0.0", port: 40002 }, listen: true }, false],
    ["a bound socket on another address", { bind: { address: "127.0.0.1", port: 40002 } }, false],
    ["a UDP socket", { bind: { address: "0.0.0.0", port: 40002 }, protocol: "udp" }, true],
  ])("%s on a port: connect() may use it is %s", (_, hold, mayUse) => {
    expect(held(hold).includes(40002)).toBe(mayUse);
  });

  it("ends with its close", () => {
    const hold = { op: "hold", id: "h", netns: "node", bind: { address: "0.0.0.0", port: 40002 } };
    const actions = [range, hold, { op: "close", id: "h" }, fill];
    expect(observe({ actions, observed }).groups.get("g")?.slice(0, 4)).toContain(40002);
  });
});

describe("The other actions", () => {
  it("begin at their time, or when the one before has ended", () => {
    const actions = [{ at_ms: 20, ...probe }, { op: "wait", ms: 30 }, { ...probe }, { at_ms: 200, ...probe }];
    const begun = observe({ actions }).results.map(({ connectedAt }) => Math.round((connectedAt ?? 0) / 1000));
    expect(begun).toEqual([20, 50, 200]);
  });

  it("count from the first action that has a time where no packets were recorded", () => {
    const actions = [
      { op: "wait", ms: 500 },
      { at_ms: 3, ...probe },
      { at_ms: 40, ...probe },
    ];
    const { results } = observe({ actions, observed: { packets: undefined } });
    expect(results.map(({ connectedAt }) => Math.round((connectedAt ?? 0) / 1000))).toEqual([3, 40]);
  });

  it("change virtual services: a probe from a NodePort succeeds once the service is deleted", () => {
    const collide = { ...probe, src: "10.23.77.129", sport: 36704, timeout_ms: 300, so_reuseaddr: true };
    const place = { protocol: "tcp", address: "10.23.77.129", port: 36704 };
    const service = { ...place, scheduler: "rr", persistent_timeout_s: 0, real_servers: [] };
    const actions = [
      { at_ms: 1, ...collide },
      { op: "ipvs_delete_service", netns: "node", ...place },
      { at_ms: 400, ...collide },
      { at_ms: 700, op: "ipvs_add", netns: "node", services: [service] },
      { at_ms: 701, ...collide, sport: 36705 },
      { at_ms: 800, op: "ipvs_clear", netns: "node" },
    ];
    const observation = observe({ actions });
    expect(observation.results.map(({ result }) => result)).toEqual(["timeout in connect", "connected", "connected"]);
  });

  it("refuse what the model lacks, also in the middle of a run", () => {
    const service = { protocol: "tcp", address: "10.23.77.129", port: 99, scheduler: "lblc", real_servers: [] };
    const actions = [{ at_ms: 5, op: "ipvs_add", netns: "node", services: [service] }];
    const reason = "the IPVS scheduler lblc is not modelled";
    expect(runCase(caseWith({ actions }))).toEqual({ ok: false, reason });
  });
});
