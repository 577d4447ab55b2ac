import { BASE, CHANGES, type EraRow, VENDOR_ROWS } from "./era_table.ts";
import { HZ_VALUES, type KernelEra, type KernelRelease, PORT_WALKS, type PortWalkName } from "./kernel_era.ts";

const OLDEST: KernelRelease = [3, 10, 0];
const NEWEST_MINOR: KernelRelease = [7, 2, 0];

/** The last minor number of each major series that has ended. */
const LAST_MINOR = new Map([
  [3, 19],
  [4, 20],
  [5, 19],
  [6, 19],
]);

const UPSTREAM_HZ = 250;

/** One build or more of every walk, of the recordings and of common distributions. */
const BUILDS: readonly string[] = [
  "3.10.108",
  "3.10.0-1160.el7",
  "4.1.19",
  "4.4.11",
  "4.9.320",
  "4.14.285",
  "4.18.0-147.el8",
  "4.19",
  "4.19.249",
  "5.4.188",
  "5.4.201",
  "5.10.89",
  "5.10.125",
  "5.10.262",
  "5.15.24",
  "5.15.100",
  "5.18",
  "6.1",
  "6.1.176",
  "6.5",
  "6.6",
  "6.8",
  "6.12",
  "6.12.113",
  "6.18.44",
  "7.1",
  "7.2",
];

/** What a scenario or a command line says about a kernel. All of it is text or a plain number, never a YAML number. */
export interface KernelRequest {
  /** `5.10` is 5.10.0, never 5.1; `5.4.188`; `3.10.0-1160.el7`. */
  readonly build: string;
  /** The walk of a build that has no row, or another walk than the build's own. */
  readonly portWalk?: string | undefined;
  /** Ticks per second: 250 for upstream builds and 1000 for el7 and el8 unless given. */
  readonly hz?: number | undefined;
}

/** A kernel, or why there is none: what is wrong, the walks it may have, and what to write. */
export type KernelResolution =
  | { readonly ok: true; readonly era: KernelEra }
  | {
      readonly ok: false;
      readonly problem: string;
      readonly candidates: readonly PortWalkName[];
      readonly toMend: string;
    };

/**
 * Finds the era of a build: an upstream `x.y` or `x.y.z` from 3.10 to 7.2 by ranges, stable backports included, where
 * `x.y` is the release `x.y.0`; a vendor's build by its row; any other build that begins with an upstream number only
 * if `portWalk` says how it walks, and then as upstream of that number with that walk.
 *
 * @returns the era, or the problem with the candidate walks and the key that decides.
 * @example
 * ```ts
 * const known = resolveKernel({ build: "5.10.125" });
 * if (known.ok) console.log(known.era.portWalk); // 5.18+
 * const unknown = resolveKernel({ build: "5.15.0-91-generic" });
 * if (!unknown.ok) console.log(unknown.candidates); // [ '5.12-5.17', '5.18+' ]
 * ```
 */
export function resolveKernel(request: KernelRequest): KernelResolution {
  const { build, portWalk, hz } = request;
  if (hz !== undefined && !HZ_VALUES.includes(hz)) {
    return problem(`a kernel cannot tick ${hz} times a second`, [], "write hz: 100, 250, 300 or 1000");
  }
  const walk = PORT_WALKS.find((name) => name === portWalk);
  if (portWalk !== undefined && walk === undefined) {
    return problem(`"${portWalk}" is no port walk`, PORT_WALKS, `write one of ${PORT_WALKS.join(", ")}`);
  }
  const vendorRow = VENDOR_ROWS.find((row) => row.pattern.test(build));
  const release = vendorRow?.release ?? leadingRelease(build);
  if (release === undefined) {
    const digits = /^v(\d.*)$/.exec(build)?.[1];
    const toMend = digits === undefined ? "write an upstream release such as 5.10 or 6.1.176" : `write ${digits}`;
    return problem(`"${build}" does not begin with a kernel release`, [], toMend);
  }
  const outside = releaseProblem(release);
  if (outside !== undefined) return problem(outside, [], "write a kernel from 3.10 to 7.2");
  const isKnown = vendorRow !== undefined || /^\d+\.\d+(\.\d+)?$/.test(build);
  if (!isKnown && walk === undefined) return unknownVendor(build, release, hz);
  const row = { ...upstreamRow(release), ...vendorRow?.gives };
  const vendor = vendorRow?.vendor ?? (isKnown ? "upstream" : "other");
  const era: KernelEra = { build, release, vendor, hz: hz ?? vendorRow?.hz ?? UPSTREAM_HZ, ...row };
  return { ok: true, era: walk === undefined || walk === row.portWalk ? era : withWalk(era, walk) };
}

/**
 * Whether a release has a change: it is not older than the first mainline release, or it belongs to the stable line of
 * one of the other firsts and is not older than that.
 *
 * @param firsts the first mainline release, then the first of each stable line that took the change.
 */
export function isSince(release: KernelRelease, firsts: readonly string[]): boolean {
  return firsts.some((first, index) => {
    const [major, minor, patch] = leadingRelease(first) ?? OLDEST;
    const isLine = release[0] === major && release[1] === minor;
    return isLine ? release[2] >= patch : index === 0 && isOlder([major, minor, patch], release);
  });
}

/**
 * Builds for help texts and completion; each of them resolves without further keys.
 *
 * @example
 * ```ts
 * console.log(kernelBuilds().includes("5.4.188")); // true
 * ```
 */
export function kernelBuilds(): readonly string[] {
  return BUILDS;
}

/** The newest of those builds. */
export function newestEra(): KernelEra {
  const resolution = resolveKernel({ build: BUILDS.at(-1) ?? "" });
  if (!resolution.ok) throw new Error("Broken invariant: each build offered as an example resolves");
  return resolution.era;
}

function problem(text: string, candidates: readonly PortWalkName[], toMend: string): KernelResolution {
  return { ok: false, problem: text, candidates, toMend };
}

/** Vendors take newer code under an old number, so a build may have the walk of its number or any newer one. */
function unknownVendor(build: string, release: KernelRelease, hz: number | undefined): KernelResolution {
  const candidates = PORT_WALKS.slice(PORT_WALKS.indexOf(upstreamRow(release).portWalk));
  return problem(
    `"${build}" has no row in the era table: its vendor's patches decide how it walks the ports (${candidates.join(" or ")})`,
    candidates,
    `write kernel: { build: ${build}, portWalk: ${candidates.at(-1) ?? "5.18+"}, hz: ${hz ?? UPSTREAM_HZ} } with the walk and tick rate of that build`,
  );
}

function withWalk(era: KernelEra, portWalk: PortWalkName): KernelEra {
  return { ...era, portWalk, portHashIsResalted: portWalk === "5.18+" };
}

function upstreamRow(release: KernelRelease): EraRow {
  let row = BASE;
  for (const change of CHANGES) if (isSince(release, change.firsts)) row = { ...row, ...change.gives };
  return row;
}

function leadingRelease(text: string): KernelRelease | undefined {
  const match = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})(?:\.(0|[1-9]\d{0,3}))?(?![\d.])/.exec(text);
  return match === null ? undefined : [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
}

function releaseProblem(release: KernelRelease): string | undefined {
  const name = `${release[0]}.${release[1]}`;
  if (isOlder(release, OLDEST)) return `kernel ${name} is older than 3.10, the oldest in the era table`;
  if (isOlder(NEWEST_MINOR, [release[0], release[1], 0]))
    return `kernel ${name} is newer than 7.2, the newest in the era table`;
  const last = LAST_MINOR.get(release[0]);
  if (last === undefined || release[1] <= last) return undefined;
  return `there is no kernel ${name}: the ${release[0]}.x series ended with ${release[0]}.${last}`;
}

function isOlder(a: KernelRelease, b: KernelRelease): boolean {
  return a[0] !== b[0] ? a[0] < b[0] : a[1] !== b[1] ? a[1] < b[1] : a[2] < b[2];
}
