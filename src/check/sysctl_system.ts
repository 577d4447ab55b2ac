import type { SysctlFile } from "./sysctl_file.ts";
import { compareTexts } from "../scenario/compare_texts.ts";

/** The folders of `sysctl --system` below the root, the strongest first: of files with one name only the first counts. */
export const SYSCTL_FOLDERS: readonly string[] = [
  "etc/sysctl.d",
  "run/sysctl.d",
  "usr/local/lib/sysctl.d",
  "usr/lib/sysctl.d",
  "lib/sysctl.d",
];

/** The file that is read last. */
export const SYSCTL_CONF = "etc/sysctl.conf";

/** A file that no tool reads, although it looks as if it should be. */
export interface UnreadFile {
  readonly file: SysctlFile;
  /** The reason as the end of a sentence. */
  readonly why: string;
  /** Where it would be read. */
  readonly belongs: string;
}

/** Files in the order in which they are applied, and those that are not. */
export interface SysctlOrder {
  readonly applied: readonly SysctlFile[];
  /** Files that one of the same name in a stronger folder replaces. */
  readonly masked: readonly { readonly file: SysctlFile; readonly by: SysctlFile }[];
  readonly unread: readonly UnreadFile[];
}

/**
 * The files below a root in the order of `sysctl --system`: by name, whatever the folder, and `/etc/sysctl.conf` last.
 *
 * Not modelled: systemd-sysctl at boot, which reads the same folders but no `/etc/sysctl.conf` unless a link in
 * `sysctl.d` names it, and which writes each key once: a line that the kernel refuses then leaves the kernel's default,
 * not the value of an earlier line.
 * Source: src/sysctl.c PreloadSystem, Procps-ng v4.0.4.
 *
 * @param files with paths below the root, such as `etc/sysctl.d/99-k8s.conf`.
 */
export function systemOrder(files: readonly SysctlFile[]): SysctlOrder {
  const byName = new Map<string, SysctlFile>();
  const masked: { readonly file: SysctlFile; readonly by: SysctlFile }[] = [];
  const unread: UnreadFile[] = [];
  const ranked = [...files].toSorted((a, b) => folderRank(a.path) - folderRank(b.path) || compareTexts(a.path, b.path));
  let last: SysctlFile | undefined;
  for (const file of ranked) {
    const problem = unreadReason(file);
    const name = file.path.replace(/^.*\//, "");
    const stronger = byName.get(name);
    if (file.path === SYSCTL_CONF) last = file;
    else if (problem !== undefined) unread.push({ file, ...problem });
    else if (stronger !== undefined) masked.push({ file, by: stronger });
    else byName.set(name, file);
  }
  const applied = [...byName.entries()].toSorted(([a], [b]) => compareTexts(a, b)).map(([, file]) => file);
  return { applied: last === undefined ? applied : [...applied, last], masked, unread };
}

/** The files of one folder, or of a list: in the given order, or by name. */
export function folderOrder(files: readonly SysctlFile[], isByName: boolean): SysctlOrder {
  if (!isByName) return { applied: files, masked: [], unread: [] };
  const sorted = [...files].toSorted((a, b) => compareTexts(a.path, b.path));
  const unread = sorted
    .filter(({ path }) => !path.endsWith(".conf"))
    .map((file) => ({ file, why: "its name does not end in .conf", belongs: withConf(file.path) }));
  return { applied: sorted.filter(({ path }) => path.endsWith(".conf")), masked: [], unread };
}

/** Folders that people mean for `sysctl.d`, and that nothing reads. */
export const WRONG_FOLDER = /^(?:sysconf|sysctl\.conf|sysctls?|sysctld|systcl|syctl|sysclt|sysctl-d)(?:\.d)?$/;

function unreadReason({ path }: SysctlFile): { readonly why: string; readonly belongs: string } | undefined {
  const folder = path.replace(/\/[^/]*$/, "");
  const name = path.slice(folder.length + 1);
  const parent = SYSCTL_FOLDERS.find((known) => folder === known);
  if (parent !== undefined) {
    return name.endsWith(".conf") ? undefined : { why: "its name does not end in .conf", belongs: withConf(path) };
  }
  const above = SYSCTL_FOLDERS.find((known) => folder.startsWith(`${known}/`));
  if (above !== undefined)
    return { why: "folders below sysctl.d are not searched", belongs: `${above}/${withConf(name)}` };
  return { why: `nothing reads /${folder}`, belongs: `etc/sysctl.d/${withConf(name)}` };
}

function withConf(path: string): string {
  return path.endsWith(".conf") ? path : `${path}.conf`;
}

function folderRank(path: string): number {
  const rank = SYSCTL_FOLDERS.findIndex((folder) => path.startsWith(`${folder}/`));
  return rank < 0 ? SYSCTL_FOLDERS.length : rank;
}
