import type { CheckContext } from "./check_context.ts";
import { quote } from "./diagnostic.ts";
import { FIGURE_PATHS } from "./expectation_section.ts";
import type { Scenario, Variant } from "./model.ts";
import type { Place } from "./place.ts";
import { ProblemList } from "./problem_list.ts";
import { SourceText, type Problem, type Span } from "./source_text.ts";

/** The most variants of one scenario. */
const MOST_VARIANTS = 64;

/** Sections that a variant leaves as they are: the runs would not be paired, or the result would have no such place. */
export const FIXED_KEYS: ReadonlySet<string> = new Set([
  "about",
  "duration",
  "replications",
  "seed",
  "expect",
  "variants",
  "audit",
]);

/** Names of `run/1` that an expectation could not tell from a variant's. */
const TAKEN: ReadonlySet<string> = new Set([
  ...FIGURE_PATHS.map((path) => path.split(".", 1)[0] ?? ""),
  "workloads",
  "counters",
]);

/** Reads the scenario under the settings of a variant; problems go to lists of their own. */
export type VariantReader = (
  settings: readonly SourceText[],
  lists: Pick<CheckContext, "problems" | "warnings">,
) => Scenario | undefined;

/**
 * Checks each variant as a scenario of its own. A problem of a setting stands at the setting; one that a setting causes
 * elsewhere stands there and names the variant, unless the scenario has problems without it.
 *
 * @param options how many `--set` options were applied before.
 */
export function resolveVariants(context: CheckContext, options: number, read: VariantReader): readonly Variant[] {
  const entries = Object.entries(context.sections.variants ?? {});
  if (entries.length > MOST_VARIANTS) {
    context.problems.add(context.place.at("variants").key, {
      message: `Cannot simulate ${entries.length} variants`,
      expected: `at most ${MOST_VARIANTS}`,
      toMend: "delete some of them",
    });
    return [];
  }
  const isRight = context.problems.count === 0;
  return entries.flatMap(([name, settings]) => {
    const place = context.place.at("variants", name);
    if (TAKEN.has(name)) context.problems.add(place.key, takenName(name));
    const allowed = Object.entries(settings).filter(([path]) => mayVary(path, place, context.problems));
    const texts = new Map<SourceText, Place>();
    for (const [index, [path, value]] of allowed.entries()) {
      const text = new SourceText(`variant ${quote(name)}`, `${path}=${value}`, options + index + 1);
      texts.set(text, place.at(path));
    }
    const own = { problems: new ProblemList(), warnings: new ProblemList() };
    const scenario = read([...texts.keys()], own);
    report(own.problems, { known: context.problems, name, texts, tellsElsewhere: isRight });
    report(own.warnings, { known: context.warnings, name, texts, tellsElsewhere: isRight });
    return scenario === undefined ? [] : [{ name, settings, scenario }];
  });
}

function takenName(name: string): Problem {
  return {
    message: `Cannot name a variant ${quote(name)}: figures of the scenario as it stands have that name`,
    expected: "a name that does not begin a figure's path",
    toMend: "choose another name, such as before",
  };
}

function mayVary(path: string, place: Place, problems: ProblemList): boolean {
  if (!FIXED_KEYS.has(path.split(".", 1)[0] ?? "")) return true;
  problems.add(place.at(path).key, {
    message: `Cannot vary ${quote(path)}: all variants have the same, so that they can be compared boot by boot`,
    expected: "the path of something on the node",
    toMend: "delete the line, or set it for the whole scenario",
  });
  return false;
}

interface Reporting {
  /** Where the problems go, and what is known already. */
  readonly known: ProblemList;
  readonly name: string;
  readonly texts: ReadonlyMap<SourceText, Place>;
  /** Whether problems that do not stand at a setting are told too. */
  readonly tellsElsewhere: boolean;
}

/** Moves the problems of a variant to their places in the file. */
function report(found: ProblemList, { known, name, texts, tellsElsewhere }: Reporting): void {
  for (const { span, problem } of found.placed()) {
    const place = texts.get(span.source);
    if (place !== undefined) known.add(spanInFile(span, place), problem);
    else if (tellsElsewhere && !known.has(span, problem)) {
      known.add(span, { ...problem, message: `${problem.message} (in variant ${quote(name)})` });
    }
  }
}

/** The place of a part of `PATH=VALUE` in the file: in the key or in the value, all of it if it is quoted there. */
function spanInFile({ source, start, end }: Span, { key, value }: Place): Span {
  const equals = source.text.indexOf("=");
  const isInKey = start < equals;
  const whole = isInKey ? key : value;
  const from = isInKey ? 0 : equals + 1;
  const text = isInKey ? source.text.slice(0, equals) : source.text.slice(from);
  const isBare = whole.source.text.slice(whole.start, whole.end) === text;
  if (!isBare) return whole;
  const last = Math.min(whole.end, whole.start + Math.max(end, start + 1) - from);
  return { source: whole.source, start: whole.start + Math.max(0, start - from), end: last };
}
