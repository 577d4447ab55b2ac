import type { IpvsForward, IpvsServerRow, IpvsServiceRow, IpvsTarget } from "./ipvs_rows.ts";
import { IpvsServicesDraft } from "./ipvs_services_draft.ts";
import { linesOf, type Listing, parseCount, wordsOf } from "./listing.ts";
import { parseEndpoint } from "./shown_endpoint.ts";

const PROTOCOLS = {
  "-t": "TCP",
  "--tcp-service": "TCP",
  "-u": "UDP",
  "--udp-service": "UDP",
  "--sctp-service": "SCTP",
} as const;

const FORWARDS: ReadonlyMap<string, IpvsForward> = new Map([
  ["-m", "Masq"],
  ["-g", "Route"],
  ["-i", "Tunnel"],
]);

/** Options without a value. */
const SWITCHES = new Set(["-m", "-g", "-i", "-o", "-6", "--tun-nocsum", "--tun-csum", "--tun-remcsum"]);

/** The options of a line and their values; `""` for one without. */
type Options = ReadonlyMap<string, string>;

/**
 * Reads the text of `ipvsadm-save -n` (`ipvsadm -S -n`). Tunnel options and thresholds are passed over; a `-g` may have been
 * a local real server.
 */
export function parseIpvsSave(text: string): Listing<IpvsServiceRow> {
  const draft = new IpvsServicesDraft();
  for (const { line, text: lineText } of linesOf(text)) {
    const problem = takeRule(draft, wordsOf(lineText));
    if (problem !== undefined) draft.report(line, problem);
  }
  return draft.listing();
}

/** @returns what is wrong, or `undefined`. */
function takeRule(draft: IpvsServicesDraft, words: readonly string[]): string | undefined {
  const [command = ""] = words;
  if (command !== "-A" && command !== "-a") return `Cannot read "${command}" as -A or -a`;
  const options = optionsOf(words.slice(1));
  if (typeof options === "string") return options;
  const target = targetOf(options);
  if (typeof target === "string") return target;
  const read = command === "-A" ? serviceOf(target, options) : serverOf(options);
  if (typeof read === "string") return read;
  return "scheduler" in read ? draft.addService(read) : draft.addServer(target, read);
}

function optionsOf(words: readonly string[]): Options | string {
  const options = new Map<string, string>();
  for (let place = 0; place < words.length; place += 1) {
    const option = words[place]!;
    if (!option.startsWith("-")) return `Cannot read "${option}" as an option`;
    const value = SWITCHES.has(option) ? "" : words[place + 1];
    if (value === undefined) return `Cannot find the value of ${option}`;
    options.set(option, value);
    if (!SWITCHES.has(option)) place += 1;
  }
  return options;
}

function targetOf(options: Options): IpvsTarget | string {
  const mark = options.get("-f");
  if (mark !== undefined) {
    const fwmark = parseCount(mark);
    return fwmark === undefined
      ? `Cannot read "${mark}" as a firewall mark`
      : { kind: "fwmark", fwmark, isIpv6: options.has("-6") };
  }
  for (const [option, protocol] of Object.entries(PROTOCOLS)) {
    const text = options.get(option);
    if (text === undefined) continue;
    const virtual = parseEndpoint(text);
    return virtual === undefined
      ? `Cannot read "${text}" as address:port: save with ipvsadm-save -n`
      : { kind: "address", protocol, virtual };
  }
  return "Cannot find the virtual service: -t, -u, --sctp-service or -f";
}

function serviceOf(target: IpvsTarget, options: Options): Omit<IpvsServiceRow, "servers"> | string {
  const scheduler = options.get("-s");
  if (scheduler === undefined) return "Cannot find the scheduler: -s";
  const secondsText = options.get("-p");
  const persistentSeconds = secondsText === undefined ? undefined : parseCount(secondsText);
  if (secondsText !== undefined && persistentSeconds === undefined) return `Cannot read "-p ${secondsText}" as seconds`;
  const [mask, engine, flags] = [options.get("-M"), options.get("--pe"), options.get("-b")];
  return {
    target,
    scheduler,
    ...(persistentSeconds === undefined ? {} : { persistentSeconds }),
    ...(mask === undefined ? {} : { persistentMask: mask }),
    ...(engine === undefined ? {} : { persistenceEngine: engine }),
    ...(options.has("-o") ? { isOnePacket: true } : {}),
    ...(flags === undefined ? {} : { schedulerFlags: flags }),
  };
}

function serverOf(options: Options): IpvsServerRow | string {
  const realText = options.get("-r") ?? "";
  const real = parseEndpoint(realText);
  if (real === undefined) return `Cannot read "-r ${realText}" as address:port: save with ipvsadm-save -n`;
  const forward = [...FORWARDS].find(([option]) => options.has(option))?.[1] ?? "Route";
  const weightText = options.get("-w") ?? "1";
  const weight = parseCount(weightText);
  return weight === undefined ? `Cannot read "-w ${weightText}" as a weight` : { real, forward, weight };
}
