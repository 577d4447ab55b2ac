/** Status bits of an entry, named as in include/uapi/linux/netfilter/nf_conntrack_common.h. */
export const CtStatus = {
  SEEN_REPLY: 2,
  ASSURED: 4,
  CONFIRMED: 8,
  SRC_NAT: 16,
  DST_NAT: 32,
  SRC_NAT_DONE: 128,
  DST_NAT_DONE: 256,
  /** It is out of the chains, and the packet that killed it is still under way with it. */
  DYING: 512,
  /** This side sent the first FIN (IP_CT_TCP_FLAG_CLOSE_INIT of the original and of the reply direction). */
  CLOSE_INIT_ORIGINAL: 1024,
  CLOSE_INIT_REPLY: 2048,
  /** The acknowledgement number of this direction is known (IP_CT_TCP_FLAG_MAXACK_SET). */
  MAXACK_ORIGINAL: 4096,
  MAXACK_REPLY: 8192,
  /** This direction's data is not acknowledged yet (IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED). */
  UNACKNOWLEDGED_ORIGINAL: 16_384,
  UNACKNOWLEDGED_REPLY: 32_768,
} as const;
