import { describe, expect, it } from "vitest";
import { byDestination, portsDocument, told } from "./ports_run.ts";

const DEFAULT_RANGE = "32768 60999";

describe("sim ports with a given cursor and hash", () => {
  it.each([
    ["4.1.19", "0", "1000", "33769 33770 33771 33772 33773 33774"],
    ["4.4.11", "0", "1000", "33768 33770 33772 33774 33776 33778"],
    ["5.4.188", "0", "1000", "33768 33770 33772 33774 33776 33778"],
    ["5.4.188", "0", "1001", "33768 33770 33772 33774 33776 33778"],
    ["5.4.188", "0", "28228", "60996 60998 32768 32770 32772 32774"],
    ["5.4.188", "4294967292", "0", "37668 37670 32768 32770"],
    ["5.4.188", "0xfffffffc", "0x0", "37668 37670 32768 32770"],
    ["5.15.24", "0", "1000", "33768 33770 33772 33774 33776 33778"],
  ])("on %s, cursor %s, hash %s picks the ports of the worked example", async (kernel, cursor, hash, ports) => {
    const words = ["--kernel", kernel, "--range", DEFAULT_RANGE, "--cursor", cursor, "--hash", hash];
    const { connects } = await portsDocument([...words, "--connects", `${ports.split(" ").length}`]);
    expect(told(connects)).toBe(ports);
    expect(connects.map(({ candidates }) => candidates)).toEqual(connects.map(() => 1));
  });

  it("on 6.1 takes the offset from the hash's high half, the row from its low one, and the increments from the seed", async () => {
    const portsOf = async (hash: bigint, seed: string): Promise<number[]> => {
      const words = ["--kernel", "6.1", "--cursor", "0", "--hash", `${hash}`, "--seed", seed, "--connects", "40"];
      return (await portsDocument(words)).connects.map(({ port = -1 }) => port);
    };
    const stepsOf = (ports: readonly number[]): number[] => ports.slice(1).map((port, index) => port - ports[index]!);
    const ports = await portsOf(1000n << 32n, "one");
    expect(ports[0]).toBe(33768);
    expect(new Set(stepsOf(ports))).toEqual(new Set([2, 4, 6, 8, 10, 12, 14, 16]));
    expect(await portsOf(3001n << 32n, "one")).toEqual(ports.map((port) => port + 2000));
    const otherRow = await portsOf((1000n << 32n) + 7n, "one");
    expect(otherRow[0]).toBe(33768);
    const otherSeed = await portsOf(1000n << 32n, "two");
    expect(otherSeed[0]).toBe(33768);
    expect(stepsOf(otherSeed)).not.toEqual(stepsOf(ports));
  });

  // The seventh port shows where the cursor stood after six connects: at 48 and at 24.
  it.each([
    ["6.1", [], "33768 33776 33778 33794 33798 33810 33816"],
    ["6.12", ["--socket-range", DEFAULT_RANGE], "33768 33772 33773 33781 33783 33789 33792"],
    ["6.3", ["--socket-range", DEFAULT_RANGE], "33768 33776 33778 33794 33798 33810 33816"],
  ])("on %s with the draws 3 0 7 1 5 2 and %j picks the ports of the worked example", async (kernel, more, ports) => {
    const words = ["--kernel", kernel, "--range", DEFAULT_RANGE, "--cursor", "0", "--hash", `${1000n << 32n}`];
    const asked = ["--noise", "3,0,7,1,5,2", "--connects", "7"];
    expect(told((await portsDocument([...words, ...more, ...asked])).connects)).toBe(ports);
  });

  it("on 5.15.24 adds 2 to a step when it draws 0", async () => {
    const words = ["--kernel", "5.15.24", "--cursor", "0", "--hash", "1000", "--noise", "1,0,1", "--connects", "4"];
    expect(told((await portsDocument(words)).connects)).toBe("33768 33770 33774 33776");
  });

  it("on 7.1 leaps by 3 when ip_local_port_step_width lets it draw 3, and does the second parity in the same leaps", async () => {
    const words = ["--kernel", "7.1", "--range", "30000 30009", "--step-width", "3", "--cursor", "0", "--hash", "0"];
    // The first search of ten boots, each with one more port of the scan taken.
    const scan = [30000, 30006, 30002, 30008, 30004, 30001, 30007, 30003, 30009, 30005];
    const found = await Promise.all(
      scan.map(async (_, taken) => {
        const listen = `--listen=${scan.slice(0, taken).join(",")}`;
        return told((await portsDocument([...words, listen, "--noise", "2,0", "--connects", "1"])).connects);
      }),
    );
    expect(found).toEqual(scan.map(String));
  });

  it("on 6.1 jumps over a reserved block and moves its cursor by the block", async () => {
    const words = ["--kernel", "6.1", "--range", "1024 65000", "--reserved", "30000-32767", "--connects", "5"];
    const given = ["--cursor", "0", "--hash", `${28972n << 32n}`, "--noise", "0"];
    expect(told((await portsDocument([...words, ...given])).connects)).toBe("29996 29998 32768 32770 32772");
  });

  it("on 6.1 gives out a range of ten ports in the order that the draws make, then EADDRNOTAVAIL", async () => {
    const words = ["--kernel", "6.1", "--range", "40000 40009", "--cursor", "0", "--hash", `${3n << 32n}`];
    const { connects } = await portsDocument([...words, "--noise", "0", "--close", "keep", "--connects", "11"]);
    expect(told(connects)).toBe("40002 40004 40006 40008 40000 40003 40005 40007 40009 40001 EADDRNOTAVAIL");
  });

  it.each([
    ["4.4.11", "33768,33769", "33770 33772 33774"],
    ["5.4.188", "33768,33770", "33772 33774 33776"],
  ])("on %s passes over the listening ports %s", async (kernel, listen, ports) => {
    const words = ["--kernel", kernel, "--listen", listen, "--cursor", "0", "--hash", "1000", "--connects", "3"];
    expect(told((await portsDocument(words)).connects)).toBe(ports);
  });

  it("on 5.4 moves the probed destination by 22 when 10 connects to others come between", async () => {
    const words = [
      "--kernel",
      "5.4.188",
      "--cursor",
      "0",
      "--hash",
      "1000",
      "--connects",
      "34",
      "--destinations",
      "11",
    ];
    expect(told(byDestination(await portsDocument(words))[0] ?? [])).toBe("33768 33790 33812 33834");
  });

  it.each([
    ["4.1.19", "28971", "29996 29997 29998 29999 32768"],
    ["4.4.11", "28972", "29996 29998 32768 32770 32772"],
    ["5.4.188", "28972", "29996 29998 32768 32770 32772"],
  ])("on %s jumps over a reserved block", async (kernel, hash, ports) => {
    const words = ["--kernel", kernel, "--range", "1024 65000", "--reserved", "30000-32767", "--connects", "5"];
    expect(told((await portsDocument([...words, "--cursor", "0", "--hash", hash])).connects)).toBe(ports);
  });

  it.each([
    ["4.1.19", "40004 40005 40006 40007 40008 40009 40000 40001 40002 40003"],
    ["4.4.11", "40002 40004 40006 40008 40000 40003 40005 40007 40009 40001"],
    ["5.4.188", "40002 40004 40006 40008 40000 40003 40005 40007 40009 40001"],
  ])("on %s gives out a range of ten ports, then EADDRNOTAVAIL", async (kernel, ports) => {
    const words = ["--kernel", kernel, "--range", "40000 40009", "--cursor", "0", "--hash", "3", "--close", "keep"];
    const { connects } = await portsDocument([...words, "--connects", "11"]);
    expect(told(connects)).toBe(`${ports} EADDRNOTAVAIL`);
    expect(connects.at(-1)).toEqual({ at: 2.5, destination: 0, error: "EADDRNOTAVAIL", candidates: 10 });
  });
});
