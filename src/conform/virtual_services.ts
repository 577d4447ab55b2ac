import type { Ipvs } from "../kernel/ipvs/ipvs.ts";
import { SCHEDULER_NAMES, type SchedulerName } from "../kernel/ipvs/schedulers.ts";
import type { VirtualService } from "../kernel/ipvs/virtual_service.ts";
import { Protocol } from "../kernel/packet.ts";
import { type Port, seconds } from "../units.ts";
import { readAddress } from "./case_address.ts";
import type { CaseService } from "./setup_schema.ts";

/** What an entry of a case names a service by. */
interface ServicePlaces {
  readonly protocol: "tcp" | "udp";
  readonly address?: string | undefined;
  readonly addresses?: readonly string[] | undefined;
  readonly port?: Port | undefined;
  readonly ports?: readonly Port[] | undefined;
}

/**
 * Adds the services of one entry, each with its real servers, in the entry's order.
 *
 * @returns why the model cannot, or `undefined`.
 */
export function addVirtualServices(ipvs: Ipvs, entry: CaseService): string | undefined {
  const scheduler = schedulerOf(entry.scheduler);
  if (scheduler === undefined) return `the IPVS scheduler ${entry.scheduler} is not modelled`;
  for (const [address, port] of placesOf(entry)) {
    if (findVirtualService(ipvs, entry.protocol, address, port) !== undefined)
      return `there is a virtual service ${address}:${port} already`;
    const service = ipvs.addService(protocolNumber(entry.protocol), readAddress(address), port, scheduler);
    service.persistentTimeout = seconds(entry.persistent_timeout_s);
    for (const server of entry.real_servers) {
      ipvs.addServer(service, readAddress(server.address), server.port, server.weight);
    }
  }
  return undefined;
}

/** Deletes the services of one entry; one that is not there is passed over. */
export function deleteVirtualServices(ipvs: Ipvs, entry: ServicePlaces): void {
  for (const [address, port] of placesOf(entry)) {
    const service = findVirtualService(ipvs, entry.protocol, address, port);
    if (service !== undefined) ipvs.deleteService(service);
  }
}

/** For each port, for each address, in this order. */
function placesOf(entry: ServicePlaces): (readonly [address: string, port: Port])[] {
  const addresses = entry.addresses ?? (entry.address === undefined ? [] : [entry.address]);
  const ports = entry.ports ?? (entry.port === undefined ? [] : [entry.port]);
  return ports.flatMap((port) => addresses.map((address) => [address, port] as const));
}

function findVirtualService(
  ipvs: Ipvs,
  protocol: "tcp" | "udp",
  address: string,
  port: Port,
): VirtualService | undefined {
  return ipvs.findService(protocolNumber(protocol), readAddress(address), port);
}

function protocolNumber(protocol: "tcp" | "udp"): number {
  return protocol === "tcp" ? Protocol.TCP : Protocol.UDP;
}

function schedulerOf(name: string): SchedulerName | undefined {
  return SCHEDULER_NAMES.find((one) => one === name);
}
