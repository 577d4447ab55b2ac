import { describe, expect, it } from "vitest";
import { ConntrackBench } from "../../support/conntrack_bench.ts";

describe("A RST with sequence number 0, which lies before all that was acknowledged", () => {
  it("closes a handshake, as the answer to a SYN that was let through", () => {
    const bench = new ConntrackBench();
    bench.pass(">", "S");
    bench.pass("<", "S.", { ack: 1001 });
    expect([bench.pass(">", "R", { seq: 0 }), bench.show()]).toEqual(["ESTABLISHED", "CLOSE 10"]);
  });

  it("is INVALID once the connection is established, unless nf_conntrack_tcp_ignore_invalid_rst says not to look", () => {
    const strict = new ConntrackBench();
    strict.establish();
    expect([strict.pass(">", "R", { seq: 0 }), strict.show()]).toEqual(["INVALID", "ESTABLISHED 432000 [ASSURED]"]);
    const sysctls = { "net.netfilter.nf_conntrack_tcp_ignore_invalid_rst": "1" };
    const lax = new ConntrackBench({ kernel: "6.1", sysctls });
    lax.establish();
    expect([lax.pass(">", "R", { seq: 0 }), lax.show()]).toEqual(["ESTABLISHED", "ESTABLISHED 10 [ASSURED]"]);
  });
});

describe("A RST that lies before what was acknowledged, of a connection that is closing", () => {
  it.each([
    ["5.13", "INVALID", "FIN_WAIT 120 [ASSURED]"],
    ["5.14", "ESTABLISHED", "CLOSE 10 [ASSURED]"],
  ])("on %s is %s: %s", (kernel, seen, shown) => {
    const bench = new ConntrackBench({ kernel });
    bench.establish();
    bench.pass(">", "F.", { seq: 1001, ack: 5001 });
    expect([bench.pass("<", "R", { seq: 4000 }), bench.show()]).toEqual([seen, shown]);
  });
});
