import { assert } from "../../sim/assert.ts";
import type { Packet, PacketPool } from "../packet.ts";

/** Lets a `Set` of the packets under way stand beside a pool: a packet is taken and given back in turn, and only one under way arrives. */
export function modelPackets(pool: PacketPool): void {
  const held = new Set<Packet>();
  const free = new Set(pool.free);
  for (let row = 0; row < pool.count; row += 1) if (!free.has(pool.at(row))) held.add(pool.at(row));
  const take = pool.take.bind(pool);
  pool.take = () => {
    const packet = take();
    assert(!held.has(packet), `a packet has one holder: packet ${packet.row} is under way`);
    held.add(packet);
    return packet;
  };
  const release = pool.release.bind(pool);
  pool.release = (packet) => {
    assert(held.delete(packet), `a packet is given back once: packet ${packet.row} is free`);
    release(packet);
  };
  const at = pool.at.bind(pool);
  pool.at = (row) => {
    const packet = at(row);
    assert(held.has(packet), `a packet that arrives is under way: packet ${row} is free`);
    return packet;
  };
}
