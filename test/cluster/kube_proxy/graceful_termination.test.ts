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

  it("deletes the server of a UDP service at once from 1.13.8, 1.14.4 and 1.15.0 on", () => {
    const left = (
      [
        [12, 10],
        [13, 7],
        [13, 8],
        [14, 3],
        [14, 4],
        [15, 0],
      ] as const
    ).map(([minor, patch]) => {
      const { virtual, server, termination } = leavingWith([1, minor, patch], Protocol.UDP);
      server.inactive = 1;
      termination.delete(virtual, server);
      return virtual.servers.length;
    });
    expect(left).toEqual([1, 1, 0, 1, 0, 0]);
  });

  it.each([
    ["1.12.7", true],
    ["1.12.8", false],
    ["1.13.5", true],
    ["1.13.6", false],
    ["1.14.0", true],
    ["1.14.1", false],
    ["1.15.0", false],
  ])("a process of %s lets all servers go when it starts: %s", (text, isAll) => {
    const [major = 0, minor = 0, patch = 0] = text.split(".").map(Number);
    expect(kubeProxyEra([major, minor, patch]).gracefulTermination!.deletesAllAtStart).toBe(isAll);
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
      `lw: remote out of the list: ${name}`,
      ...[1, 2].flatMap(() => [
        `Trying to delete rs: ${name}`,
        missing,
        `lw: remote out of the list: ${name}`,
        "Try flush graceful termination list err",
      ]),
    ]);
  });

  it.each([
    [
      "1.12.4",
      [
        "Trying to delete rs: NAME",
        "Trying to delete rs: NAME",
        "Deleting rs: NAME",
        "lw: remote out of the list: NAME",
      ],
    ],
    [
      "1.13.2",
      [
        "Trying to delete rs: NAME",
        "Not deleting, RS NAME: 1 ActiveConn, 0 InactiveConn",
        "Trying to delete rs: NAME",
        "Deleting rs: NAME",
        "lw: remote out of the list: NAME",
      ],
    ],
    ["1.22.17", ["lw: remote out of the list: NAME"]],
    ["1.23.0", ['"Removed real server from graceful delete real server list" realServer="NAME"']],
  ])("logs in %s how a server with one connection leaves", (text, expected) => {
    const [major = 0, minor = 0, patch = 0] = text.split(".").map(Number);
    const { virtual, server, termination, log } = leavingWith([major, minor, patch]);
    server.active = 1;
    termination.delete(virtual, server);
    server.active = 0;
    termination.flush();
    const name = "10.0.0.1:80/TCP/10.0.0.2:8080";
    expect(log.lines.map((line) => line.text)).toEqual(expected.map((line) => line.replace("NAME", name)));
  });

  it.each([
    ["1.22.17", 'Delete rs "NAME" err: Failed to delete rs "NAME", can\'t find the real server'],
    [
      "1.23.0",
      '"Error in deleting real server" err="failed to delete rs \\"NAME\\", can\'t find the real server" realServer="NAME"',
    ],
  ])("logs in %s that a sync lets go a server which is not there", (text, expected) => {
    const [major = 0, minor = 0, patch = 0] = text.split(".").map(Number);
    const { ipvs, virtual, server, termination, log } = leavingWith([major, minor, patch]);
    ipvs.deleteServer(virtual, server);
    termination.delete(virtual, server);
    const name = "10.0.0.1:80/TCP/10.0.0.2:8080";
    expect(log.lines.map((line) => line.text)).toEqual([expected.replaceAll("NAME", name)]);
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
