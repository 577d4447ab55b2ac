import { resolveKernel } from "../kernel/eras.ts";
import type { KernelEra } from "../kernel/kernel_era.ts";

/**
 * The era of a build that some node names. A vendor's build without a row of its own may walk its ports as its number says
 * or as any newer kernel does; the newest is taken, which is likeliest in a patched kernel, and said to be a guess.
 */
export function guessKernel(build: string): { readonly era: KernelEra; readonly isGuess: boolean } | undefined {
  const resolved = resolveKernel({ build });
  if (resolved.ok) return { era: resolved.era, isGuess: false };
  const guessed = resolveKernel({ build, portWalk: resolved.candidates.at(-1) });
  return guessed.ok ? { era: guessed.era, isGuess: true } : undefined;
}
