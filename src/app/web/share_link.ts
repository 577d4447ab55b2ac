import type { NodePortWish, PageSettings } from "./page_settings.ts";
import { OWN_FILE } from "./page_settings.ts";

/** What a link holds: settings, and the release of portfall that it was made with. */
export interface SharedSettings {
  readonly settings: PageSettings;
  readonly version: string;
}

/**
 * Settings as the fragment of a link, without the `#`: the name of a shipped scenario, or the text of another one
 * compressed, and what is changed of it.
 *
 * @param shipped the texts of the shipped scenarios by their paths.
 */
export async function fragmentOf(
  { settings, version }: SharedSettings,
  shipped: ReadonlyMap<string, string>,
): Promise<string> {
  const { file, text, values, nodePorts } = settings;
  const words = new URLSearchParams();
  if (shipped.get(file) === text) words.set("scenario", nameOf(file));
  else
    words.set("text", base64Url(await through(new TextEncoder().encode(text), new CompressionStream("deflate-raw"))));
  for (const [path, value] of Object.entries(values)) words.append("set", `${path}=${value}`);
  if (nodePorts !== undefined) {
    words.set(
      "nodePorts",
      `${nodePorts.placement}:${nodePorts.placement === "listed" ? nodePorts.list : nodePorts.count}`,
    );
  }
  words.set("portfall", version);
  return words.toString();
}

/**
 * Reads the fragment of a link.
 *
 * @returns the settings, a sentence about what is wrong with the link, or `undefined` for a link that holds none.
 */
export async function settingsOf(
  fragment: string,
  shipped: ReadonlyMap<string, string>,
): Promise<SharedSettings | string | undefined> {
  const words = new URLSearchParams(fragment.replace(/^#/, ""));
  const [name, packed] = [words.get("scenario"), words.get("text")];
  if (name === null && packed === null) return undefined;
  const file = name === null ? OWN_FILE : `scenarios/${name}.yaml`;
  const text = packed === null ? shipped.get(file) : await unpacked(packed);
  if (text === TOO_LONG) return "The link holds a scenario of more than 4 MiB, which no scenario has.";
  if (text === undefined) {
    return packed === null
      ? `The link names the scenario ${JSON.stringify(name)}, which this page does not have.`
      : "The link is damaged: the scenario in it cannot be read. It may have been cut short.";
  }
  const values = words.getAll("set").flatMap((setting) => {
    const at = setting.indexOf("=");
    return at < 1 ? [] : [[setting.slice(0, at), setting.slice(at + 1)] as const];
  });
  const nodePorts = wishOf(words.get("nodePorts"));
  const settings = {
    file,
    text,
    values: Object.fromEntries(values),
    ...(nodePorts === undefined ? {} : { nodePorts }),
  };
  return { settings, version: words.get("portfall") ?? "" };
}

/** `nodelocaldns` of `scenarios/nodelocaldns.yaml`. */
export function nameOf(file: string): string {
  return file.replace(/^.*\//, "").replace(/\.yaml$/, "");
}

function wishOf(text: string | null): NodePortWish | undefined {
  const match = /^(random|contiguous|listed):(.*)$/s.exec(text ?? "");
  const [, placement, rest = ""] = match ?? [];
  if (placement === "listed") return { placement, count: 0, list: rest };
  if (placement !== "random" && placement !== "contiguous") return undefined;
  return /^\d{1,5}$/.test(rest) ? { placement, count: Number(rest), list: "" } : undefined;
}

/** A scenario's text is refused beyond 4 MiB anyway. */
const UNPACKED_MOST = 4 * 1024 * 1024;

/** Of `unpacked`: the text goes on beyond that. */
const TOO_LONG = Symbol("too long");

class TooLong extends Error {}

async function unpacked(packed: string): Promise<string | typeof TOO_LONG | undefined> {
  try {
    const bytes = Uint8Array.from(
      atob(packed.replaceAll("-", "+").replaceAll("_", "/")),
      (one) => one.codePointAt(0) ?? 0,
    );
    const content = await through(bytes, new DecompressionStream("deflate-raw"));
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch (error) {
    return error instanceof TooLong ? TOO_LONG : undefined;
  }
}

async function through(
  content: Uint8Array<ArrayBuffer>,
  stream: CompressionStream | DecompressionStream,
): Promise<Uint8Array<ArrayBuffer>> {
  const out = new Blob([content]).stream().pipeThrough(stream);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const reader = out.getReader();
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- pieces of one stream come one after another.
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > UNPACKED_MOST) throw new TooLong();
    chunks.push(new Uint8Array(value));
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

function base64Url(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCodePoint(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
