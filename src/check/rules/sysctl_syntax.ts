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
      if (kind === "wrong") {
        const meant = settingWithoutSign(place.sourceLine);
        return [
          {
            place,
            message: `${quote(place.sourceLine.trim())} has no "=" and is skipped.`,
            fix: meant === undefined ? "Write `key = value`, or a # before a comment." : `Write ${meant}.`,
          },
        ];
      }
      const odd = /[^\x21-\x7e]/.exec(name)?.[0];
      if (odd === undefined) return [];
      const plain = plainKey(name);
      return [
        {
          place,
          message: `${quote(name)} is no key: ${odd === " " ? "it has a blank in it" : `it holds ${characterAt(odd, 0)}`}.`,
          fix: plain === undefined ? "Write the name of a sysctl." : `Write ${plain} = ${line.value}.`,
        },
      ];
    }),
};

/** A setting in which a blank or a colon stands for the sign, as `key = value`. O(length): lines come from strangers. */
function settingWithoutSign(line: string): string | undefined {
  for (const { 0: word, index } of line.matchAll(/[^\s:]+/g)) {
    const key = keyAtEnd(word);
    if (!key.slice(1, -1).includes(".")) continue;
    const value = line.slice(index + word.length).replace(/^[\s:]+/, "");
    if (value !== "") return `${key} = ${value}`;
  }
  return undefined;
}

/** The name of a sysctl at the end of a text, if there is one. */
function plainKey(name: string): string | undefined {
  const key = keyAtEnd(name).replace(/^[^a-z]+/i, "");
  return /^[a-z][a-z0-9_]*(?:[./][a-z0-9_*-]+)+$/i.test(key) ? key : undefined;
}

/** As much of a text's end as a key may hold. */
function keyAtEnd(text: string): string {
  let start = text.length;
  while (start > 0 && /[a-z0-9_.*/-]/i.test(text[start - 1]!)) start -= 1;
  return text.slice(start);
}
