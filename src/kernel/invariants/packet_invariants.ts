import type { EventLoop } from "../../sim/event_loop.ts";
import type { MachineGroup } from "../machine_group.ts";
import type { Packet } from "../packet.ts";

/**
 * What does not hold of a group's packets between two events, one sentence each: every packet is free, on a link, waits
 * for a neighbour or is inside one that does, and that once: none is lost and none is in two places. It changes nothing.
 */
export function* brokenPackets(group: MachineGroup, loop: EventLoop): Generator<string> {
  const { packets } = group;
  const places = new Map<Packet, string>();
  const putAt = function* (packet: Packet, place: string): Generator<string> {
    const other = places.get(packet);
    if (other !== undefined) yield `a packet is in one place: packet ${packet.row} is ${other} and ${place}`;
    places.set(packet, place);
    if (packet.inner !== undefined && other === undefined) yield* putAt(packet.inner, "in a tunnel");
  };
  for (const packet of packets.free) yield* putAt(packet, "free");
  const arrivals = new Set(group.machines.map((machine) => machine.arrivalHandler));
  for (const { handler, argument } of loop.pending()) {
    if (arrivals.has(handler)) yield* putAt(packets.at(argument), "on a link");
  }
  for (const { neighbours } of group.machines) {
    for (const packet of neighbours.waiting()) yield* putAt(packet, "waiting for a neighbour");
  }
  if (places.size !== packets.count)
    yield `no packet is lost: ${packets.count - places.size} of ${packets.count} are nowhere`;
}
