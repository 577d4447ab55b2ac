import { describe, expect, it } from "vitest";
import { Counters } from "../../../src/kernel/counters.ts";
import { addToMeters, MeterSheet } from "../../../src/kernel/flow/meters.ts";
import { emptyTally } from "../../../src/kernel/netfilter/rule_tally.ts";
import { smallNetwork } from "../../support/small_network.ts";

const COUNTERS = Object.keys(new Counters()).length;

describe("MeterSheet", () => {
  it("tells of each counter and tally what was added to it, and where", () => {
    const { node, pod } = smallNetwork();
    pod.ruleTally = emptyTally();
    const sheet = new MeterSheet([node, pod]);
    sheet.take();
    const values = Array.from({ length: COUNTERS + 6 }, (_, place) => place + 1);
    addToMeters(pod, values, 3);
    expect(sheet.rises()).toEqual([{ place: 1, values: values.map((value) => 3 * value) }]);
    expect(Object.values(pod.counters)).toEqual(values.slice(0, COUNTERS).map((value) => 3 * value));
  });

  it("leaves out what others have added meanwhile", () => {
    const { node, pod } = smallNetwork();
    const sheet = new MeterSheet([node, pod]);
    sheet.take();
    for (const others of [10, 100]) {
      node.counters.TcpInSegs += 1;
      sheet.mark();
      node.counters.TcpInSegs += others;
      pod.counters.TcpInSegs += others;
      sheet.leaveOut();
    }
    const values = Array.from({ length: COUNTERS + 6 }, () => 0);
    values[Object.keys(new Counters()).indexOf("TcpInSegs")] = 2;
    expect(sheet.rises()).toEqual([{ place: 0, values }]);
  });

  it("tells nothing of what had risen before it was taken", () => {
    const { node, pod } = smallNetwork();
    pod.counters.TcpInSegs += 7;
    const sheet = new MeterSheet([node, pod]);
    sheet.take();
    expect(sheet.rises()).toEqual([]);
  });
});
