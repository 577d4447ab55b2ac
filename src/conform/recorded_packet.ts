/** A TCP segment as recorded on one interface; sequence numbers by their names (`c0+47`, `0` for a real zero). */
export interface RecordedTcpPacket {
  readonly kind: "tcp";
  readonly t_ms: number;
  /** `namespace/interface`. */
  readonly interface: string;
  readonly dir: "in" | "out" | "other";
  /** `address:port`. */
  readonly src: string;
  readonly dst: string;
  /** As tcpdump prints them. */
  readonly flags: string;
  readonly seq: string;
  /** Null without the ACK flag. */
  readonly ack: string | null;
  /** Bytes of payload. */
  readonly len: number;
  readonly ttl: number;
}

/** An ICMP error as recorded on one interface, with the endpoints of the packet that caused it. */
export interface RecordedIcmpPacket {
  readonly kind: "icmp";
  readonly t_ms: number;
  readonly interface: string;
  readonly dir: "in" | "out" | "other";
  readonly src: string;
  readonly dst: string;
  readonly type: number;
  readonly code: number;
  readonly quoted_src: string;
  readonly quoted_dst: string;
}

/** One packet on one interface. */
export type RecordedPacket = RecordedTcpPacket | RecordedIcmpPacket;

/** A value of a row of `packets`. */
export type PacketCell = string | number | null;

/** The columns of a TCP row where the file does not name them. */
export const PACKET_FIELDS: readonly string[] = [
  "t_ms",
  "interface",
  "dir",
  "src",
  "dst",
  "flags",
  "seq",
  "ack",
  "len",
  "ttl",
];

/** The columns of an ICMP row where the file does not name them. */
export const ICMP_FIELDS: readonly string[] = [
  "t_ms",
  "interface",
  "dir",
  "src",
  "dst",
  '"ICMP"',
  "type",
  "code",
  "quoted_src",
  "quoted_dst",
];

const DIRECTIONS = ["in", "out", "other"] as const;

/**
 * Reads a row by the names of its columns.
 *
 * @returns the packet, or the name of the first column that is missing or holds something else.
 */
export function readPacketRow(
  row: readonly PacketCell[],
  packetFields: readonly string[],
  icmpFields: readonly string[],
): RecordedPacket | string {
  const isIcmp = row[packetFields.indexOf("flags")] === "ICMP";
  const fields = isIcmp ? icmpFields : packetFields;
  if (row.length !== fields.length) return `row of ${row.length} values instead of ${fields.length}`;
  const cells = new Map(fields.map((field, index) => [field, row[index] ?? null]));
  const wrong: string[] = [];
  const text = (field: string): string => {
    const cell = cells.get(field);
    if (typeof cell !== "string") wrong.push(field);
    return typeof cell === "string" ? cell : "";
  };
  const number = (field: string): number => {
    const cell = cells.get(field);
    if (typeof cell !== "number") wrong.push(field);
    return typeof cell === "number" ? cell : 0;
  };
  const sequence = (field: string): string => {
    const cell = cells.get(field);
    if (cell !== 0 && (typeof cell !== "string" || !/^([a-z?]\d+(\+\d+)?|0)$/.test(cell))) wrong.push(field);
    return String(cell);
  };
  const dir = DIRECTIONS.find((one) => one === cells.get("dir"));
  if (dir === undefined) return "dir";
  const place = { t_ms: number("t_ms"), interface: text("interface"), dir, src: text("src"), dst: text("dst") };
  const packet: RecordedPacket = isIcmp
    ? {
        kind: "icmp",
        ...place,
        type: number("type"),
        code: number("code"),
        quoted_src: text("quoted_src"),
        quoted_dst: text("quoted_dst"),
      }
    : {
        kind: "tcp",
        ...place,
        flags: text("flags"),
        seq: sequence("seq"),
        ack: cells.get("ack") === null ? null : sequence("ack"),
        len: number("len"),
        ttl: number("ttl"),
      };
  return wrong[0] ?? packet;
}
