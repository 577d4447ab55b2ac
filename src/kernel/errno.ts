/** Error numbers that system calls and sockets report, as asm-generic/errno.h numbers them. */
export const Errno = {
  EAGAIN: 11,
  EDESTADDRREQ: 89,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  ENETUNREACH: 101,
  ECONNRESET: 104,
  ETIMEDOUT: 110,
  ECONNREFUSED: 111,
  EHOSTUNREACH: 113,
  EINVAL: 22,
  EACCES: 13,
  EPIPE: 32,
  ENOPROTOOPT: 92,
  EPROTO: 71,
  EOPNOTSUPP: 95,
  EHOSTDOWN: 112,
  ENONET: 64,
} as const;

/** The name of an error number, e.g. `ECONNREFUSED`. */
export function errnoName(errno: number): string {
  for (const [name, value] of Object.entries(Errno)) if (value === errno) return name;
  return `errno ${errno}`;
}
