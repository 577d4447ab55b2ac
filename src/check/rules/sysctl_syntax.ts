import { characterAt } from "../../kernel/sysctl_problem.ts";
import { quote } from "../../scenario/diagnostic.ts";
import type { RuleFinding } from "../finding.ts";
import type { Rule } from "../rule.ts";
import { confExample } from "./examples.ts";

/** Lines that set nothing. */
export const SYSCTL_SYNTAX: Rule = {
  id: "SYSCTL-SYNTAX",
  severity: "error",
  title: "A line is no setting.",
  why:
    "A file in sysctl.d is no shell script: a line is `key = value`, a comment begins with # or ; at the start of a line. " +
    "Other lines are skipped with a message that nobody reads, and the setting is missing.",
  fix: "Write `key = value`.",
  sources: ["src/sysctl.c parse_setting_line, Procps-ng v4.0.4", "sysctl.d(5)"],
  bad: confExample("sysctl -w net.ipv4.ip_forward=1"),
  good: confExample("net.ipv4.ip_forward = 1"),
  judge: ({ sysctls }) =>
    sysctls.lines.flatMap((line): RuleFinding[] => {
      const { kind, name, place } = line;
      const bare = /([a-z0-9_.*/-]+\.[a-z0-9_.*/-]+)\s*[:\s]\s*(\S.*)$/i.exec(place.sourceLine);
      if (kind === "wrong") {
        const meant = bare === null ? "" : ` ${bare[1]} = ${bare[2]}`;
        return [
          {
            place,
            message: `${quote(place.sourceLine.trim())} has no "=" and is skipped.`,
            fix: meant === "" ? "Write `key = value`, or a # before a comment." : `Write${meant}.`,
          },
        ];
      }
      const odd = /[^\x21-\x7e]/.exec(name)?.[0];
      if (odd === undefined) return [];
      const plain = /([a-z][a-z0-9_]*(?:[./][a-z0-9_*-]+)+)$/i.exec(name)?.[1];
      return [
        {
          place,
          message: `${quote(name)} is no key: ${odd === " " ? "it has a blank in it" : `it holds ${characterAt(odd, 0)}`}.`,
          fix: plain === undefined ? "Write the name of a sysctl." : `Write ${plain} = ${line.value}.`,
        },
      ];
    }),
};
