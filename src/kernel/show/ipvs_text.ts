import type { Netns } from "../netns.ts";
import {
  type IpvsForward,
  type IpvsServerRow,
  type IpvsServiceRow,
  type IpvsTarget,
  listIpvsRows,
} from "./ipvs_rows.ts";
import { endpointText } from "./shown_endpoint.ts";

/** IPVS 1.2.1 with CONFIG_IP_VS_TAB_BITS=12. */
const TITLE = [
  "IP Virtual Server version 1.2.1 (size=4096)",
  "Prot LocalAddress:Port Scheduler Flags",
  "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn",
];

const FORWARD_OPTIONS: Readonly<Record<IpvsForward, string>> = {
  Masq: "-m",
  Local: "-g",
  Route: "-g",
  Bypass: "-g",
  Tunnel: "-i",
};

const PROTOCOL_OPTIONS = { TCP: "-t", UDP: "-u", SCTP: "--sctp-service" } as const;

/** What `ipvsadm -Ln` prints in a namespace now. */
export function showIpvs(netns: Netns): string {
  return formatIpvs(listIpvsRows(netns));
}

/** What `ipvsadm-save -n` prints in a namespace now. */
export function showIpvsSave(netns: Netns): string {
  return formatIpvsSave(listIpvsRows(netns));
}

/** The text of `ipvsadm -Ln` for rows in their order. Source: ipvsadm/ipvsadm.c print_service_entry, print_title, v1.31. */
export function formatIpvs(rows: readonly IpvsServiceRow[]): string {
  const lines = rows.flatMap((row) => [serviceLine(row), ...row.servers.map(serverLine)]);
  return [...TITLE, ...lines].map((line) => `${line}\n`).join("");
}

/** The text of `ipvsadm-save -n` for rows in their order. Source: ipvsadm/ipvsadm.c print_service_entry, v1.31. */
export function formatIpvsSave(rows: readonly IpvsServiceRow[]): string {
  const lines = rows.flatMap((row) => {
    const target = targetOption(row.target);
    const servers = row.servers.map(
      ({ real, forward, weight }) => `-a ${target} -r ${endpointText(real)} ${FORWARD_OPTIONS[forward]} -w ${weight}`,
    );
    return [`-A ${target} -s ${row.scheduler}${serviceOptions(row)}`, ...servers];
  });
  return lines.map((line) => `${line}\n`).join("");
}

function serviceLine(row: IpvsServiceRow): string {
  const { target, schedulerFlags, persistentSeconds, persistentMask, persistenceEngine, isOnePacket = false } = row;
  const name =
    target.kind === "fwmark"
      ? `FWM  ${target.fwmark}${target.isIpv6 ? " IPv6" : ""}`
      : `${target.protocol.padEnd(4)} ${endpointText(target.virtual)}`;
  return [
    `${name} ${row.scheduler}`,
    ...(schedulerFlags === undefined ? [] : [`(${schedulerFlags})`]),
    ...(persistentSeconds === undefined ? [] : [`persistent ${persistentSeconds}`]),
    ...(persistentMask === undefined ? [] : [`mask ${persistentMask}`]),
    ...(persistenceEngine === undefined ? [] : [`pe ${persistenceEngine}`]),
    ...(isOnePacket ? ["ops"] : []),
  ].join(" ");
}

function serverLine({ real, forward, weight, connections }: IpvsServerRow): string {
  const { active, inactive } = connections ?? { active: 0, inactive: 0 };
  const columns = [
    endpointText(real).padEnd(28),
    forward.padEnd(7),
    `${weight}`.padEnd(6),
    `${active}`.padEnd(10),
    `${inactive}`.padEnd(10),
  ];
  return `  -> ${columns.join(" ")}`;
}

function targetOption(target: IpvsTarget): string {
  if (target.kind === "fwmark") return `-f ${target.fwmark}${target.isIpv6 ? " -6" : ""}`;
  return `${PROTOCOL_OPTIONS[target.protocol]} ${endpointText(target.virtual)}`;
}

function serviceOptions(row: IpvsServiceRow): string {
  const { schedulerFlags, persistentSeconds, persistentMask, persistenceEngine, isOnePacket = false } = row;
  return [
    ...(persistentSeconds === undefined ? [] : [` -p ${persistentSeconds}`]),
    ...(persistentMask === undefined ? [] : [` -M ${persistentMask}`]),
    ...(persistenceEngine === undefined ? [] : [` --pe ${persistenceEngine}`]),
    ...(isOnePacket ? [" -o"] : []),
    ...(schedulerFlags === undefined ? [] : [` -b ${schedulerFlags}`]),
  ].join("");
}
