import { describe, expect, it } from "vitest";
import { GracefulTermination } from "../../../src/cluster/kube_proxy/graceful_termination.ts";
import { kubeProxyEra } from "../../../src/cluster/kube_proxy/kube_proxy_eras.ts";
import { KubeProxyLog } from "../../../src/cluster/kube_proxy/kube_proxy_log.ts";
import { Protocol } from "../../../src/kernel/packet.ts";
import { ip } from "../../support/small_network.ts";
import { bootOf, smallNode } from "../small_node.ts";

/** A virtual server with one real server, and the termination list of a release. */
function leavingWith(version: readonly [number, number, number], protocol: number = Protocol.TCP) {
  const { node } = bootOf(smallNode(""));
  const ipvs = node.machine.requireIpvs(node.netns);
  const virtual = ipvs.addService(protocol, ip("10.0.0.1"), 80, "rr");
  const server = ipvs.addServer(virtual, ip("10.0.0.2"), 8080, 1);
  const log = new KubeProxyLog();
  const termination = new GracefulTermination(ipvs, kubeProxyEra(version).gracefulTermination!, log);
  return { ipvs, virtual, server, termination, log };
}

describe("GracefulTermination", () => {
  it("deletes a server without connections at once", () => {
    const { virtual, server, termination } = leavingWith([1, 12, 5]);
    termination.delete(virtual, server);
    expect([virtual.servers, termination.size]).toEqual([[], 0]);
  });

  it("gives a server with connections weight 0, and deletes it in the minute in which they have ended", () => {
    const { virtual, server, termination } = leavingWith([1, 12, 5]);
    server.active = 1;
    termination.delete(virtual, server);
    termination.flush();
    expect([server.weight, termination.size]).toEqual([0, 1]);
    server.active = 0;
    termination.flush();
    expect([virtual.servers, termination.size]).toEqual([[], 0]);
  });

  it("waits for inactive connections from 1.12.4 on, and not before", () => {
    const sizes = ([12, 13] as const).flatMap((minor) =>
      [0, 3, 4].map((patch) => {
        if (minor === 12 && patch === 0) return "none";
        const { virtual, server, termination } = leavingWith([1, minor, patch]);
        server.inactive = 1;
        termination.delete(virtual, server);
        return termination.size;
      }),
    );
    expect(sizes).toEqual(["none", 0, 1, 0, 1, 1]);
  });

  it("deletes the server of a UDP service at once from 1.15 on", () => {
    const { virtual, server, termination } = leavingWith([1, 15, 0], Protocol.UDP);
    server.inactive = 1;
    termination.delete(virtual, server);
    expect(virtual.servers).toEqual([]);
  });

  it("lets nothing out of its list in 1.12.2, and says every minute that it cannot find the server", () => {
    const { virtual, server, termination, log } = leavingWith([1, 12, 2]);
    server.active = 1;
    termination.delete(virtual, server);
    server.active = 0;
    for (let minute = 0; minute < 3; minute += 1) termination.flush();
    expect(termination.size).toBe(1);
    const name = "10.0.0.1:80/TCP/10.0.0.2:8080";
    const missing = `Try delete rs "${name}" err: Failed to delete rs "${name}", can't find the real server`;
    expect(log.lines.map(({ text }) => text)).toEqual([
      `Trying to delete rs: ${name}`,
      `Trying to delete rs: ${name}`,
      `Deleting rs: ${name}`,
      `Trying to delete rs: ${name}`,
      missing,
      `Trying to delete rs: ${name}`,
      missing,
    ]);
  });

  it("deletes a server whose endpoint came back, at the next minute, in 1.12.2", () => {
    for (const [version, left] of [
      [[1, 12, 2], 0],
      [[1, 12, 5], 1],
    ] as const) {
      const { ipvs, virtual, server, termination } = leavingWith(version);
      server.active = 1;
      termination.delete(virtual, server);
      server.active = 0;
      expect(termination.takeBack(virtual, server.address, server.port)).toBe(true);
      ipvs.addServer(virtual, server.address, server.port, 1);
      termination.flush();
      expect(virtual.servers).toHaveLength(left);
    }
  });
});
