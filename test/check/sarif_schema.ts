/** A message, by section 3.11. */
const MESSAGE = {
  type: "object",
  required: ["text"],
  properties: { text: { type: "string", minLength: 1 }, markdown: { type: "string", minLength: 1 } },
  additionalProperties: false,
} as const;

const LEVEL = { enum: ["none", "note", "warning", "error"] } as const;

/** A region, by section 3.30: lines and columns from 1. */
const REGION = {
  type: "object",
  required: ["startLine"],
  properties: {
    startLine: { type: "integer", minimum: 1 },
    startColumn: { type: "integer", minimum: 1 },
    endColumn: { type: "integer", minimum: 1 },
    snippet: {
      type: "object",
      required: ["text"],
      properties: { text: { type: "string" } },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
} as const;

/** A result, by section 3.27. */
const RESULT = {
  type: "object",
  required: ["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"],
  properties: {
    ruleId: { type: "string" },
    ruleIndex: { type: "integer", minimum: 0 },
    level: LEVEL,
    message: MESSAGE,
    locations: {
      type: "array",
      minItems: 1,
      items: {
        type: "object",
        required: ["physicalLocation"],
        properties: {
          physicalLocation: {
            type: "object",
            required: ["artifactLocation", "region"],
            properties: {
              artifactLocation: {
                type: "object",
                required: ["uri"],
                properties: { uri: { type: "string", format: "uri-reference" } },
                additionalProperties: false,
              },
              region: REGION,
            },
            additionalProperties: false,
          },
        },
        additionalProperties: false,
      },
    },
    partialFingerprints: { type: "object", minProperties: 1, additionalProperties: { type: "string" } },
    suppressions: {
      type: "array",
      uniqueItems: true,
      items: {
        type: "object",
        required: ["kind"],
        properties: {
          kind: { enum: ["inSource", "external"] },
          status: { enum: ["accepted", "underReview", "rejected"] },
          justification: { type: "string" },
        },
        additionalProperties: false,
      },
    },
    properties: { type: "object" },
  },
  additionalProperties: false,
} as const;

/** A rule, by section 3.49. */
const RULE = {
  type: "object",
  required: ["id"],
  properties: {
    id: { type: "string" },
    name: { type: "string" },
    shortDescription: MESSAGE,
    fullDescription: MESSAGE,
    help: MESSAGE,
    defaultConfiguration: { type: "object", properties: { level: LEVEL }, additionalProperties: false },
  },
  additionalProperties: false,
} as const;

/**
 * What portfall uses of SARIF, written from the specification (OASIS, Static Analysis Results Interchange Format 2.1.0 plus
 * errata 01): sections 3.13 sarifLog, 3.14 run, 3.19 toolComponent, and those named above. Nothing else may stand in it.
 */
export const SARIF_SCHEMA = {
  type: "object",
  required: ["version", "runs"],
  properties: {
    $schema: { type: "string", format: "uri" },
    version: { const: "2.1.0" },
    runs: {
      type: "array",
      minItems: 1,
      items: {
        type: "object",
        required: ["tool", "results"],
        properties: {
          tool: {
            type: "object",
            required: ["driver"],
            properties: {
              driver: {
                type: "object",
                required: ["name"],
                properties: {
                  name: { type: "string" },
                  semanticVersion: { type: "string" },
                  rules: { type: "array", uniqueItems: true, items: RULE },
                },
                additionalProperties: false,
              },
            },
            additionalProperties: false,
          },
          columnKind: { enum: ["utf16CodeUnits", "unicodeCodePoints"] },
          results: { type: "array", items: RESULT },
        },
        additionalProperties: false,
      },
    },
  },
  additionalProperties: false,
} as const;
