import { Script } from "node:vm";

/** What a program must not change, and how many fields each of it has. */
const WATCHED: readonly (readonly [name: string, value: object, fields: number])[] = (
  [
    ["Object.prototype", Object.prototype],
    ["Array.prototype", Array.prototype],
    ["Function.prototype", Function.prototype],
    ["String.prototype", String.prototype],
    ["Number.prototype", Number.prototype],
    ["Map.prototype", Map.prototype],
    ["Object", Object],
    ["globalThis", globalThis],
  ] as const
).map(([name, value]) => [name, value, Reflect.ownKeys(value).length]);

/** Whose function the script below calls. */
const PLACE = "portfallFuzzStep";
Reflect.set(globalThis, PLACE, undefined);
const fieldsOfGlobal = Reflect.ownKeys(globalThis).length;
const CALL = new Script(`${PLACE}()`);

/**
 * Calls a function and comes back after so many milliseconds at the latest, even out of an endless loop: the virtual
 * machine ends it.
 *
 * @throws what the function throws, or that it took too long.
 */
export function within<Answer>(budgetMs: number, call: () => Answer): Answer {
  Reflect.set(globalThis, PLACE, call);
  return CALL.runInThisContext({ timeout: budgetMs });
}

/** @throws an error that names the built-in object that was given a field, or lost one. */
export function checkPrototypes(): void {
  for (const [name, value, fields] of WATCHED) {
    const expected = value === globalThis ? fieldsOfGlobal : fields;
    const now = Reflect.ownKeys(value).length;
    if (now !== expected && value !== globalThis) throw new Error(`${name} has ${now} fields and had ${expected}`);
  }
  if (Reflect.get({}, "polluted") !== undefined) throw new Error("Every object has become polluted");
}
