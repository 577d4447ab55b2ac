import { formatIpv4, type Ipv4, type Micros } from "../units.ts";
import { calendarTime, padded } from "./calendar.ts";
import type { Outcome } from "./clients.ts";
import type { ProbeObserver } from "./kubelet/kubelet.ts";
import type { Prober } from "./kubelet/prober.ts";
import type { ProbeOptions, Version } from "./options.ts";

/** Lines that are kept. */
const LINES_KEPT = 1000;

/** nginx's own page, which incident 001 asks for. */
const PAGE_BYTES = 615;

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** An HTTP request of the kubelet as the server logs it. */
export interface ProbeRequest {
  readonly client: Ipv4;
  /** When it was answered. */
  readonly at: Micros;
  readonly path: string;
  readonly status: number;
  readonly bytes: number;
}

/**
 * nginx's access log line for a probe, in the `main` format of its packages.
 *
 * Source: nginx/conf/nginx.conf log_format, v1.22.0; pkg/probe/http/http.go DoHTTPProbe, v1.23.
 */
export function accessLogLine({ client, at, path, status, bytes }: ProbeRequest, version: Version): string {
  const { year, month, day, hours, minutes, seconds } = calendarTime(at);
  const time = `${padded(hours, 2)}:${padded(minutes, 2)}:${padded(seconds, 2)}`;
  const stamp = `${padded(day, 2)}/${MONTHS[month - 1]!}/${year}:${time} +0000`;
  return `${formatIpv4(client)} - - [${stamp}] "GET ${path} HTTP/1.1" ${status} ${bytes} "-" "kube-probe/${version[0]}.${version[1]}" "-"`;
}

/** What a probe came to, and where it came from. */
export interface ProbeEnd {
  readonly client: Ipv4;
  readonly at: Micros;
  readonly outcome: Outcome;
}

/**
 * The line that a probe leaves in nginx's access log: none if it does not speak HTTP or its request never arrived; status
 * 499 and no bytes if the kubelet gave up.
 */
export function probeAccessLine(
  { handler }: ProbeOptions,
  { client, at, outcome }: ProbeEnd,
  version: Version,
): string | undefined {
  if (handler.kind !== "httpGet" || (!outcome.isSuccess && !outcome.wasConnected)) return undefined;
  const answer = outcome.isSuccess ? { status: 200, bytes: PAGE_BYTES } : { status: 499, bytes: 0 };
  return accessLogLine({ client, at, path: handler.path, ...answer }, version);
}

/**
 * The access log of one pod's nginx, as far as the kubelet's probes write it.
 *
 * Not modelled: requests of others; a body of another length than that of nginx's own page.
 */
export class AccessLog implements ProbeObserver {
  readonly #pod: string;
  readonly #client: Ipv4;
  readonly #version: Version;
  readonly #lines: string[] = [];

  /** @param pod `namespace/name`. @param client the address that probes come from. @param version of the kubelet. */
  constructor(pod: string, client: Ipv4, version: Version) {
    this.#pod = pod;
    this.#client = client;
    this.#version = version;
  }

  /** At most the first 1,000 lines. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  probed({ subject, probe }: Prober, outcome: Outcome, at: Micros): void {
    if (subject.pod !== this.#pod || this.#lines.length >= LINES_KEPT) return;
    const line = probeAccessLine(probe, { client: this.#client, at, outcome }, this.#version);
    if (line !== undefined) this.#lines.push(line);
  }
}
