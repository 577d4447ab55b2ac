/**
 * Puts a fault into a method while a function runs, as a wrong line in it would, and mends it again.
 *
 * @param make gets the sound method, which wants its `this`, and makes the faulty one.
 */
export function withFault<T extends object, Name extends keyof T, Result>(
  [prototype, name]: readonly [prototype: T, name: Name],
  make: (sound: T[Name]) => T[Name],
  run: () => Result,
): Result {
  const sound = prototype[name];
  prototype[name] = make(sound);
  try {
    return run();
  } finally {
    prototype[name] = sound;
  }
}
