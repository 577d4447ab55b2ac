import { importsOfExample } from "./api_examples.ts";
import { publicExports, type PublicExport } from "./public_api.ts";

interface Group {
  readonly title: string;
  readonly about: string;
  /** Which files' exports stand here; the first group that matches has them. */
  readonly files: RegExp;
}

const GROUPS: readonly Group[] = [
  {
    title: "Running and comparing",
    about: "A scenario's text in, a document out: the short way for notebooks and scripts.",
    files: /^src\/(study\/run_scenario|report\/explain_(scenario|finding)|report\/run_text|report\/diff_text)/,
  },
  {
    title: "Scenarios",
    about: "YAML to a checked scenario, or to diagnostics.",
    files: /^src\/scenario\/(?!import\/)/,
  },
  { title: "Imports", about: "A scenario of a real node's exports.", files: /^src\/scenario\/import\// },
  { title: "Kernels and units", about: "Builds, port walks, numbers with a unit.", files: /^src\/(kernel\/|units)/ },
  { title: "Source ports", about: "What `sim ports` prints.", files: /^src\/conform\// },
  { title: "Exact values and rare events", about: "Without packets.", files: /^src\/study\/(exact|rare)/ },
  {
    title: "Replications and studies",
    about: "The parts of `sim run`, for programs of one's own.",
    files: /^src\/(cluster\/|study\/(run_study|study_on|replication_pool|rounds|run_document|series))/,
  },
  {
    title: "Sweeps",
    about: "The parts of `sim sweep`.",
    files: /^src\/(study\/(factor|sweep|run_sweep|sweep_\w+)|report\/(points|sweep))/,
  },
  { title: "Differences", about: "The parts of `sim diff`.", files: /^src\/study\/(run_diff|diff)/ },
  {
    title: "One connection",
    about: "The parts of `sim explain`.",
    files: /^src\/(study\/explain|report\/(explain|sequence))/,
  },
  { title: "Results, charts and notebooks", about: "What draws a document.", files: /^src\/report\// },
  { title: "Checks", about: "The rules of `sim check`.", files: /^src\/check\/(?!properties\/)/ },
  { title: "Properties", about: "Searches for the smallest node that breaks one.", files: /^src\/check\/properties\// },
  { title: "Matchers for vitest", about: 'What `import "portfall/vitest"` adds.', files: /^src\/vitest\.ts$/ },
];

const HEAD = `# The library

What programs import from \`portfall\` and \`portfall/vitest\`; commands are in the other pages. The page is made of the
docstrings (\`npm run pages\`), and every example is run by a test, which holds what it prints against its comments. Times
inside are microseconds (\`Micros\`), ports and addresses plain numbers. Nothing here reads a file: texts go in.

\`npm run api\` writes the same as HTML to \`dist/api/\`, with the notebooks' Deno
(\`npm ci --prefix notebooks\` installs it).
`;

/** The reference page of the library as Markdown, unformatted. An export in no group is an error. */
export function apiPage(): string {
  const all = publicExports();
  const stray = all.find(({ file }) => !GROUPS.some(({ files }) => files.test(file)));
  if (stray !== undefined) throw new Error(`${stray.name} of ${stray.file} belongs to no group of the page`);
  const slugs = new Map<string, number>();
  const groups = GROUPS.map((group) => {
    const own = all.filter((one) => GROUPS.find(({ files }) => files.test(one.file)) === group);
    const headings = [...own.filter(isValue), ...own.filter((one) => !isValue(one))];
    slugOf(group.title, slugs);
    return { ...group, entries: headings.map((one) => ({ ...one, slug: slugOf(one.name, slugs) })) };
  });
  const index = groups.map(({ title, entries }) => {
    const links = (wanted: boolean): string =>
      entries
        .filter((one) => isValue(one) === wanted)
        .map(({ name, slug }) => `[${name}](#${slug})`)
        .join(", ");
    return `- **${title}**: ${[links(true), links(false)].filter((list) => list !== "").join("; types: ")}`;
  });
  const sections = groups.map(({ title, about, entries }) =>
    [`## ${title}`, about, ...entries.map(entry)].join("\n\n"),
  );
  return `${[HEAD, index.join("\n"), ...sections].join("\n\n")}\n`;
}

/** The anchor of a heading: later ones that differ in nothing but case are numbered. */
function slugOf(heading: string, taken: Map<string, number>): string {
  const slug = heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");
  const before = taken.get(slug) ?? 0;
  taken.set(slug, before + 1);
  return before === 0 ? slug : `${slug}-${before}`;
}

/** What exists at run time; the others are types. */
function isValue({ kind }: PublicExport): boolean {
  return kind === "function" || kind === "class" || kind === "const";
}

function entry(one: PublicExport): string {
  const { name, file, text, params, returns, throws, examples, declaration } = one;
  const tags = [
    ...params.map((said) => `- ${said.replace(/^([\w.]+)/, "`$1`:")}`),
    ...(returns === "" ? [] : [`- Returns ${returns}`]),
    ...throws.map((said) => `- Throws ${said}`),
  ];
  return [
    `### ${name}`,
    text,
    ...(tags.length === 0 ? [] : [tags.join("\n")]),
    fenced("typescript", declaration),
    ...examples.map((code) => fenced("ts", `${importsOfExample(code)}\n\n${code}`)),
    `From [${file}](../${file.slice("src/".length)}).`,
  ].join("\n\n");
}

function fenced(language: string, code: string): string {
  return `\`\`\`${language}\n${code}\n\`\`\``;
}
