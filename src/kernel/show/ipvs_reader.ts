import {
  IPVS_FORWARDS,
  IPVS_PROTOCOLS,
  type IpvsServerRow,
  type IpvsServiceRow,
  type IpvsTarget,
} from "./ipvs_rows.ts";
import { IpvsServicesDraft } from "./ipvs_services_draft.ts";
import { linesOf, type Listing, parseCount, wordsOf } from "./listing.ts";
import { parseEndpoint } from "./shown_endpoint.ts";

type Service = Omit<IpvsServiceRow, "servers">;

const TITLE = /^(IP Virtual Server version |Prot LocalAddress:Port|\s*-> RemoteAddress:Port)/;

/** Reads the text of `ipvsadm -Ln`, with or without its title, also if it has lost its columns. */
export function parseIpvs(text: string): Listing<IpvsServiceRow> {
  const draft = new IpvsServicesDraft();
  let current: IpvsTarget | "none" | "unread" = "none";
  for (const { line, text: lineText } of linesOf(text)) {
    if (TITLE.test(lineText)) continue;
    const words = wordsOf(lineText);
    if (words[0] === "->") {
      const server = readServer(words);
      if (current === "unread") continue;
      const problem =
        typeof server === "string"
          ? server
          : current === "none"
            ? "Cannot take this real server: no virtual service stands above it"
            : draft.addServer(current, server);
      if (problem !== undefined) draft.report(line, problem);
      continue;
    }
    const service = readService(words);
    const problem = typeof service === "string" ? service : draft.addService(service);
    if (problem !== undefined) draft.report(line, problem);
    current = typeof service === "string" || problem !== undefined ? "unread" : service.target;
  }
  return draft.listing();
}

function readServer(words: readonly string[]): IpvsServerRow | string {
  const [, realText = "", forwardText = "", weightText, activeText, inactiveText] = words;
  const real = parseEndpoint(realText);
  if (real === undefined) return `Cannot read "${realText}" as the address:port of a real server`;
  const forward = IPVS_FORWARDS.find((name) => name === forwardText);
  if (forward === undefined) return `Cannot read "${forwardText}" as one of ${IPVS_FORWARDS.join(", ")}`;
  const [weight, active, inactive] = [parseCount(weightText), parseCount(activeText), parseCount(inactiveText)];
  if (weight === undefined || active === undefined || inactive === undefined)
    return `Cannot read "${words.slice(3).join(" ")}" as weight, active and inactive connections`;
  return { real, forward, weight, connections: { active, inactive } };
}

function readService(words: readonly string[]): Service | string {
  const target = readTarget(words);
  if (typeof target === "string") return target;
  const [scheduler, ...flags] = words.slice(target.kind === "fwmark" && target.isIpv6 ? 3 : 2);
  if (scheduler === undefined) return "Cannot find the scheduler of this virtual service";
  return readFlags({ target, scheduler }, flags);
}

function readTarget(words: readonly string[]): IpvsTarget | string {
  const [kind = "", text = ""] = words;
  if (kind === "FWM") {
    const fwmark = parseCount(text);
    if (fwmark === undefined) return `Cannot read "${text}" as a firewall mark`;
    return { kind: "fwmark", fwmark, isIpv6: words[2] === "IPv6" };
  }
  const protocol = IPVS_PROTOCOLS.find((name) => name === kind);
  if (protocol === undefined) return `Cannot read "${kind}" as one of ${IPVS_PROTOCOLS.join(", ")}, FWM, ->`;
  const virtual = parseEndpoint(text);
  if (virtual === undefined) return `Cannot read "${text}" as the address:port of a virtual service`;
  return { kind: "address", protocol, virtual };
}

function readFlags(service: Service, flags: readonly string[]): Service | string {
  let read = service;
  for (let place = 0; place < flags.length; place += 1) {
    const flag = flags[place]!;
    const value = flags[place + 1] ?? "";
    if (flag.startsWith("(") && flag.endsWith(")")) read = { ...read, schedulerFlags: flag.slice(1, -1) };
    else if (flag === "ops") read = { ...read, isOnePacket: true };
    else if (flag === "persistent" || flag === "mask" || flag === "pe") {
      const seconds = flag === "persistent" ? parseCount(value) : 0;
      if (seconds === undefined || value === "") return `Cannot read "${flag} ${value}" as a flag of a virtual service`;
      if (flag === "persistent") read = { ...read, persistentSeconds: seconds };
      else if (flag === "mask") read = { ...read, persistentMask: value };
      else read = { ...read, persistenceEngine: value };
      place += 1;
    } else return `Cannot read "${flag}" as a flag of a virtual service`;
  }
  return read;
}
