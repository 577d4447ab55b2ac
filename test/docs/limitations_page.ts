import { MODEL_GAPS } from "../support/model_gaps.ts";

interface Group {
  readonly title: string;
  /** What these gaps change for whoever reads a result. */
  readonly effect: string;
}

/** The folders of src/ with gaps, in the order of the page. A folder that is not here breaks the page. */
const GROUPS: Readonly<Record<string, Group>> = {
  kernel: {
    title: "Packets, routes, bridges and sysctls",
    effect:
      "Failures that come from packet size, path MTU, several routing tables, broken neighbours or IPv6 do not occur. " +
      "Nothing here decides which source port is picked.",
  },
  "kernel/ports": {
    title: "Source ports",
    effect: "connect() is not concerned; what programs get from bind() to port 0 is, on old kernels.",
  },
  "kernel/tcp": {
    title: "TCP",
    effect:
      "A connection moves a few segments and fails by a lost handshake, a RST or a timer. Throughput, loss that TCP " +
      "repairs without a timeout, and a server too busy to accept() need another tool.",
  },
  "kernel/udp": { title: "UDP", effect: "DNS-like exchanges with one socket for each port are complete." },
  "kernel/conntrack": {
    title: "conntrack",
    effect:
      "Packets that a real node calls INVALID because of their sequence numbers pass here, so a rule that drops INVALID " +
      "drops fewer. Expired entries may leave the table up to a minute earlier or later than on a real node.",
  },
  "kernel/nat": {
    title: "nat",
    effect:
      "Ports of translated connections are drawn evenly. On old kernels that start otherwise, single connections get " +
      "other ports, and the share on NodePorts is right in the mean only.",
  },
  "kernel/ipvs": {
    title: "IPVS",
    effect:
      "kube-proxy uses none of it but for two schedulers, and a scenario cannot ask for them. With hash schedulers on old " +
      "kernels a client may meet another real server than on a real node.",
  },
  "kernel/netfilter": {
    title: "iptables and nftables",
    effect:
      "A rule that needs one of these is refused with its line, never passed over, so a ruleset that is taken is " +
      "evaluated as it stands. No rule can give up tracking.",
  },
  "kernel/show": {
    title: "What ss, conntrack, ipvsadm and nstat show",
    effect: "The columns are there or left out as said; states, addresses, ports and counts are the model's own.",
  },
  cluster: {
    title: "The node's surroundings",
    effect:
      "Traffic comes at stated rates from hosts that always answer alike. What they would do under load of their own is " +
      "not in a result.",
  },
  "cluster/kube_proxy": {
    title: "kube-proxy",
    effect:
      "Services are plain. Affinity, a Local policy or source ranges change where a packet goes, not which NodePorts IPVS " +
      "takes.",
  },
  "cluster/kubelet": {
    title: "The kubelet",
    effect: "Counts of restarts are of pods with one container that stops at once. Real pods take longer to come back.",
  },
  "cluster/load_balancer": {
    title: "Cloud load balancers",
    effect: "Health checks and what follows from them are there; what clients lose meanwhile is not counted.",
  },
  "cluster/workloads": {
    title: "Rollouts and pods",
    effect: "Rollouts are faster than on a cluster, by what its controllers take.",
  },
  scenario: {
    title: "Scenarios",
    effect: "The scenario is taken although a real release would refuse it, or a connection is made that cannot be.",
  },
  study: {
    title: "Exact values and rare events",
    effect: "They are declined, or state the assumption, where it matters; the simulation is the one to believe.",
  },
  check: {
    title: "Checks of files",
    effect: "A line that only systemd joins or leaves out is judged as procps reads it.",
  },
  conform: {
    title: "Replays of recordings",
    effect: "No recording has a server that lets connections wait.",
  },
  report: {
    title: "Captures",
    effect: "Wireshark follows the handshakes, addresses, ports and sequence numbers; payload and windows say nothing.",
  },
};

const HEAD = `# Limitations

What the model leaves out on purpose. The page is made of every \`Not modelled:\` in the source, beside the class or
function that it concerns; \`npm run pages\` writes it, and a test fails while it is stale. What would change in a result is
said under each heading, and where one gap has an effect of its own, beside it.

The large ones first:

- **One node's kernel is modelled to the packet, everything around it by rates.** CPU time, queues of a network card and
  losses on the way do not exist: a connect() that tries ten thousand ports takes no simulated time.
- **No IPv6, no SCTP, no fragments.** Ports are drawn for IPv6 by the same walk, but nothing here shows that.
- **Services are plain.** Session affinity, \`externalTrafficPolicy: Local\` and HTTPS probes are refused in a scenario, as
  is every key that has no engine behind it ([the format](scenario.md) says which).
- **Kernels of vendors** are known by their source or not at all. A distribution's build takes a stated port walk
  ([kernels](kernels.md)).
- **Agreement with real kernels** is checked by recordings of four kernels with one CPU each
  ([validation](../VALIDATION.md)); races between CPUs are not in them.
`;

/** The page of limitations as Markdown, unformatted. A gap in a folder without a group is an error. */
export function limitationsPage(): string {
  const gaps = MODEL_GAPS;
  const unknown = gaps.find(({ file }) => GROUPS[folderOf(file)] === undefined);
  if (unknown !== undefined)
    throw new Error(`${unknown.file} has a gap in a folder without a group: add one in limitations_page.ts`);
  const sections = Object.entries(GROUPS).map(([folder, { title, effect }]) => {
    const own = gaps.filter(({ file }) => folderOf(file) === folder);
    if (own.length === 0) throw new Error(`src/${folder} has no gap: take its group away`);
    const lines = own.map(
      ({ file, subject, text }) =>
        `- [${file.slice(folder.length + 1)}](../${file})${subject === "" ? "" : ` ${subjectText(subject)}`}: ${text}`,
    );
    return `## ${title}\n\n${effect}\n\n${lines.join("\n")}\n`;
  });
  return [HEAD, ...sections].join("\n");
}

/** The room, and inside kernel and cluster the folder too. */
function folderOf(file: string): string {
  const [room = "", folder = ""] = file.split("/");
  return (room === "kernel" || room === "cluster") && !folder.endsWith(".ts") ? `${room}/${folder}` : room;
}

function subjectText(subject: string): string {
  return subject
    .split(", ")
    .map((name) => `\`${name}\``)
    .join(", ");
}
