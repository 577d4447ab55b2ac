import * as fc from "fast-check";
import type { ConntrackRow, ConntrackTuple } from "../../src/kernel/show/conntrack_rows.ts";
import type { IpvsConnectionRow } from "../../src/kernel/show/ipvs_connection_rows.ts";
import type { IpvsServiceRow, IpvsTarget } from "../../src/kernel/show/ipvs_rows.ts";
import type { ShownEndpoint } from "../../src/kernel/show/shown_endpoint.ts";
import { shownMilliseconds, type SsRow, type SsTimer } from "../../src/kernel/show/ss_rows.ts";

const ipv4 = fc.ipV4();
const ipv6 = fc.oneof(
  fc.ipV6().filter((address) => !address.includes(".")),
  ipv4.map((address) => `::ffff:${address}`),
);
const address = fc.oneof({ weight: 3, arbitrary: ipv4 }, ipv6);
const port = fc.integer({ min: 0, max: 65_535 });
const endpoint: fc.Arbitrary<ShownEndpoint> = fc.record({ address, port });
const seconds = fc.integer({ min: 0, max: 432_000 });
const count = fc.integer({ min: 0, max: 4_294_967_295 });

const timer: fc.Arbitrary<SsTimer> = fc.record({
  name: fc.constantFrom("on", "timewait", "keepalive"),
  leftMs: fc.oneof(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 0, max: 8_000_000 })).map(shownMilliseconds),
  retransmits: fc.integer({ min: 0, max: 15 }),
});

/** Lines of `ss -tano`. */
export const SS_ROW: fc.Arbitrary<SsRow> = fc.record(
  {
    state: fc.constantFrom("LISTEN", "ESTAB", "SYN-SENT", "SYN-RECV", "FIN-WAIT-1", "TIME-WAIT", "UNCONN", "CLOSING"),
    receiveQueue: count,
    sendQueue: count,
    local: fc.oneof(endpoint, fc.record({ address: fc.constantFrom("*", "fe80::1%eth0", "127.0.0.53%lo"), port })),
    peer: endpoint,
    timer,
  },
  { requiredKeys: ["state", "receiveQueue", "sendQueue", "local", "peer"] },
);

const tuple: fc.Arbitrary<ConntrackTuple> = fc.record({ source: endpoint, destination: endpoint });
const entry = { timeoutSeconds: seconds, original: tuple, reply: tuple, isUnreplied: fc.boolean(), mark: count };

/** Lines of `conntrack -L`. */
export const CONNTRACK_ROW: fc.Arbitrary<ConntrackRow> = fc.oneof(
  fc.record<ConntrackRow>({
    ...entry,
    protocol: fc.constant("tcp"),
    state: fc.constantFrom("SYN_SENT", "SYN_RECV", "ESTABLISHED", "TIME_WAIT", "CLOSE"),
    isAssured: fc.boolean(),
  }),
  fc.record<ConntrackRow>({ ...entry, protocol: fc.constant("udp"), isAssured: fc.boolean() }),
);

const target: fc.Arbitrary<IpvsTarget> = fc.oneof(
  fc.record({
    kind: fc.constant("address" as const),
    protocol: fc.constantFrom("TCP" as const, "UDP" as const, "SCTP" as const),
    virtual: endpoint,
  }),
  fc.record({ kind: fc.constant("fwmark" as const), fwmark: count, isIpv6: fc.boolean() }),
);

const service: fc.Arbitrary<IpvsServiceRow> = fc.record(
  {
    target,
    scheduler: fc.constantFrom("rr", "wrr", "lc", "sh", "mh"),
    schedulerFlags: fc.constantFrom("sh-port", "mh-fallback,mh-port"),
    persistentSeconds: seconds,
    persistentMask: fc.constantFrom("255.255.255.0", "64"),
    persistenceEngine: fc.constant("sip"),
    isOnePacket: fc.constant(true),
    servers: fc.array(
      fc.record({
        real: endpoint,
        forward: fc.constantFrom("Masq", "Route", "Tunnel"),
        weight: fc.integer({ min: 0, max: 65_535 }),
        connections: fc.record({ active: count, inactive: count }),
      }),
      { maxLength: 4 },
    ),
  },
  { requiredKeys: ["target", "scheduler", "servers"] },
);

/** Virtual services, each once, as `ipvsadm -Ln` lists them: a mask and an engine need persistence. */
export const IPVS_ROWS: fc.Arbitrary<readonly IpvsServiceRow[]> = fc.uniqueArray(service, {
  maxLength: 6,
  selector: (row) => JSON.stringify(row.target),
});

/** Lines of `ipvsadm -Lnc`. */
export const IPVS_CONNECTION_ROW: fc.Arbitrary<IpvsConnectionRow> = fc.record({
  protocol: fc.constantFrom("TCP", "UDP", "SCTP", "IP"),
  expiresSeconds: seconds,
  state: fc.constantFrom("SYN_RECV", "ESTABLISHED", "UDP", "ASSURED", "NONE"),
  source: endpoint,
  virtual: endpoint,
  destination: endpoint,
});
