import { sysctlNames } from "../../kernel/sysctl.ts";
import { quote } from "../../scenario/diagnostic.ts";
import { editDistance } from "../../scenario/spelling.ts";
import type { RuleFinding } from "../finding.ts";
import type { Rule } from "../rule.ts";
import { confExample } from "./examples.ts";

/** Names that are a letter off a known one. */
export const SYSCTL_TYPO: Rule = {
  id: "SYSCTL-TYPO",
  severity: "warning",
  title: "The name of a sysctl is one letter off a known one.",
  why: "The kernel has no such file, the tools say so in one line among many, and the setting is missing.",
  fix: "Correct the name.",
  sources: ["src/sysctl.c WriteSetting, Procps-ng v4.0.4"],
  bad: confExample("net.ipv4.ip_local_reserved_port = 30000-32767"),
  good: confExample("net.ipv4.tcp_rmem = 4096 131072 6291456"),
  judge: ({ sysctls }) =>
    sysctls.writes
      // What is no name at all is SYSCTL-SYNTAX.
      .filter(({ outcome, name }) => outcome === "unknown" && /^[\x21-\x7e]+$/.test(name))
      .flatMap(({ line, name }): RuleFinding[] => {
        const plain = name.replace(/^(net\.ipv4\.(?:conf|neigh))\.[^.]+\./, "$1.*.");
        const meant = sysctlNames().find(
          (known) => Math.abs(known.length - plain.length) <= 1 && editDistance(known, plain) === 1,
        );
        if (meant === undefined) return [];
        return [{ place: line.place, message: `There is no sysctl ${quote(name)}.`, fix: `Write ${meant}.` }];
      }),
};
