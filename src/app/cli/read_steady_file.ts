import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

/** How often a file that is written to meanwhile is read anew. */
const READINGS_MOST = 3;

/** Bytes of one reading step. */
const STEP = 256 * 1024;

/**
 * Reads a file as it stands at one moment: if its size or the time of its last change is another one afterwards, it is read
 * again. A pipe is read to its end.
 *
 * @param most reading ends once there are more bytes than that.
 * @throws the system's error; ESTEADY if the file does not stay as it is.
 */
export async function readSteadyFile(path: string, most = Infinity): Promise<Buffer> {
  for (let reading = 1; reading <= READINGS_MOST; reading += 1) {
    const file = await open(path, "r");
    try {
      const before = await file.stat({ bigint: true });
      const bytes = await readUpTo(file, most, before.isFile() ? Number(before.size) : 0);
      const after = await file.stat({ bigint: true });
      const isSame = before.size === after.size && before.mtimeNs === after.mtimeNs;
      if (!before.isFile() || isSame || bytes.length > most) return bytes;
    } finally {
      await file.close();
    }
  }
  throw Object.assign(new Error(`changes while it is read: ${path}`), { code: "ESTEADY" });
}

/** Reads to the end, or until there are more than `most` bytes; files of /proc do not say their size. */
async function readUpTo(file: FileHandle, most: number, size: number): Promise<Buffer> {
  if (size > 0 && size <= most) return file.readFile();
  const parts: Buffer[] = [];
  for (let length = 0; length <= most;) {
    const { bytesRead, buffer } = await file.read({ buffer: Buffer.allocUnsafe(STEP), position: null });
    if (bytesRead === 0) break;
    parts.push(buffer.subarray(0, bytesRead));
    length += bytesRead;
  }
  return Buffer.concat(parts);
}
