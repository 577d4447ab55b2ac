import type { Micros } from "../units.ts";
import type { DecisionSink } from "./decisions/decision.ts";
import type { Device } from "./device.ts";
import type { Packet } from "./packet.ts";

/** Watches the packets on every interface, as `tcpdump -i any` would; it must not change anything. */
export interface TraceSink {
  /** A packet leaves through `device` ("out": away from the stack or down into a bridge port) or comes in by it. */
  packet(time: Micros, device: Device, direction: "in" | "out", packet: Packet): void;
  /** Hears of the decisions too, and why each was made; without it nobody works out a reason. */
  readonly decisions?: DecisionSink;
}
