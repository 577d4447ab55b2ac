import { describe, expect, it } from "vitest";
import { ScenarioPlaces } from "../../src/scenario/scenario_places.ts";

const TEXT = `kernel: "6.1"
sysctls:
  net.ipv4.ip_local_port_range: 1024 65000
  net.ipv4.ip_local_reserved_ports: ""
pods:
  - { name: default/web, listen: [80] }
  - name: default/app
    livenessProbe: { tcpSocket: { port: 80 } }
`;

describe("ScenarioPlaces", () => {
  const places = new ScenarioPlaces(TEXT, "s.yaml");
  const at = (...path: readonly (string | number)[]) => {
    const { line, column, length } = places.at(...path);
    return [line, column, length];
  };

  it("points at a value, also at an empty one in quotes", () => {
    expect(at("kernel")).toEqual([1, 9, 5]);
    expect(at("sysctls", "net.ipv4.ip_local_port_range")).toEqual([3, 33, 10]);
    expect(at("sysctls", "net.ipv4.ip_local_reserved_ports")).toEqual([4, 37, 2]);
  });

  it("points at the key of a map", () => {
    expect(at("pods", places.indexOf("pods", "default/app"), "livenessProbe")).toEqual([8, 5, 13]);
  });

  it("stays at the last step that the file says", () => {
    expect(at("sysctls", "net.ipv4.ip_forward")).toEqual([2, 1, 7]);
    expect(places.has("sysctls", "net.ipv4.ip_forward")).toBe(false);
    expect(places.indexOf("pods", "default/gone")).toBe(-1);
  });
});
