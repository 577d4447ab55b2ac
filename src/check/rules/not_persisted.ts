import type { RuleFinding } from "../finding.ts";
import type { Rule } from "../rule.ts";
import { readSysctlFile, settingText } from "../sysctl_file.ts";

/** Settings in a file that no tool reads. */
export const NOT_PERSISTED: Rule = {
  id: "NOT-PERSISTED",
  severity: "error",
  title: "A file with sysctl settings lies where nothing reads it.",
  why:
    "Only *.conf files directly in the sysctl.d folders of /etc, /run, /usr/local/lib, /usr/lib and /lib are applied, and " +
    "/etc/sysctl.conf. A setting elsewhere may have been made by hand with sysctl -w; it is gone after the next boot.",
  fix: "Move the file to /etc/sysctl.d/NAME.conf.",
  sources: ["src/sysctl.c PreloadSystem, Procps-ng v4.0.4", "sysctl.d(5)", "incident 004: /etc/sysconf.d"],
  bad: { files: { "etc/sysconf.d/10-ipv4-forwarding-on.conf": "net.ipv4.ip_forward=1\n" } },
  good: { files: { "etc/sysctl.d/10-ipv4-forwarding-on.conf": "net.ipv4.ip_forward=1\n" } },
  judge: ({ order }) =>
    order.unread.flatMap(({ file, why, belongs }): RuleFinding[] => {
      const first = readSysctlFile(file).find(({ kind }) => kind === "set");
      if (first === undefined) return [];
      return [
        {
          place: first.place,
          message: `${settingText(first.name, first.value)} is not applied at boot: ${why}.`,
          fix: `Move the file to ${belongs}.`,
          evidence: { belongs },
        },
      ];
    }),
};
