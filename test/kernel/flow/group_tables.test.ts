import { describe, expect, it } from "vitest";
import { GroupTables } from "../../../src/kernel/flow/group_tables.ts";
import { ip, POD, smallNetwork } from "../../support/small_network.ts";

describe("GroupTables", () => {
  it("names the only namespace that has an address", () => {
    const { machine, pod } = smallNetwork();
    expect(new GroupTables(machine.group).ownerOf(POD)).toBe(pod);
  });

  it("names nobody for an address that several namespaces have, or none", () => {
    const { machine, node } = smallNetwork();
    node.addAddress([...node.devices()][0]!, POD, 32);
    const tables = new GroupTables(machine.group);
    expect([tables.ownerOf(POD), tables.ownerOf(ip("192.0.2.77"))]).toEqual([undefined, undefined]);
  });

  it("is out of date once an address or a namespace has come", () => {
    const { machine, node } = smallNetwork();
    const first = new GroupTables(machine.group);
    expect(first.isOf(machine.group)).toBe(true);
    machine.createNetns("later");
    expect(first.isOf(machine.group)).toBe(false);
    const second = new GroupTables(machine.group);
    node.addAddress([...node.devices()][0]!, ip("192.0.2.77"), 32);
    expect(second.isOf(machine.group)).toBe(false);
  });
});
