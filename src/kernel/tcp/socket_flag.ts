/** Flags of a socket. */
export const SocketFlag = {
  /** It stands in the index of 4-tuples. */
  HASHED: 1,
  /** It owns a bind bucket. */
  HAS_PORT: 2,
  /** Its port was bound explicitly, by bind, listen or bind(0). */
  BOUND: 4,
  REUSE_ADDRESS: 8,
  /** SO_LINGER {1, 0}: close sends a RST. */
  LINGER_RESET: 16,
  /** The application has closed it. */
  ORPHAN: 32,
  /** A FIN has been sent. */
  FIN_SENT: 64,
  /** An ACK is owed and waits for the delayed-ACK timer. */
  ACK_PENDING: 128,
  /** Payload has come in, so ACKs are quick. */
  HAS_RECEIVED: 256,
  /** It has answered payload with payload, so ACKs are delayed (ping-pong mode). */
  PINGPONG: 512,
  /** IPVS took a packet meant for it. */
  DIVERTED: 1024,
  /** Conntrack refused one of its packets because the table was full. */
  CONNTRACK_FULL: 2048,
  /** The peer's FIN has come in. */
  FIN_RECEIVED: 4096,
  /** IP_BIND_ADDRESS_NO_PORT: bind stores the address only. */
  NO_PORT: 8192,
  /** IP_LOCAL_PORT_RANGE: the socket has a range of its own. */
  PORT_RANGE: 16384,
  REUSE_PORT: 32_768,
} as const;
