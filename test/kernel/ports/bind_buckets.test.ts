import { describe, expect, it } from "vitest";
import { Errno } from "../../../src/kernel/errno.ts";
import { listen, ip, RecordingOwner } from "../../support/small_network.ts";
import { HOST, Wire, type WireOptions } from "../../support/wire.ts";

// Goal: which owners of a port keep connect() from it. Method: a range of one port, so that connect() says it aloud.

const PORT = 50000;

function onePort(options: WireOptions = {}): Wire {
  return new Wire({ ...options, sysctls: { "net.ipv4.ip_local_port_range": `${PORT} ${PORT}`, ...options.sysctls } });
}

/** Binds a socket. @returns the slot or the errno. */
function bind(wire: Wire, address: number, hasReuseAddress = false): number {
  const slot = wire.tcp.socket(wire.host, wire.owner, 0);
  const outcome = wire.tcp.bind(slot, { address, port: PORT, hasReuseAddress });
  return outcome < 0 ? outcome : slot;
}

const OTHER = ip("127.0.0.9");

describe("listen() on sockets that share a port by SO_REUSEADDR", () => {
  it("goes through for the first alone, and for another one when that has closed", () => {
    const wire = onePort();
    const [first, second] = [bind(wire, 0, true), bind(wire, 0, true)];
    expect([wire.tcp.listen(first), wire.tcp.listen(second)]).toEqual([0, -Errno.EADDRINUSE]);
    wire.tcp.close(first);
    expect(wire.tcp.listen(second)).toBe(0);
  });

  it("goes through for both on disjoint addresses", () => {
    const wire = onePort();
    expect([HOST, OTHER].map((address) => wire.tcp.listen(bind(wire, address, true)))).toEqual([0, 0]);
  });
});

describe("A bind bucket", () => {
  it.each(["3.10.108", "4.4.11", "5.4.188", "5.15.24", "6.1", "6.18.44"])(
    "that bind() or listen() owns on any address is closed to connect() on %s",
    (kernel) => {
      for (const address of [0, HOST, OTHER]) {
        const wire = onePort({ kernel });
        const slot = bind(wire, address);
        expect(wire.tryConnect(80)).toBe(-Errno.EADDRNOTAVAIL);
        wire.tcp.close(slot);
        expect(wire.tryConnect(80)).toBe(0);
      }
      const wire = onePort({ kernel });
      const listener = listen(wire.tcp, wire.host, wire.owner, PORT);
      expect(wire.tryConnect(80)).toBe(-Errno.EADDRNOTAVAIL);
      wire.tcp.close(listener);
      expect(wire.tryConnect(80)).toBe(0);
    },
  );

  it("of another namespace does not count", () => {
    const wire = onePort();
    const other = wire.machine.createNetns("other");
    listen(wire.tcp, other, wire.owner, PORT);
    expect(wire.tryConnect(80)).toBe(0);
  });

  it("that connections own serves other destinations", () => {
    const wire = onePort();
    expect([wire.tryConnect(80), wire.tryConnect(81), wire.tryConnect(80, ip("203.0.113.9"))]).toEqual([0, 0, 0]);
    expect(wire.tryConnect(80)).toBe(-Errno.EADDRNOTAVAIL);
    expect([wire.host.ports.inUse, wire.host.ports.owners(PORT)]).toEqual([1, 3]);
  });

  it("that a connection and a bind on a disjoint address own is closed, until 6.17 for as long as it exists", () => {
    const reopened = (kernel: string): number[] => {
      const wire = onePort({ kernel });
      expect(wire.tryConnect(80)).toBe(0);
      const slot = bind(wire, OTHER);
      const closed = wire.tryConnect(81);
      wire.tcp.close(slot);
      return [closed, wire.tryConnect(82)];
    };
    const refused = -Errno.EADDRNOTAVAIL;
    expect(reopened("6.17")).toEqual([refused, refused]);
    expect(reopened("5.4.188")).toEqual([refused, refused]);
    expect(reopened("6.18.44")).toEqual([refused, 0]);
  });

  it.each(["6.17", "6.18.44"])(
    "of a listener that has gone stays closed while an accepted connection lives on %s",
    (kernel) => {
      const wire = onePort({ kernel });
      const listener = listen(wire.tcp, wire.host, wire.owner, PORT);
      const [synAck] = wire.inject({ sport: 40000, dport: PORT, flags: "S", seq: 1 }).takeSent();
      wire.inject({ sport: 40000, dport: PORT, flags: ".", seq: 2, ack: synAck!.seq + 1 });
      expect(wire.owner.lines).toEqual(["accepted"]);
      wire.tcp.close(listener);
      expect(wire.tryConnect(80)).toBe(-Errno.EADDRNOTAVAIL);
      wire.inject({ sport: 40000, dport: PORT, flags: "R", seq: 2 });
      expect(wire.tryConnect(80)).toBe(0);
    },
  );

  it("does not exist for a virtual server of IPVS, which protects nothing", () => {
    const wire = onePort();
    wire.machine.requireIpvs(wire.host).addService(6, HOST, PORT, "rr");
    expect(wire.tryConnect(80)).toBe(0);
  });

  it("is opened by a reservation to bind() only", () => {
    const wire = onePort({ sysctls: { "net.ipv4.ip_local_reserved_ports": `${PORT}` } });
    expect(wire.tryConnect(80)).toBe(-Errno.EADDRNOTAVAIL);
    expect(bind(wire, 0)).toBeGreaterThanOrEqual(0);
  });
});

describe("bind()", () => {
  it("refuses a port that a connection owns on an overlapping address, even with SO_REUSEADDR", () => {
    const wire = onePort();
    expect(wire.tryConnect(80)).toBe(0);
    expect([bind(wire, 0), bind(wire, 0, true), bind(wire, HOST, true)]).toEqual(Array(3).fill(-Errno.EADDRINUSE));
    expect(bind(wire, OTHER)).toBeGreaterThanOrEqual(0);
  });

  it("refuses a port in TIME_WAIT on an overlapping address", () => {
    const wire = onePort();
    wire.timeWait(80);
    expect([bind(wire, 0), bind(wire, 0, true)]).toEqual([-Errno.EADDRINUSE, -Errno.EADDRINUSE]);
    wire.at(62.5);
    expect(bind(wire, 0)).toBeGreaterThanOrEqual(0);
  });

  it("shares a port between two sockets that both have SO_REUSEADDR, unless one listens", () => {
    const wire = onePort();
    const first = bind(wire, 0, true);
    expect([bind(wire, 0), bind(wire, 0, true) >= 0]).toEqual([-Errno.EADDRINUSE, true]);
    expect(wire.tcp.listen(first)).toBe(0);
    expect(bind(wire, 0, true)).toBe(-Errno.EADDRINUSE);
  });

  it("refuses an address that is not the namespace's own", () => {
    expect(bind(onePort(), ip("203.0.113.9"))).toBe(-Errno.EADDRNOTAVAIL);
  });

  it("with IP_BIND_ADDRESS_NO_PORT leaves the port to connect()", () => {
    const wire = new Wire({ kernel: "6.1" });
    const slot = wire.tcp.socket(wire.host, new RecordingOwner(), 0);
    expect(wire.tcp.bind(slot, { address: HOST, port: 0, hasNoPort: true })).toBe(0);
    expect(wire.host.ports.inUse).toBe(0);
    expect(wire.tcp.connect(slot, ip("203.0.113.9"), 80)).toBe(0);
    expect(wire.tcp.sockets.localPort(slot) % 2).toBe(0);
  });
});
