import { describe, expect, it } from "vitest";
import { createScheduler, type SchedulerName } from "../../../src/kernel/ipvs/schedulers.ts";
import { RealServer, VirtualService } from "../../../src/kernel/ipvs/virtual_service.ts";
import { Packet, Protocol } from "../../../src/kernel/packet.ts";
import { era, ip } from "../../support/small_network.ts";

// Goal: each scheduler chooses as the kernel's does.
// Method: the choices of real kernels (Debian 6.1, servers .141 to .145 added in this order), and the rules by hand.

const VIRTUAL = ip("10.23.77.129");

/** A service whose servers 10.23.77.N:8080 were added one by one. */
function serviceOf(
  name: SchedulerName,
  servers: readonly (readonly [host: number, weight: number])[],
  build = "6.1.176",
): VirtualService {
  const service = new VirtualService(Protocol.TCP, VIRTUAL, 31234, createScheduler(name, era(build)));
  for (const [host, weight] of servers) addServer(service, host, weight);
  return service;
}

function addServer(service: VirtualService, host: number, weight: number): RealServer {
  const server = new RealServer(service, ip(`10.23.77.${host}`), 8080, weight);
  service.servers = [server, ...service.servers];
  service.scheduler.serversChanged(service);
  return server;
}

/** The last byte of the chosen server's address for a connection of this client. */
function choice(service: VirtualService, client = "192.168.50.3"): number | undefined {
  const packet = new Packet(0);
  packet.src = ip(client);
  packet.dst = VIRTUAL;
  const server = service.scheduler.schedule(service, packet);
  return server === undefined ? undefined : server.address & 255;
}

function choices(service: VirtualService, count: number): (number | undefined)[] {
  return Array.from({ length: count }, () => choice(service));
}

/** Gives the servers active and inactive connections, in the kernel's order. */
function load(service: VirtualService, loads: readonly (readonly [active: number, inactive: number])[]): void {
  for (const [index, [active, inactive]] of loads.entries()) {
    const server = service.servers[index];
    if (server === undefined) continue;
    server.active = active;
    server.inactive = inactive;
  }
}

const THREE = [
  [141, 3],
  [142, 1],
  [143, 2],
] as const;
const CLIENTS = ["192.168.50.3", "192.168.50.4", "192.168.50.5"];

describe("rr", () => {
  it("begins with the server added last, and meets a new one at the next lap", () => {
    const service = serviceOf(
      "rr",
      [141, 142, 143, 144].map((host) => [host, 1] as const),
    );
    expect(choices(service, 6)).toEqual([144, 143, 142, 141, 144, 143]);
    addServer(service, 145, 1);
    expect(choices(service, 6)).toEqual([142, 141, 145, 144, 143, 142]);
  });

  it("tells whose turn it is, which stays so until a server is chosen", () => {
    const service = serviceOf("rr", THREE);
    const { scheduler } = service;
    const next = (): RealServer | undefined => scheduler.peek?.(service);
    expect(next()).toBe(service.servers[0]);
    expect(choices(service, 1)).toEqual([143]);
    expect([next(), next()]).toEqual([service.servers[1], service.servers[1]]);
    scheduler.choose?.(service.servers[1]!);
    expect(choices(service, 2)).toEqual([141, 143]);
    for (const server of service.servers) server.weight = 0;
    expect(next()).toBeUndefined();
  });
});

describe("wrr", () => {
  it("tells whose turn it is, which stays so until a server is chosen", () => {
    const [told, plain] = [serviceOf("wrr", THREE), serviceOf("wrr", THREE)];
    const { scheduler } = told;
    const peeked = Array.from({ length: 9 }, () => {
      scheduler.peek?.(told);
      const server = scheduler.peek?.(told);
      scheduler.choose?.(server!);
      return server!.address & 255;
    });
    expect(peeked).toEqual(choices(plain, 9));
  });

  it("begins at weight 1 when servers were added one by one", () => {
    expect(choices(serviceOf("wrr", THREE), 9)).toEqual([143, 142, 141, 141, 143, 141, 143, 142, 141]);
  });
});

describe("wrr of weights with a common divisor", () => {
  it("begins at weight 1, too, and then goes from the greatest weight down by the divisor", () => {
    const service = serviceOf("wrr", [
      [141, 4],
      [142, 2],
    ]);
    expect(choices(service, 7)).toEqual([142, 141, 141, 142, 141, 141, 142]);
  });
});

describe("lc and wlc", () => {
  it("lc takes the least busy server whatever its weight", () => {
    const service = serviceOf("lc", THREE);
    load(service, [
      [1, 0],
      [0, 255],
      [1, 9],
    ]);
    expect(choice(service)).toBe(142);
  });

  it("wlc divides by the weight, and prefers the first of equals", () => {
    const service = serviceOf("wlc", THREE);
    expect(choice(service)).toBe(143);
    load(service, [
      [2, 0],
      [1, 1],
      [2, 0],
    ]);
    expect(choice(service)).toBe(141);
  });

  it.each([
    ["6.1.176", 142],
    ["6.12.117", 143],
  ])("lc of %s counts active connections as that kernel does", (build, expected) => {
    const service = serviceOf("lc", THREE, build);
    load(service, [
      [1, 257],
      [2, 0],
      [9, 0],
    ]);
    expect(choice(service)).toBe(expected);
  });

  it("a server of weight 0 gets nothing", () => {
    for (const name of ["lc", "wlc", "sed", "nq", "fo", "ovf"] as const) {
      const service = serviceOf(name, [
        [141, 0],
        [142, 1],
        [143, 0],
      ]);
      load(service, [
        [0, 0],
        [5, 5],
        [0, 0],
      ]);
      expect([name, choice(service)]).toEqual([name, name === "ovf" ? undefined : 142]);
    }
  });
});

describe("sed and nq", () => {
  it("sed prefers the heavier of two idle servers, nq the first idle one", () => {
    expect(choice(serviceOf("sed", THREE))).toBe(141);
    const service = serviceOf("nq", THREE);
    load(service, [
      [1, 0],
      [0, 0],
      [0, 0],
    ]);
    expect(choice(service)).toBe(142);
  });
});

describe("nq", () => {
  it("calls a server idle that has inactive connections only", () => {
    const service = serviceOf("nq", THREE);
    load(service, [
      [0, 5],
      [0, 0],
      [0, 0],
    ]);
    expect(choice(service)).toBe(143);
  });
});

describe("fo and ovf", () => {
  it("fo takes the heaviest, ovf goes on when that one is busy", () => {
    expect(choice(serviceOf("fo", THREE))).toBe(141);
    const service = serviceOf("ovf", THREE);
    load(service, [
      [0, 0],
      [0, 0],
      [4, 0],
    ]);
    expect(choice(service)).toBe(143);
  });

  it("ovf stays with a server until it has more active connections than its weight", () => {
    const service = serviceOf("ovf", THREE);
    load(service, [
      [0, 0],
      [0, 0],
      [3, 9],
    ]);
    expect(choice(service)).toBe(141);
  });
});

describe("Hashing schedulers", () => {
  it("sh goes by the client's address", () => {
    const service = serviceOf("sh", THREE);
    expect(CLIENTS.map((client) => choice(service, client))).toEqual([143, 141, 141]);
  });

  it("dh goes by the virtual address", () => {
    const service = serviceOf("dh", THREE);
    expect(CLIENTS.map((client) => choice(service, client))).toEqual([143, 143, 143]);
  });

  it("mh goes by the client's address", () => {
    const service = serviceOf("mh", THREE);
    expect(CLIENTS.map((client) => choice(service, client))).toEqual([141, 142, 143]);
  });

  it("mh keeps the places of a server whose weight fell to 0, and gives none", () => {
    const service = serviceOf("mh", THREE);
    service.servers.find(({ weight }) => weight === 3)!.weight = 0;
    service.scheduler.serversChanged(service);
    expect(CLIENTS.map((client) => choice(service, client))).toEqual([undefined, 142, 143]);
  });

  it("without servers there is no choice", () => {
    for (const name of ["sh", "dh", "mh"] as const) expect(choice(serviceOf(name, []))).toBeUndefined();
  });
});
