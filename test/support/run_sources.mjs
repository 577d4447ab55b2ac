// Vitest imports this file before each file of tests: from the first time on the thread's imports may be TypeScript. It
// is no --import of the thread, which the engine's own worker threads would inherit.
import { register } from "tsx/esm/api";

globalThis.stopsRunningSources ??= register();
