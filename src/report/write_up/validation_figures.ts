import type { ValidationFigures } from "./validation.ts";

/** How far the model is validated. This file is written by `npm run validate`, never by hand; a test fails when it is stale. */
export const VALIDATION_FIGURES: ValidationFigures = {
  version: "0.1.0",
  recordings: { total: 58, agreeing: 58 },
  derived: { total: 41, agreeing: 41 },
  kernels: [
    { release: "5.10.262", portWalk: "5.18+", total: 4, agreeing: 4 },
    { release: "5.10.262", portWalk: "3.10", total: 3, agreeing: 3 },
    { release: "5.10.262", portWalk: "4.6-5.11", total: 3, agreeing: 3 },
    { release: "6.1.176", portWalk: "5.18+", total: 40, agreeing: 40 },
    { release: "6.12.113", portWalk: "5.18+", total: 6, agreeing: 6 },
    { release: "6.18.44", portWalk: "5.18+", total: 2, agreeing: 2 },
  ],
  derivedKernels: [
    { release: "6.1.176", portWalk: "5.18+", total: 37, agreeing: 37 },
    { release: "5.10.35", portWalk: "4.6-5.11", total: 1, agreeing: 1 },
    { release: "6.18.44", portWalk: "5.18+", total: 1, agreeing: 1 },
    { release: "6.12.113", portWalk: "5.18+", total: 1, agreeing: 1 },
    { release: "6.12.105", portWalk: "5.18+", total: 1, agreeing: 1 },
  ],
  rules: { total: 138, byRecordings: 86, byDerivedCases: 52 },
  gaps: 112,
};
