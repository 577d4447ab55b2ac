/** Blocks of a document that no test runs, and why. */
export interface UnrunBlocks {
  readonly document: string;
  readonly language: string;
  readonly count: number;
  readonly because: string;
}

/** Every exception. One that no longer is there fails the tests, and so does one that is missing here. */
export const UNRUN_BLOCKS: readonly UnrunBlocks[] = [
  { document: "README.md", language: "text", count: 1, because: "the line to cite, whose form alone matters" },
  { document: "src/ARCHITECTURE.md", language: "text", count: 1, because: "a drawing; test/tidy looks for its files" },
  { document: ".github/CONTRIBUTING.md", language: "text", count: 1, because: "test/tidy looks for its scripts" },
  { document: "src/docs/api.md", language: "typescript", count: 233, because: "declarations, as the source has them" },
  { document: "src/docs/charts.md", language: "text", count: 1, because: "test/report/results holds the message" },
  {
    document: "src/docs/check.md",
    language: "text",
    count: 2,
    because: "a message that test/check/incidents holds, and a comment that test/check/suppression reads",
  },
  {
    document: "src/docs/explain.md",
    language: "text",
    count: 1,
    because: "two lines, to show how a story is laid out",
  },
  { document: "src/docs/how-to/sweep-on-a-cluster.md", language: "text", count: 1, because: "there is no Slurm here" },
  { document: "src/docs/determinism.md", language: "text", count: 1, because: "how a bug is told, which there is not" },
  { document: "src/docs/run.md", language: "text", count: 1, because: "test/app/replay_line holds such lines" },
  { document: "src/docs/rules.md", language: "text", count: 61, because: "test/check/rules runs each example" },
];

/** Documents whose commands are read and not run by the long tests, and why. */
export const UNRUN_DOCUMENTS: Readonly<Record<string, string>> = {
  "src/docs/check.md": "it judges the machine itself, and files of the reader's",
  "src/docs/notebooks.md": "test/notebooks runs them",
  "src/docs/statistics.md": "a run that is precise to 10 % takes minutes",
  "src/docs/sweep.md": "sixty points that are precise to 10 % take minutes",
};
