/** What `sim` tells the shell. */
export const EXIT_CODE = {
  /** All was done, and every expectation held. */
  done: 0,
  /** All was done, and an expectation of the scenario did not hold, a check found something, or a recorded case failed. */
  expectationFailed: 1,
  /** The command line, the scenario, a case or a file is wrong; nothing was run. */
  wrongInput: 2,
  /** The program is wrong. */
  internalError: 3,
  /** The user interrupted the run. */
  interrupted: 130,
} as const;
