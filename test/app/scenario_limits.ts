import { SMALL_SCENARIO } from "../scenario/small_scenario.ts";

/** So many texts. */
export function many(count: number, text: (index: number) => string): readonly string[] {
  return Array.from({ length: count }, (_, index) => text(index));
}

function address(index: number): string {
  return `10.50.${index >> 8}.${index & 255}`;
}

/** The small scenario with these lines as one of its sections. */
function section(name: string, lines: readonly string[]): string {
  const others = SMALL_SCENARIO.replace(new RegExp(`^${name}:.*\n(  .*\n)*`, "m"), "");
  return `${others}${name}:\n${lines.map((line) => `  ${line}\n`).join("")}`;
}

/** A section with an entry, and `count` times the same one. */
function repeated(name: string, entry: string, count: number): string {
  return section(name, [`- &entry ${entry}`, ...many(count, () => "- *entry")]);
}

/** The small scenario with one text in place of another. */
function changed(from: string, to: string): string {
  if (!SMALL_SCENARIO.includes(from)) throw new Error(`The small scenario has no ${JSON.stringify(from)}`);
  return SMALL_SCENARIO.replace(from, to);
}

const ALIASES = [
  "a: &a [x, x, x, x, x, x, x, x, x, x]",
  ...["ab", "bc", "cd", "de", "ef"].map(([from = "", to = ""]) => {
    return `${to}: &${to} [${many(10, () => `*${from}`).join(", ")}]`;
  }),
].join("\n");

const ENTRY = "interfaces, ports, addresses, endpoints and words of one entry";
const LISTS = "entries of `services`, `pods`, `timeline`, `expect`";

/** Of each limit of scenarios: its row in `src/docs/limits.md`, a scenario that is beyond it, and what is said. */
export const SCENARIO_LIMITS: readonly (readonly [row: string, text: string, said: string, expected?: string])[] = [
  [
    "size of a file",
    `about: |\n${`  ${"x".repeat(99_997)}\n`.repeat(42)}`,
    "1:1: Cannot read the scenario: it has 4200009 bytes",
    "at most 4194304 bytes (4 MiB)",
  ],
  [
    "length of a line",
    `about: ${"x".repeat(99_994)}\n`,
    "1:1: Cannot read the scenario: a line has more than 100000 characters",
    "lines that people can read",
  ],
  [
    "levels of maps and lists, one in another",
    `about: ${"[".repeat(201)}\n`,
    "1:208: Cannot read the YAML: it is nested more than 200 levels deep",
    "a scenario of at most a handful of levels",
  ],
  [
    "values, those that aliases stand for included",
    ALIASES,
    "1:8: Cannot read the YAML: it has more than 200000 values once its aliases are followed",
  ],
  [
    "nodes, `count` included",
    changed("node:\n", "node:\n  count: 101\n"),
    "4:1: Cannot simulate 101 nodes in one run",
    "at most 100 nodes",
  ],
  [
    "nodes, `count` included",
    repeated("nodes", "{ interfaces: [{ name: eth0, addresses: [10.0.0.1/24] }] }", 100).replace(
      /^node:\n(  .*\n)*/m,
      "",
    ),
    '30:3: Cannot use this list for "nodes": it has 101 items',
    "a list of at most 100",
  ],
  [
    LISTS,
    repeated("services", "{ generate: 0 }", 10_000),
    '28:3: Cannot use this list for "services": it has 10001 items',
    "a list of at most 10000",
  ],
  [
    LISTS,
    repeated("pods", "{ name: a/b }", 10_000),
    '27:3: Cannot use this list for "pods": it has 10001 items',
    "a list of at most 10000",
  ],
  [
    LISTS,
    repeated("timeline", "{ at: 1s }", 10_000),
    '35:3: Cannot use this list for "timeline": it has 10001 items',
    "a list of at most 10000",
  ],
  [
    LISTS,
    repeated("expect", "{ that: x }", 10_000),
    '33:3: Cannot use this list for "expect": it has 10001 items',
    "a list of at most 10000",
  ],
  [
    "entries of `churn`, `loadBalancers`",
    repeated("churn", '{ name: x, to: "10.0.0.1:80", rate: 1/s }', 1000),
    '33:3: Cannot use this list for "churn": it has 1001 items',
    "a list of at most 1000",
  ],
  [
    "entries of `churn`, `loadBalancers`",
    repeated("loadBalancers", "{ name: x, address: 10.9.9.9, service: default/web }", 1000),
    '35:3: Cannot use this list for "loadBalancers": it has 1001 items',
    "a list of at most 1000",
  ],
  [
    ENTRY,
    changed("  interfaces:\n", `  interfaces:\n    - &i { name: d, addresses: [] }\n${"    - *i\n".repeat(4997)}`),
    '6:5: Cannot use this list for "interfaces": it has 5001 items',
    "a list of at most 5000",
  ],
  [
    ENTRY,
    changed("addresses: [10.10.85.105/24]", `addresses: [\n${"        10.1.1.1/24,\n".repeat(5001)}      ]`),
    '6:32: Cannot use this list for "addresses": it has 5001 items',
    "a list of at most 5000",
  ],
  [
    ENTRY,
    changed("20000-40000 }", `20000-40000,\n  nodePortAddresses: [\n${"    10.0.0.0/8,\n".repeat(5001)}  ] }`),
    '14:22: Cannot use this list for "nodePortAddresses": it has 5001 items',
    "a list of at most 5000",
  ],
  [
    ENTRY,
    changed("    listen: [80]\n", `    listen:\n${"      - 80\n".repeat(5001)}`),
    '24:7: Cannot use this list for "listen": it has 5001 items',
    "a list of at most 5000",
  ],
  [
    ENTRY,
    changed("httpGet: { port: 80 }", `exec: { command: [\n${"      x,\n".repeat(5001)}      ] }`),
    '24:40: Cannot use this list for "command": it has 5001 items',
    "a list of at most 5000",
  ],
  [
    ENTRY,
    changed("    endpoints: [10.23.77.131, 10.23.78.12]\n", `    endpoints:\n${"      - 10.9.9.9\n".repeat(5001)}`),
    '20:7: Cannot use this list for "endpoints": it has 5001 items',
    "a list of at most 5000",
  ],
  [
    ENTRY,
    changed("    type: NodePort\n", `    type: NodePort\n    externalIPs:\n${"      - 10.9.9.9\n".repeat(5001)}`),
    '18:7: Cannot use this list for "externalIPs": it has 5001 items',
    "a list of at most 5000",
  ],
  [
    ENTRY,
    changed("    ports: [{ port: 80, ", `    ports: [\n${"      { port: 80 },\n".repeat(5000)}      { port: 80, `),
    '18:12: Cannot use this list for "ports": it has 5001 items',
    "a list of at most 5000",
  ],
  [
    ENTRY,
    `${SMALL_SCENARIO.replace("node:\n", "node:\n  count: 2\n")}cloud:\n  blockedPorts:\n${"    - 80/TCP\n".repeat(5001)}`,
    '37:5: Cannot use this list for "blockedPorts": it has 5001 items',
    "a list of at most 5000",
  ],
  [
    "`list` of NodePorts",
    changed(
      "{ generate: 10, name: many, nodePorts: random }",
      `generate: 1\n    list:\n${"      - 1\n".repeat(65_536)}`,
    ),
    '22:7: Cannot use this list for "list": it has 65536 items',
    "a list of at most 65535",
  ],
  [
    "services that `generate` makes",
    changed("generate: 10,", "generate: 20001,"),
    "20:17: Cannot draw 20001 NodePorts: 20000-40000 has 20000 left",
    "at most 20000",
  ],
  [
    "pods in all, `replicas` and pods elsewhere included",
    changed("    replicas: 2\n", "    replicas: 20000\n"),
    '26:15: Cannot run 20000 pods "default/app": with 1 others they are too many to be simulated',
    "at most 20000 pods in all",
  ],
  [
    "real servers in all: ports of services times their endpoints",
    changed("generate: 10,", `generate: 50000, endpoints: [${many(20, address).join(", ")}],`),
    "20:35: Cannot give these endpoints to each port of the service: with the services before it there are 1000002 real servers",
    "at most 1000000 in all",
  ],
  [
    "`variants`",
    section(
      "variants",
      many(65, (index) => `v${index}: {}`),
    ),
    "34:1: Cannot simulate 65 variants",
    "at most 64",
  ],
  [
    "`replications`",
    `${SMALL_SCENARIO}replications: 100001\n`,
    '34:15: Cannot use "100001" for "replications": it is more than 100000',
    "a whole number from 1 to 100000",
  ],
  [
    "`duration`, and any other time",
    changed("1h30m", "3651d"),
    '3:11: Cannot use "3651d" for "duration": it is longer than 3650d',
    "a duration such as 24h, 90m, 1h30m, 30s or 500us",
  ],
  [
    "`rate` of connections",
    changed("120/m", "1000001/s"),
    '31:71: Cannot use "1000001/s" for "rate": it is more than 1000000/s',
    "a rate such as 2.7/s, 60/m or 100/h",
  ],
  [
    "a text such as a name",
    changed("One of everything.", "x".repeat(1001)),
    `1:8: Cannot use "${"x".repeat(79)}…" for "about": it is longer than 1000 characters`,
    "a sentence",
  ],
  [
    "a sysctl's value",
    changed('"10250"', `"${"1".repeat(65_537)}"`),
    `11:37: Cannot use "${"1".repeat(79)}…" for "net.ipv4.ip_local_reserved_ports": it is longer than 65536 characters`,
    'a value as text; "" for an empty one',
  ],
];
