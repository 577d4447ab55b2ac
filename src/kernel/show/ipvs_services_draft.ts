import type { ListingProblem, Listing } from "./listing.ts";
import type { IpvsServerRow, IpvsServiceRow, IpvsTarget } from "./ipvs_rows.ts";

/**
 * The virtual services that a reader has met so far. A server whose service could not be read is passed over, since that
 * has been reported.
 */
export class IpvsServicesDraft {
  readonly #services: { readonly service: Omit<IpvsServiceRow, "servers">; readonly servers: IpvsServerRow[] }[] = [];
  readonly #byTarget = new Map<string, IpvsServerRow[]>();
  readonly #problems: ListingProblem[] = [];

  /** @returns what is wrong, or `undefined`. */
  addService(service: Omit<IpvsServiceRow, "servers">): string | undefined {
    const key = keyOf(service.target);
    if (this.#byTarget.has(key)) return "Cannot take this virtual service: it stands above already";
    const servers: IpvsServerRow[] = [];
    this.#services.push({ service, servers });
    this.#byTarget.set(key, servers);
    return undefined;
  }

  /** @returns what is wrong, or `undefined`. */
  addServer(target: IpvsTarget, server: IpvsServerRow): string | undefined {
    const servers = this.#byTarget.get(keyOf(target));
    if (servers === undefined) return "Cannot take this real server: its virtual service does not stand above it";
    servers.push(server);
    return undefined;
  }

  report(line: number, message: string): void {
    this.#problems.push({ line, message });
  }

  listing(): Listing<IpvsServiceRow> {
    const rows = this.#services.map(({ service, servers }) => ({ ...service, servers }));
    return { rows, problems: this.#problems };
  }
}

function keyOf(target: IpvsTarget): string {
  if (target.kind === "fwmark") return `${target.fwmark} ${target.isIpv6 ? 6 : 4}`;
  return `${target.protocol} ${target.virtual.address} ${target.virtual.port}`;
}
