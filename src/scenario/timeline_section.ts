import type { KernelEra } from "../kernel/kernel_era.ts";
import type { CheckContext } from "./check_context.ts";
import { quote } from "./diagnostic.ts";
import { checkSysctlSetting } from "./kernel_section.ts";
import { checkMode } from "./kube_proxy_section.ts";
import type { TimelineAction, TimelineEntry } from "./model.ts";
import type { Place } from "./place.ts";
import { closestWord } from "./spelling.ts";
import { readVersion } from "./values.ts";
import { anyOf } from "./wording.ts";

const VERSION_PATH = "kubeProxy.version";
const SYSCTLS = "sysctls.";

/** Checks the timeline: every entry does something, to something that the scenario has. */
export function resolveTimeline(context: CheckContext, era: KernelEra | undefined): readonly TimelineEntry[] {
  const { sections, place, problems, warnings } = context;
  return (sections.timeline ?? []).map(({ at, every, set, rollout, restart }, index) => {
    const where = place.at("timeline", index);
    const actions: TimelineAction[] = [];
    for (const [path, text] of Object.entries(set ?? {})) {
      const action = resolveSetting(path, text, { context, era, place: where.at("set", path) });
      if (action !== undefined) actions.push(action);
    }
    if (rollout !== undefined) {
      checkWorkload(rollout, where.at("rollout"), context);
      actions.push({ kind: "rollout", workload: rollout });
    }
    if (restart !== undefined) actions.push({ kind: "restartKubeProxy" });
    const isEmpty = set === undefined && rollout === undefined && restart === undefined;
    if (isEmpty && !where.isLeftOut("set", "rollout", "restart")) {
      problems.add(where.value, {
        message: "Cannot use this entry of the timeline: nothing happens in it",
        expected: "set, rollout or restart",
        toMend: "add one of them, or delete the entry",
      });
    }
    if (sections.duration !== undefined && at > sections.duration) {
      warnings.add(where.at("at").value, {
        message: "This entry of the timeline never comes: the run ends before",
        expected: "a time within the duration",
        toMend: "write an earlier time, or a longer duration",
      });
    }
    return every === undefined ? { at, actions } : { at, every, actions };
  });
}

function resolveSetting(
  path: string,
  text: string,
  parts: { readonly context: CheckContext; readonly era: KernelEra | undefined; readonly place: Place },
): TimelineAction | undefined {
  const { context, era, place } = parts;
  if (path === VERSION_PATH) {
    const version = readVersion(text);
    if (version.ok) {
      checkMode(version.value, place, context);
      return { kind: "kubeProxyVersion", version: version.value };
    }
    context.problems.add(place.value, {
      message: `Cannot use ${quote(text)} for ${quote(path)}: ${version.why}`,
      expected: "a release such as 1.23.10",
      toMend: version.toMend ?? "write a release such as 1.23.10",
    });
    return undefined;
  }
  if (path.startsWith(SYSCTLS)) {
    const name = path.slice(SYSCTLS.length);
    checkSysctlSetting({ name, text, place }, context, era);
    return { kind: "sysctl", name, text };
  }
  context.problems.add(place.key, {
    message: `Cannot change ${quote(path)} while the clock runs`,
    expected: `${VERSION_PATH}, or sysctls. and the name of a sysctl`,
    toMend: "delete the line, or run the scenario twice with --set",
  });
  return undefined;
}

function checkWorkload(name: string, at: Place, { sections, place, problems }: CheckContext): void {
  const known = (sections.pods ?? []).map((entry) => entry.name);
  if (known.includes(name) || place.isLeftOut("pods") || place.at("pods").isLeftOut("*")) return;
  const closest = closestWord(name, known);
  problems.add(at.value, {
    message: `Cannot roll out ${quote(name)}: no entry of pods has this name${closest === undefined ? "" : ` (did you mean ${quote(closest)}?)`}`,
    expected: known.length === 0 ? "the name of an entry of pods" : anyOf(known.slice(0, 10)),
    toMend: closest === undefined ? "name an entry of pods" : `write ${closest}`,
  });
}
