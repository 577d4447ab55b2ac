import type { SentPacket } from "../../cluster/flow_recorder.ts";
import { Protocol, TcpFlag } from "../../kernel/packet.ts";
import { MILLISECOND } from "../../units.ts";

/** What a TCP header holds beside what the model keeps of a packet. */
export interface TcpHeader {
  /** The window field as it stands in the header, not scaled. */
  readonly window: number;
  /** The option of a SYN; `undefined` in other segments. */
  readonly mss: number | undefined;
  readonly hasSackPermitted: boolean;
  readonly timestamps: { readonly value: number; readonly echo: number } | undefined;
  readonly windowScale: number | undefined;
}

/** The MSS of an MTU of 1500 and of the loopback's 65536. */
const MSS = 1460;
const MSS_LOOPBACK = 65495;
const WINDOW_SCALE = 7;
const TIMESTAMP_BYTES = 12;

/**
 * The header fields of a connection's segments in the order in which they were seen.
 *
 * Source: net/ipv4/tcp_output.c tcp_syn_options, tcp_select_initial_window, v6.1.
 * Not modelled: windows and their growth (they are those of an idle connection with the kernel's default buffers: the
 * window of a SYN is a whole number of segments, later ones are 502, on loopback 512), and the offset of timestamps,
 * which count milliseconds of the run here.
 */
export class TcpHeaders {
  /** The latest timestamp of each sender. */
  readonly #latest = new Map<string, number>();
  readonly #known = new Map<number, TcpHeader>();

  /** The fields of a segment; a sighting on a later interface gets the same. */
  next(sighting: SentPacket): TcpHeader {
    const known = this.#known.get(sighting.serial);
    if (known !== undefined) return known;
    const header = this.#make(sighting);
    this.#known.set(sighting.serial, header);
    return header;
  }

  #make(sighting: SentPacket): TcpHeader {
    const { packet, isLoopback, sentAt, sentBy } = sighting;
    const isSyn = (packet.flags & TcpFlag.SYN) !== 0;
    const isReset = packet.hasZeroWindow;
    const hasTimestamps = packet.hasTimestamps && !isReset && packet.protocol === Protocol.TCP;
    const mss = isLoopback ? MSS_LOOPBACK : MSS;
    return {
      window: isReset ? 0 : isSyn ? synWindow(packet.flags, mss, hasTimestamps) : isLoopback ? 512 : 502,
      mss: isSyn ? mss : undefined,
      hasSackPermitted: isSyn,
      timestamps: hasTimestamps ? this.#timestamps(sentBy, Math.floor(sentAt / MILLISECOND), packet.flags) : undefined,
      windowScale: isSyn ? WINDOW_SCALE : undefined,
    };
  }

  #timestamps(sentBy: string, value: number, flags: number): { value: number; echo: number } {
    const hasAck = (flags & TcpFlag.ACK) !== 0;
    const other = [...this.#latest].find(([sender]) => sender !== sentBy)?.[1] ?? 0;
    // On the loopback device both ends are one namespace.
    const echo = hasAck ? (other === 0 ? (this.#latest.get(sentBy) ?? 0) : other) : 0;
    this.#latest.set(sentBy, value);
    return { value, echo };
  }
}

/** The first window: whole segments within 64 KiB, a segment being shorter by its timestamps once they are agreed on. */
function synWindow(flags: number, mss: number, hasTimestamps: boolean): number {
  if (mss === MSS_LOOPBACK) return mss;
  const isAnswer = (flags & TcpFlag.ACK) !== 0;
  return isAnswer && hasTimestamps ? 45 * (mss - TIMESTAMP_BYTES) : 44 * mss;
}
