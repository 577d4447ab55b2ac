import { klogQuoted } from "../klog.ts";
import type { GracefulTerminationEra } from "./kube_proxy_eras.ts";

/** What decides how a line reads. */
type LogStyle = Pick<GracefulTerminationEra, "logsStructured">;

/**
 * What the log says of a real server that is not in the kernel any more.
 *
 * Source: pkg/proxy/ipvs/graceful_termination.go flushList, GracefulDeleteRS, v1.12.2 v1.23.4.
 *
 * @param name of the real server, with its virtual server.
 * @param who meets it: the sync that lets it go, or the minute's look at the list.
 */
export function missingText(name: string, who: "sync" | "minute", { logsStructured }: LogStyle): string {
  const error = `ailed to delete rs "${name}", can't find the real server`;
  if (logsStructured)
    return `"Error in deleting real server" err=${klogQuoted(`f${error}`)} realServer=${klogQuoted(name)}`;
  return `${who === "minute" ? "Try delete" : "Delete"} rs "${name}" err: F${error}`;
}

/**
 * What the log says of a real server that leaves the list. Releases whose list lets nothing out say it all the same.
 *
 * Source: pkg/proxy/ipvs/graceful_termination.go flushList, v1.12.2 v1.23.4.
 */
export function removedText(name: string, { logsStructured }: LogStyle): string {
  if (logsStructured) {
    return `"Removed real server from graceful delete real server list" realServer=${klogQuoted(name)}`;
  }
  return `lw: remote out of the list: ${name}`;
}

/**
 * What the log says at the end of a look at the list that met an error.
 *
 * Source: pkg/proxy/ipvs/graceful_termination.go tryDeleteRs, v1.12.2 v1.23.4.
 */
export function flushFailedText({ logsStructured }: LogStyle): string {
  return logsStructured ? '"Try flush graceful termination list error"' : "Try flush graceful termination list err";
}
