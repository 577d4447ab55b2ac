import type { Fault } from "./fault.ts";

/** Faults in IPVS. */
export const IPVS_FAULTS: readonly Fault[] = [
  {
    wrong: "A connection in LAST_ACK lasts 60 s.",
    file: "kernel/ipvs/ipvs_tcp_states.ts",
    find: "10, 60, 30, 120, 120];",
    replace: "10, 60, 60, 120, 120];",
  },
  {
    wrong: "An ACK of the real server ends a connection in LAST_ACK.",
    file: "kernel/ipvs/ipvs_tcp_states.ts",
    find: '"SS LA LA CL"',
    replace: '"SS LA CL CL"',
  },
  {
    wrong: "A deleted server is forgotten after 120 s though connections refer to it.",
    file: "kernel/ipvs/deleted_servers.ts",
    find: "server.active + server.inactive > 0 || deletedAt > oldest",
    replace: "deletedAt > oldest",
  },
  {
    wrong: "lc takes the last of equally busy servers.",
    file: "kernel/ipvs/least_connections.ts",
    find: "overhead(server) < overhead(least))) least = server;",
    replace: "overhead(server) <= overhead(least))) least = server;",
  },
  {
    wrong: "ovf leaves a server that has as many connections as its weight.",
    file: "kernel/ipvs/weight_schedulers.ts",
    find: "active <= weight",
    replace: "active < weight",
  },
  {
    wrong: "wrr makes a lap at weight 0.",
    file: "kernel/ipvs/round_robin.ts",
    find: "if (this.#currentWeight <= 0) this.#currentWeight = this.#maxWeight;",
    replace: "if (this.#currentWeight < 0) this.#currentWeight = this.#maxWeight;",
  },
  {
    wrong: "A connection that is told to end takes an assured template with it.",
    file: "kernel/ipvs/persistence.ts",
    find: "controlled[template] === 0 && !isAssured)",
    replace: "controlled[template] === 0)",
  },
  {
    wrong: "dh goes by the client's address.",
    file: "kernel/ipvs/hash_schedulers.ts",
    find: "bucketOf(packet.dst)",
    replace: "bucketOf(packet.src)",
  },
  {
    wrong: "A service does not count the bytes of its answers.",
    file: "kernel/ipvs/ipvs_stats.ts",
    find: "  service.stats.outBytes += packet.bytes;\n",
    replace: "",
  },
];
