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
