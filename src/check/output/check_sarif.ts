import type { CheckResult } from "../check_document.ts";
import type { Finding, Place } from "../finding.ts";
import { RULES } from "../rules.ts";

const SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/**
 * The result as SARIF 2.1.0, with all rules described and with suppressed findings marked as such. Fingerprints do not
 * depend on line numbers, so that a code host knows a finding again when lines move.
 *
 * @param version of portfall.
 * @param digest the SHA-256 of a text.
 */
export function checkSarif(result: CheckResult, version: string, digest: (text: string) => string): unknown {
  const results = [
    ...result.findings.map((finding) => sarifResult(finding, digest)),
    ...result.suppressed.map(({ finding, reason, until, by }) => ({
      ...sarifResult(finding, digest),
      suppressions: [
        {
          kind: by.length > 0 ? "inSource" : "external",
          status: "accepted",
          justification: `${reason} (until ${until})`,
        },
      ],
    })),
  ];
  const driver = {
    name: "portfall",
    semanticVersion: version,
    rules: RULES.map(({ id, title, why, fix, severity }) => ({
      id,
      name: id.toLowerCase().replace(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase()),
      shortDescription: { text: title },
      fullDescription: { text: why },
      help: { text: fix, markdown: `${why}\n\n**To mend:** ${fix}` },
      defaultConfiguration: { level: severity },
    })),
  };
  return { $schema: SCHEMA, version: "2.1.0", runs: [{ tool: { driver }, columnKind: "unicodeCodePoints", results }] };
}

function sarifResult(finding: Finding, digest: (text: string) => string) {
  const { rule, severity, place, message, fix, evidence } = finding;
  const about = place.length > 0 ? place.sourceLine.trim() : message;
  return {
    ruleId: rule,
    ruleIndex: RULES.findIndex(({ id }) => id === rule),
    level: severity,
    message: { text: `${message} ${fix}` },
    locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(place.file) }, region: regionOf(place) } }],
    partialFingerprints: { "portfallFinding/v1": digest(JSON.stringify([rule, place.file, about])) },
    properties: { evidence },
  };
}

function regionOf({ line, column, length, sourceLine }: Place) {
  if (length === 0) return { startLine: line };
  return { startLine: line, startColumn: column, endColumn: column + length, snippet: { text: sourceLine } };
}

/** A path as a URI: relative ones stay relative to the root of the repository. */
function uriOf(path: string): string {
  // Half of a surrogate pair, which a name may have on Windows, has no place in a URI.
  const encoded = path
    .replace(/\p{Cs}/gu, "\ufffd")
    .replace(/^\.\//, "")
    .split("/")
    .map(encodeURIComponent)
    .join("/");
  return path.startsWith("/") ? `file://${encoded}` : encoded;
}
