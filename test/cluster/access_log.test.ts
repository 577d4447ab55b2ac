import { describe, expect, it } from "vitest";
import { AccessLog, accessLogLine } from "../../src/cluster/access_log.ts";
import { SECOND } from "../../src/units.ts";
import { ip } from "../support/small_network.ts";
import { bootOf, NODE_PORT, smallNode } from "./small_node.ts";

// Goal: the log of the probed nginx is the one that incident 001 prints: a line for each probe but the lost ones.
// Method: the incident's line, but for its year; a pod probed for five minutes, with a port range of its own or of one NodePort.

const CLIENT = ip("10.23.77.129");
const PODS =
  "pods:\n  - { name: default/nginx, listen: [80], readinessProbe: { httpGet: { port: 80 } }, livenessProbe: { tcpSocket: { port: 80 } } }\n";

function linesOf(sections: string, overrides: readonly string[] = []): readonly string[] {
  const { loop, node } = bootOf(smallNode(sections, overrides));
  const log = new AccessLog("default/nginx", CLIENT, [1, 23, 10]);
  node.kubelet.observer = log;
  node.start();
  loop.runUntil(100 * SECOND);
  return log.lines;
}

describe("accessLogLine", () => {
  it("is the line of incident 001", () => {
    const at = ((243 + 14) * 86_400 + 11 * 3600 + 8 * 60 + 42) * SECOND + 999_999;
    expect(accessLogLine({ client: CLIENT, at, path: "/", status: 200, bytes: 615 }, [1, 23, 10])).toBe(
      '10.23.77.129 - - [15/Sep/2026:11:08:42 +0000] "GET / HTTP/1.1" 200 615 "-" "kube-probe/1.23" "-"',
    );
  });
});

describe("AccessLog", () => {
  it("has a line for each HTTP probe, and none for those that only connect", () => {
    const lines = linesOf(PODS);
    expect(lines).toHaveLength(10);
    expect(lines[0]).toMatch(/^10\.23\.77\.129 - - \[01\/Jan\/2026:00:00:0\d \+0000\] "GET \/ HTTP\/1\.1" 200 615 /);
  });

  it("lacks the lines of probes whose source port is a NodePort", () => {
    expect(linesOf(PODS, [`sysctls.net.ipv4.ip_local_port_range=${NODE_PORT} ${NODE_PORT}`])).toEqual([]);
  });

  it("has status 499 where the server was too slow", () => {
    const slow = PODS.replace("listen: [80]", "listen: [80], responseDelay: 3s");
    const statuses = new Set(linesOf(slow).map((line) => line.split(" ")[8]));
    expect(statuses).toEqual(new Set(["499"]));
  });
});
