import type { Fault } from "./fault.ts";

/** Faults in the search for source ports. */
export const PORT_FAULTS: readonly Fault[] = [
  {
    wrong: "The walk of 3.10 never tries its last candidate.",
    file: "kernel/ports/port_walks.ts",
    find: "for (let step = 1; step <= size; step += 1) {",
    replace: "for (let step = 1; step < size; step += 1) {",
  },
  {
    wrong: "The walk of 4.2 does not go on by two after a first candidate that was free.",
    file: "kernel/ports/port_walks.ts",
    find: "((step + 2) & ~1)",
    replace: "((step + 1) & ~1)",
  },
  {
    wrong: "The scan goes one port beyond the range.",
    file: "kernel/ports/port_walks.ts",
    find: "if (port >= end) port -= size;",
    replace: "if (port > end) port -= size;",
  },
  {
    wrong: "The walk of 5.12 disturbs its cursor twice as often.",
    file: "kernel/ports/port_walks.ts",
    find: "this.#noise.below(16, row, cursor, WalkDraw.INCREMENT)",
    replace: "this.#noise.below(8, row, cursor, WalkDraw.INCREMENT)",
  },
  {
    wrong: "The halves of bind(0) part at an odd distance from the low bound.",
    file: "kernel/ports/port_allocator.ts",
    find: "(((end - low) >> 2) << 1)",
    replace: "((end - low) >> 1)",
  },
  {
    wrong: "A socket's own low bound counts though it lies below the namespace's.",
    file: "kernel/ports/socket_port_range.ts",
    find: "low <= socketLow && socketLow <= high",
    replace: "socketLow <= high",
  },
  {
    wrong: "A leap may be wider than ip_local_port_step_width.",
    file: "kernel/ports/port_walks.ts",
    find: "      if (step > most) return 1;\n",
    replace: "",
  },
  {
    wrong: "With IP_LOCAL_PORT_RANGE the cursor moves by one too many.",
    file: "kernel/ports/port_walks.ts",
    find: "this.#noise.below(8, row, cursor, WalkDraw.INCREMENT)) + 1;",
    replace: "this.#noise.below(8, row, cursor, WalkDraw.INCREMENT)) + 2;",
  },
  {
    wrong: "A connect of 64 candidates counts as one of 63.",
    file: "kernel/ports/candidate_counts.ts",
    find: "const HISTOGRAM_SIZE = 65;",
    replace: "const HISTOGRAM_SIZE = 64;",
  },
  {
    wrong: "From 6.18 on a bucket opens when any of its owners leaves.",
    file: "kernel/ports/port_buckets.ts",
    find: "} else if (forgetsExplicit && page[word + 1]! >> 1 === 0) {",
    replace: "} else if (forgetsExplicit) {",
  },
  {
    wrong: "A word counts as full of taken ports before its last one is.",
    file: "kernel/ports/port_blocks.ts",
    find: "if ((this.#bits.word(place) & lane) !== lane) return;",
    replace: "",
  },
  {
    wrong: "A word of taken ports stays full when one of them is free again.",
    file: "kernel/ports/port_blocks.ts",
    find: "    this.#full[summaryOf(port)]! &= ~(1 << ((port >> 5) & 31));\n",
    replace: "",
  },
  {
    wrong: "A search passes over TIME_WAIT entries that it may take over.",
    file: "kernel/tcp/tuple_test.ts",
    find: "mayReuseBetween(netns, saddr, daddr) ? taken.open : taken.all",
    replace: "taken.all",
  },
  {
    wrong: "A port that is kept as open stays so when its socket enters TIME_WAIT.",
    file: "kernel/tcp/socket_table.ts",
    find: "    if (this.#isMarked(slot, IS_NOTED)) this.takenPorts.noteTimeWait(this, slot);\n",
    replace: "",
  },
  {
    wrong: "A port is kept as taken when its tuple is free.",
    file: "kernel/tcp/socket_table.ts",
    find: "    if (this.#isMarked(slot, IS_NOTED)) this.takenPorts.noteFree(this, slot);\n",
    replace: "",
  },
  {
    wrong: "A port hash that is kept holds in the next epoch, too.",
    file: "kernel/ports/port_hashes.ts",
    find: "places[at + 3] === (epoch | 0);",
    replace: "true;",
  },
];
