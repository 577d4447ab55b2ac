const TEXT = { type: "string" } as const;
const SEVERITY = { enum: ["error", "warning", "note"] } as const;
const LINE = { type: "integer", minimum: 1 } as const;

/** `check/1`, the document of `sim check --format json`. */
export const CHECK_SCHEMA = {
  type: "object",
  required: ["format", "target", "findings", "properties", "ok", "failOn", "suppressed", "targets"],
  properties: {
    format: { const: "check/1" },
    target: TEXT,
    findings: {
      type: "array",
      items: {
        type: "object",
        required: ["rule", "severity", "target", "file", "line", "column", "message", "why", "fix", "evidence"],
        properties: {
          rule: { type: "string", pattern: "^[A-Z0-9]+(-[A-Z0-9]+)+$" },
          severity: SEVERITY,
          target: TEXT,
          file: TEXT,
          line: LINE,
          column: LINE,
          message: TEXT,
          why: TEXT,
          fix: TEXT,
          evidence: { type: "object" },
        },
        additionalProperties: false,
      },
    },
    properties: { type: "array", maxItems: 0 },
    ok: { type: "boolean" },
    failOn: { enum: ["error", "warning", "note", "never"] },
    suppressed: {
      type: "array",
      items: {
        type: "object",
        required: ["rule", "file", "line", "reason", "until"],
        properties: { rule: TEXT, file: TEXT, line: LINE, reason: TEXT, until: { type: "string", format: "date" } },
        additionalProperties: false,
      },
    },
    targets: {
      type: "array",
      items: {
        type: "object",
        required: [
          "target",
          "kernel",
          "kernelAssumed",
          "portWalk",
          "kubeProxyMode",
          "nodePortRange",
          "files",
          "settings",
        ],
        properties: {
          target: TEXT,
          kernel: TEXT,
          kernelAssumed: { type: "boolean" },
          portWalk: TEXT,
          kubeProxyMode: { enum: ["ipvs", "iptables", "nftables"] },
          kubeProxyModeAssumed: { type: "boolean" },
          nodePortRange: { type: "array", minItems: 2, maxItems: 2, items: { type: "integer" } },
          nodePortsKnown: { type: "boolean" },
          files: { type: "array", items: TEXT },
          settings: {
            type: "array",
            items: {
              type: "object",
              required: ["name", "value", "file", "line"],
              properties: { name: TEXT, value: TEXT, file: TEXT, line: LINE },
              additionalProperties: false,
            },
          },
        },
        additionalProperties: false,
      },
    },
  },
  additionalProperties: false,
} as const;
