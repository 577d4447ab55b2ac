import type { Netns } from "./netns.ts";
import type { Packet } from "./packet.ts";
import { deviceSysctl } from "./sysctl.ts";

/** The modes of `rp_filter`: the larger of `all` and the device's counts. */
const STRICT = 1;

/**
 * The test of a packet's source when it is routed: no host but this one sends from its own addresses, and with
 * `rp_filter` the way back must exist (2) or lead out by the device that the packet came in by (1).
 *
 * Source: net/ipv4/fib_frontend.c __fib_validate_source; net/ipv4/route.c ip_route_input_slow, v6.1.
 * Not modelled: sources that are broadcast, multicast or in 127.0.0.0/8 beyond this test, src_valid_mark.
 */
export class SourceValidation {
  readonly #netns: Netns;
  readonly #modes = new Map<string, number>();
  #hasFilter = false;

  constructor(netns: Netns) {
    this.#netns = netns;
    netns.sysctls.onChange((name) => {
      this.#modes.clear();
      if (name.endsWith(".rp_filter")) this.#hasFilter = true;
    });
  }

  /** Whether the packet may be routed; what may not is counted under its reason. */
  accepts(packet: Packet): boolean {
    const { routes, counters } = this.#netns;
    if (packet.device?.isLoopback === true) return true;
    const device = packet.inDevice ?? "";
    if (routes.isLocal(packet.src)) {
      if (this.#number(device, "accept_local") !== 0) return true;
      counters.in_martian_src += 1;
      return false;
    }
    const mode = this.#hasFilter ? this.#modeOf(device) : 0;
    if (mode === 0) return true;
    const back = routes.lookup(packet.src);
    if (back.kind === "unicast" && (mode !== STRICT || back.device?.name === device)) return true;
    counters.TcpExtIPReversePathFilter += 1;
    return false;
  }

  #modeOf(device: string): number {
    let mode = this.#modes.get(device);
    if (mode === undefined) {
      mode = this.#number(device, "rp_filter");
      this.#modes.set(device, mode);
    }
    return mode;
  }

  /** The larger of the values of all devices and of this one. */
  #number(device: string, setting: string): number {
    const { sysctls } = this.#netns;
    const valueOf = (name: string): number => sysctls.number(deviceSysctl(name, setting));
    return Math.max(valueOf("all"), valueOf(device));
  }
}
