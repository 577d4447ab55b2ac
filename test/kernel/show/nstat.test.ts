import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Counters } from "../../../src/kernel/counters.ts";
import {
  formatNstat,
  listNstatRows,
  parseNstat,
  showConntrackStats,
  showNstat,
} from "../../../src/kernel/show/nstat_text.ts";

// Goal: the text is that of `nstat -az`, and reading it gives the rows back.
// Method: lines that nstat of iproute2 6.1.0 printed; the order of a Linux 6.18; every counter that is one of nstat's.

const REAL =
  "#kernel\nIpInReceives                    24309              0.0\nIpInAddrErrors                  0                  0.0\n";

describe("formatNstat", () => {
  it("writes what nstat wrote", () => {
    const { rows, problems } = parseNstat(REAL);
    expect(problems).toEqual([]);
    expect(formatNstat(rows)).toBe(REAL);
  });

  it("gives back any counters that are read from it", () => {
    const value = fc.record({ value: fc.maxSafeNat(), name: fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,30}$/) });
    fc.assert(
      fc.property(fc.array(value), (rows) => {
        expect(parseNstat(formatNstat(rows))).toEqual({ rows, problems: [] });
      }),
      { numRuns: 60 },
    );
  });
});

describe("showNstat", () => {
  it("shows every counter that a kernel's snmp and netstat have, with its value", () => {
    const counters = new Counters();
    const shown = Object.keys(counters).filter((name) => /^(Ip|Icmp|Tcp)/.test(name));
    counters.TcpExtEmbryonicRsts = 7;
    const { rows } = parseNstat(showNstat(counters));
    expect(rows.map(({ name }) => name).toSorted()).toEqual(shown.toSorted());
    expect(rows.filter(({ value }) => value !== 0)).toEqual([{ name: "TcpExtEmbryonicRsts", value: 7 }]);
  });

  it("keeps the order of the kernel's tables", () => {
    const names = listNstatRows(new Counters()).map(({ name }) => name);
    expect(names.indexOf("IpForwDatagrams")).toBeLessThan(names.indexOf("IpInDelivers"));
    expect(names.indexOf("TcpExtTCPTimeouts")).toBeLessThan(names.indexOf("TcpExtTCPTimeWaitOverflow"));
    expect(names.at(-1)).toBe("IpExtInNoRoutes");
  });
});

describe("showConntrackStats", () => {
  it("is the line of conntrack -S for one CPU", () => {
    const counters = new Counters();
    counters.nf_conntrack_found = 8;
    counters.nf_conntrack_drop = 1;
    expect(showConntrackStats(counters)).toBe(
      "cpu=0   \tfound=8 invalid=0 insert=0 insert_failed=0 drop=1 early_drop=0 error=0 search_restart=0 clash_resolve=0 chaintoolong=0 \n",
    );
  });
});

describe("parseNstat", () => {
  it("says which line is no counter", () => {
    expect(parseNstat("#kernel\nIpInReceives x 0.0\n")).toEqual({
      rows: [],
      problems: [{ line: 2, message: 'Cannot read "IpInReceives x 0.0" as the name and the value of a counter' }],
    });
  });
});
