/** The document `ports/1`: the source ports that a kernel picked. */
export interface PortsDocument {
  readonly format: "ports/1";
  readonly kernel: string;
  /** Which ports connect() tries, and in which order, by the kernels that have the walk. */
  readonly portWalk: string;
  /** `ip_local_port_range`, both ends included. */
  readonly range: readonly [low: number, high: number];
  readonly settings: PortsSettings;
  /** In the order of the calls. */
  readonly connects: readonly PortsConnect[];
}

/** What was asked for. */
export interface PortsSettings {
  readonly seed: string;
  /** Blocks of ports in order, both ends included. */
  readonly reserved: readonly (readonly [first: number, last: number])[];
  readonly listen: readonly (readonly [first: number, last: number])[];
  readonly destinations: number;
  readonly gapSeconds: number;
  readonly close: "rst" | "fin" | "keep";
  /** Given, not drawn: 32 bits. */
  readonly cursor?: number;
  /** Given, not drawn: 32 bits, 64 on walk 5.18+, in decimal. */
  readonly hash?: string;
  /** Given, not drawn: what the walk draws, in turn. */
  readonly noise?: readonly number[];
  /** `ip_local_port_step_width`, if it was set. */
  readonly stepWidth?: number;
  /** IP_LOCAL_PORT_RANGE of each socket, if it was set. */
  readonly socketRange?: readonly [low: number, high: number];
}

/** One call of connect(): the port that it got, or the error. */
export interface PortsConnect {
  /** Seconds since the first call. */
  readonly at: number;
  /** The number of the server, from 0. */
  readonly destination: number;
  readonly port?: number;
  readonly error?: string;
  /** Ports that the kernel looked at. */
  readonly candidates: number;
  /** The 10-s epoch that salts the port hash, from 0; absent where the hash is never salted anew. */
  readonly epoch?: number;
}
