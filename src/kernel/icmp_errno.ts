import { Errno } from "./errno.ts";
import { Icmp } from "./icmp.ts";

/** Parameter problem, the one type of ICMP error that nothing here sends. */
const PARAMETER_PROBLEM = 12;

/** The errno of each code of "destination unreachable"; 0 for code 4, which is about the MTU and ends nothing. */
const UNREACHABLE: readonly number[] = [
  Errno.ENETUNREACH,
  Errno.EHOSTUNREACH,
  Errno.ENOPROTOOPT,
  Errno.ECONNREFUSED,
  0,
  Errno.EOPNOTSUPP,
  Errno.ENETUNREACH,
  Errno.EHOSTDOWN,
  Errno.ENONET,
  Errno.ENETUNREACH,
  Errno.EHOSTUNREACH,
  Errno.ENETUNREACH,
  Errno.EHOSTUNREACH,
  Errno.EHOSTUNREACH,
  Errno.EHOSTUNREACH,
  Errno.EHOSTUNREACH,
];

/** The codes of "destination unreachable" that may pass, so that a socket with a peer goes on. */
const SOFT_CODES: readonly number[] = [0, 1, 4, 5, 11, 12];

/**
 * The errno that an ICMP error stands for, 0 if for none. It ends a connection attempt, whether it is hard or not.
 *
 * Source: net/ipv4/icmp.c icmp_err_convert; net/ipv4/tcp_ipv4.c tcp_v4_err, v6.1.
 */
export function icmpErrno(type: number, code: number): number {
  if (type === Icmp.TIME_EXCEEDED) return Errno.EHOSTUNREACH;
  if (type === PARAMETER_PROBLEM) return Errno.EPROTO;
  return type === Icmp.DEST_UNREACH ? (UNREACHABLE[code] ?? 0) : 0;
}

/**
 * The same for a socket that has a peer already: 0 for an error that may pass.
 *
 * Source: net/ipv4/icmp.c icmp_err_convert; net/ipv4/udp.c __udp4_lib_err, v6.1.
 */
export function hardIcmpErrno(type: number, code: number): number {
  const isSoft = type === Icmp.TIME_EXCEEDED || (type === Icmp.DEST_UNREACH && SOFT_CODES.includes(code));
  return isSoft ? 0 : icmpErrno(type, code);
}
