/** Cases of one kernel and port walk. */
export interface ValidatedKernel {
  readonly release: string;
  readonly portWalk: string;
  readonly total: number;
  readonly agreeing: number;
}

/** How far the model is validated, as `src/VALIDATION.md` tells it in full. */
export interface ValidationFigures {
  /** The version of portfall that was validated. */
  readonly version: string;
  /** Recordings of real kernels, and those that the model agrees with. */
  readonly recordings: { readonly total: number; readonly agreeing: number };
  /** Cases that were worked out from the kernel's source. */
  readonly derived: { readonly total: number; readonly agreeing: number };
  readonly kernels: readonly ValidatedKernel[];
  readonly derivedKernels: readonly ValidatedKernel[];
  /** Rules of the model that were turned off one by one, and by what that was noticed. */
  readonly rules: { readonly total: number; readonly byRecordings: number; readonly byDerivedCases: number };
  /** Statements of the source about what it leaves out. */
  readonly gaps: number;
}
