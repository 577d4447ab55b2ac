import { type LineReading, linesOf, type Listing, NO_ROW, readLines } from "../../kernel/show/listing.ts";
import type { ServiceFact, ServicePortFact } from "./cluster_facts.ts";
import type { IptablesFacts } from "./exports.ts";

/** What `uname -a` or `uname -r` says. */
export interface UnameFact {
  readonly build: string;
  readonly nodeName?: string;
  /** The upstream release that Debian names behind its own build. */
  readonly upstreamRelease?: string;
}

/** Reads `uname -a` or `uname -r`. */
export function parseUname(text: string): Listing<UnameFact> {
  return readLines(text, (line): LineReading<UnameFact> => {
    const match = /^(?:Linux (\S+) )?(\d+\.\d+\S*)( .*)?$/.exec(line.trim());
    if (match === null) return { problem: `Cannot read ${JSON.stringify(line.slice(0, 80))} as uname -a or uname -r` };
    const upstreamRelease = /\bDebian (\d+\.\d+\.\d+)-/.exec(match[3] ?? "")?.[1];
    return {
      row: {
        build: match[2]!,
        ...(match[1] === undefined ? {} : { nodeName: match[1] }),
        ...(upstreamRelease === undefined ? {} : { upstreamRelease }),
      },
    };
  });
}

/** A sysctl and its value. */
export interface SysctlLine {
  readonly name: string;
  readonly text: string;
}

/** Reads `sysctl -a`; its complaints about values that cannot be read are passed over. */
export function parseSysctlList(text: string): Listing<SysctlLine> {
  return readLines(text, (line): LineReading<SysctlLine> => {
    if (line.startsWith("sysctl: ")) return NO_ROW;
    const match = /^([A-Za-z0-9_][^\s=]*) =(?: (.*))?$/.exec(line);
    if (match === null) return { problem: `Cannot read ${JSON.stringify(line.slice(0, 80))} as name = value` };
    return { row: { name: match[1]!, text: (match[2] ?? "").trim() } };
  });
}

/** Reads a file of `sysctl.d` as `sysctl --system` does; patterns with `*` and exclusions are passed over. */
export function parseSysctlFile(text: string): Listing<SysctlLine> {
  return readLines(text, (line): LineReading<SysctlLine> => {
    const trimmed = line.trim();
    if (/^[#;]/.test(trimmed)) return NO_ROW;
    const match = /^-?\s*([^\s=]+)\s*=\s*(.*)$/.exec(trimmed);
    if (match === null)
      return trimmed.startsWith("-")
        ? NO_ROW
        : { problem: `"${trimmed.slice(0, 80)}" has no =: sysctl passes over it` };
    const name = match[1]!.includes("/") ? slashless(match[1]!) : match[1]!;
    return name.includes("*") ? NO_ROW : { row: { name, text: match[2]!.trim() } };
  });
}

/** `net/ipv4/conf/eth0.100/rp_filter` has its dots and slashes the other way round. */
function slashless(name: string): string {
  return name.replace(/[./]/g, (separator) => (separator === "/" ? "." : "/"));
}

/** Reads `ip addr`, IPv4 only: interfaces without such an address have an empty list. */
export function parseIpAddr(text: string): Listing<{ readonly name: string; readonly addresses: readonly string[] }> {
  const rows: { readonly name: string; readonly addresses: string[] }[] = [];
  const problems: { readonly line: number; readonly message: string }[] = [];
  for (const { line, text: shown } of linesOf(text)) {
    const name = /^\d+: ([^\s:@]+)(?:@[^\s:]+)?: </.exec(shown)?.[1];
    if (name !== undefined) {
      rows.push({ name, addresses: [] });
      continue;
    }
    const address = /^\s+inet ([0-9.]+(?:\/\d+)?)(?: peer [0-9./]+)? /.exec(`${shown} `)?.[1];
    if (address !== undefined && rows.length > 0)
      rows.at(-1)!.addresses.push(address.includes("/") ? address : `${address}/32`);
    else if (!/^\s/.test(shown)) problems.push({ line, message: "Cannot read this line as one of ip addr" });
  }
  return { rows, problems };
}

/** Reads `kubectl get svc`, with `-A` or without. */
export function parseServiceTable(text: string): Listing<ServiceFact> {
  return readLines(text, readServiceLine);
}

function readServiceLine(line: string): LineReading<ServiceFact> {
  if (/^(NAMESPACE\s+)?NAME\s+TYPE\s/.test(line)) return NO_ROW;
  const match =
    /^(?:(\S+)\s+)?(\S+)\s+(ClusterIP|NodePort|LoadBalancer|ExternalName)\s+(\S+)\s+(\S+)\s+(\S+)\s+\S+$/.exec(
      line.trim(),
    );
  if (match === null)
    return { problem: "Cannot read this line as NAMESPACE NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE" };
  const [, namespace = "default", name = "", type = "", cluster = "", external = "", portsText = ""] = match;
  const ports: ServicePortFact[] = [];
  for (const part of portsText === "<none>" ? [] : portsText.split(",")) {
    const port = /^(\d{1,5})(?::(\d{1,5}))?\/(TCP|UDP|SCTP)$/.exec(part);
    if (port === null) return { problem: `Cannot read "${part.slice(0, 80)}" as port[:nodePort]/protocol` };
    const nodePort = port[2] === undefined ? {} : { nodePort: Number(port[2]) };
    ports.push({ port: Number(port[1]), protocol: port[3]!, ...nodePort });
  }
  return {
    row: {
      namespace,
      name,
      type,
      ...(isAddress(cluster) ? { clusterAddress: cluster } : {}),
      isHeadless: cluster === "None",
      unserved: [],
      externalAddresses: external.split(",").filter(isAddress),
      ports,
    },
  };
}

function isAddress(word: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(word);
}

/** Facts that rules add to. */
interface IptablesDraft {
  hasServiceChains: boolean;
  dropsInvalid: boolean;
  masquerade: IptablesFacts["masquerade"];
}

/** Reads `iptables-save`: which tables end as they should, and the few rules that bear on ports. */
export function parseIptablesSave(text: string): Listing<IptablesFacts> {
  const problems: { readonly line: number; readonly message: string }[] = [];
  let table: string | undefined;
  let last = 1;
  const facts: IptablesDraft = { hasServiceChains: false, dropsInvalid: false, masquerade: "off" };
  for (const { line, text: shown } of linesOf(text)) {
    last = line;
    if (shown.startsWith("#")) continue;
    if (shown.startsWith("*")) table = shown.slice(1);
    else if (shown === "COMMIT") table = undefined;
    else if (table === undefined || !/^(:|(\[\d+:\d+\] )?-[AI] )/.test(shown))
      problems.push({ line, message: `Cannot read "${shown.slice(0, 80)}" as a line of iptables-save` });
    else takeRule(shown, facts);
  }
  if (table !== undefined)
    problems.push({ line: last, message: `The table ${table} has no COMMIT: the text is cut off` });
  return { rows: [facts], problems };
}

function takeRule(rule: string, facts: IptablesDraft): void {
  if (rule.startsWith(":KUBE-SVC-")) facts.hasServiceChains = true;
  if (/--ctstate INVALID\b.* -j DROP/.test(rule)) facts.dropsInvalid = true;
  const isPlugin = /^(\[\d+:\d+\] )?-A (POSTROUTING|CNI-|FLANNEL-|IP-MASQ|cali-|KUBE-ROUTER|AWS-SNAT)/.test(rule);
  if (!isPlugin || !/ -j (MASQUERADE|SNAT)/.test(rule)) return;
  if (rule.includes("--random-fully")) facts.masquerade = "random-fully";
  else if (facts.masquerade === "off") facts.masquerade = "on";
}
