/** What the system says, in words that complete "Cannot read …: " or "Cannot write …: ". */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EBUSY: "it is in use",
  EDQUOT: "the disk quota is used up",
  EEXIST: "it exists already; name another file, or remove it first",
  EFBIG: "the file would be larger than this user may write",
  EIO: "the disk or its driver reports an error",
  EISDIR: "it is a directory",
  ELOOP: "its links lead in a circle",
  EMFILE: "too many files are open; raise the limit (ulimit -n)",
  ENAMETOOLONG: "its name is too long",
  ENFILE: "too many files are open on this machine",
  ENODEV: "there is no such device",
  ENOENT: "there is no such file",
  ENOSPC: "no space is left on the device",
  ENOTDIR: "a part of the path is no directory",
  ENXIO: "nothing reads at its other end",
  EPERM: "the system does not permit it",
  EPIPE: "its reader has gone",
  EROFS: "the file system is read-only",
  ERR_FS_FILE_TOO_LARGE: "it is larger than 2 GiB",
  ERR_STRING_TOO_LONG: "it is larger than 512 MiB",
  ESTALE: "the file server has lost it",
  ESTEADY: "it changes while it is read; try again once it is written",
  ETXTBSY: "it is a program that runs",
};

/** The code of a system error, such as `ENOSPC`; `undefined` for any other error. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/**
 * A system error in words.
 *
 * @throws the error itself if it is none of the system's: then it is a bug.
 */
export function whyOf(error: unknown): string {
  const code = codeOf(error);
  if (code === undefined) throw error;
  return REASONS[code] ?? code;
}

/** A system error in words, of something that was to be written: there, a missing file is a missing folder. */
export function whyNotWritten(error: unknown): string {
  return codeOf(error) === "ENOENT" ? "there is no such folder, and it cannot be made" : whyOf(error);
}
