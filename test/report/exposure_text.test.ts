import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { classifyNodePorts, exposureText, portsText } from "../../src/report/exposure_text.ts";
import { remedies } from "../../src/report/remedies.ts";
import type { RunDocument } from "../../src/study/run_document.ts";
import { failingRun, heldRun } from "./run_documents.ts";

type Exposure = RunDocument["exposure"];

function withExposure(exposure: Partial<Exposure>, portWalk = "4.6-5.11"): RunDocument {
  const run = failingRun();
  const base: Exposure = {
    portRange: [32768, 60999],
    nodePorts: [],
    reachable: [],
    reserved: [],
    heldByKubeProxy: false,
  };
  return { ...run, settings: { ...run.settings, portWalk }, exposure: { ...base, ...exposure } };
}

describe("exposureText", () => {
  it("says that there is no NodePort", () => {
    expect(exposureText(withExposure({}))).toBe("No Service has a NodePort, so no source port can be one.");
  });

  it("says that all are outside the range", () => {
    expect(exposureText(withExposure({ nodePorts: [30080, 30443] }))).toBe(
      "None of the 2 NodePorts can be picked as a source port: all are outside net.ipv4.ip_local_port_range 32768-60999.",
    );
  });

  it("says that kube-proxy holds them", () => {
    expect(exposureText(withExposure({ nodePorts: [32768], heldByKubeProxy: true }))).toBe(
      "The only NodePort cannot be picked as a source port: it is held by kube-proxy, which listens there, and connect() skips a listener's port.",
    );
  });

  it("tells parity, reservation and range apart", () => {
    const nodePorts = [30080, 32769, 32770, 32772, 32774];
    expect(exposureText(withExposure({ nodePorts, reachable: [32774], reserved: [32770, 32772] }))).toBe(
      "1 of 5 NodePorts can be picked as a source port: 32774. The others cannot: 1 is outside net.ipv4.ip_local_port_range 32768-60999; " +
        "1 is odd, and connect() tries those only when the even ports are taken; " +
        "2 are in net.ipv4.ip_local_reserved_ports, which connect() skips.",
    );
  });

  it("says how the walk of 4.2 comes to the other parity", () => {
    expect(exposureText(withExposure({ nodePorts: [32769] }, "4.2-4.5"))).toBe(
      "The only NodePort cannot be picked as a source port: it is odd, and connect() tries one only when the even port before it is taken.",
    );
  });

  it("says that another process holds a port, or that it has no virtual server where probes come from", () => {
    expect(exposureText(withExposure({ nodePorts: [32768, 32770], reserved: [32770] }))).toBe(
      "None of the 2 NodePorts can be picked as a source port: 1 is in net.ipv4.ip_local_reserved_ports, which connect() skips; " +
        "1 is held by another process, or without a virtual server on the address that probes come from.",
    );
  });

  it("says so in plain words where there is one alone, and it can be hit", () => {
    expect(exposureText(withExposure({ nodePorts: [40000], reachable: [40000] }))).toBe(
      "The only NodePort can be picked as a source port: 40000.",
    );
  });

  it("says so where the NodePorts are those of the first boot alone", () => {
    const drawn = { nodePorts: [30080, 30443], isOfFirstBoot: true } as const;
    expect(exposureText(withExposure(drawn))).toMatch(
      /\. Each boot drew NodePorts of its own; these are the first boot's\.$/,
    );
    expect(exposureText(withExposure({ ...drawn, nodePorts: [] }))).not.toContain("Each boot");
  });

  it("does not explain anything when all can be hit", () => {
    expect(exposureText(withExposure({ nodePorts: [40000, 40001], reachable: [40000, 40001] }, "3.10"))).toBe(
      "2 of 2 NodePorts can be picked as a source port: 40000-40001.",
    );
  });
});

describe("classifyNodePorts", () => {
  it.each([
    ["3.10", [32768, 60999], "elsewhere"],
    ["4.2-4.5", [32768, 60999], "otherParity"],
    ["4.2-4.5", [32768, 60998], "elsewhere"],
    ["4.6-5.11", [32768, 60998], "otherParity"],
    ["5.12-5.17", [32768, 60999], "otherParity"],
    ["5.18+", [32768, 60999], "otherParity"],
    ["5.18+", [32767, 60999], "elsewhere"],
    ["5.18+", [40002, 60999], "outOfRange"],
  ] as const)("takes an unreachable port 40001 on walk %s in range %j as %s", (portWalk, portRange, name) => {
    expect(classifyNodePorts(withExposure({ portRange, nodePorts: [40001] }, portWalk))[name]).toEqual([40001]);
  });

  it("names the range before a reservation, a reservation before a listener, and a listener before parity", () => {
    const nodePorts = [30080, 32770, 32771];
    const document = withExposure({ nodePorts, reserved: [30080, 32770], heldByKubeProxy: true });
    expect(classifyNodePorts(document)).toEqual({
      reachable: [],
      outOfRange: [30080],
      reserved: [32770],
      heldByKubeProxy: [32771],
      otherParity: [],
      elsewhere: [],
    });
  });

  it("puts every NodePort into exactly one class", () => {
    const subset = fc.subarray([30080, 32768, 32769, 33000, 33001, 61001]);
    fc.assert(
      fc.property(subset, subset, subset, fc.boolean(), (nodePorts, reserved, candidates, heldByKubeProxy) => {
        const reachable = candidates.filter((port) => nodePorts.includes(port));
        const classes = classifyNodePorts(withExposure({ nodePorts, reserved, reachable, heldByKubeProxy }));
        expect(
          Object.values(classes)
            .flat()
            .toSorted((a, b) => a - b),
        ).toEqual(nodePorts);
      }),
    );
  });
});

describe("portsText", () => {
  it("ends a long list early", () => {
    const ports = Array.from({ length: 100 }, (_, index) => 30000 + 2 * index);
    expect(portsText(ports)).toMatch(/^30000 30002 .* 30046 and so on up to 30198$/);
  });

  it("says that NodePorts are harmless as source ports where rules serve them, and asks for no change", () => {
    const run = heldRun();
    const document: RunDocument = { ...run, dataPlane: { ...run.dataPlane, mode: "nftables" } };
    expect(exposureText(document)).toBe(
      "A source port that is a NodePort does no harm in kube-proxy's nftables mode: its rules see the first packet of a " +
        "connection only, and an answer is none, as long as conntrack has the connection.",
    );
    expect(remedies(document, 80)).toEqual([]);
  });
});
