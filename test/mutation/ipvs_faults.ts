import type { Fault } from "./fault.ts";

/** Faults in IPVS. */
export const IPVS_FAULTS: readonly Fault[] = [
  {
    wrong: "wrr moves on when somebody asks whose turn it is.",
    file: "kernel/ipvs/round_robin.ts",
    find: "      this.#nextWeight = weight;\n      return server;\n",
    replace: "      this.#nextWeight = weight;\n      this.choose();\n      return server;\n",
  },
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
    find: "if (weight <= 0) weight = this.#maxWeight;",
    replace: "if (weight < 0) weight = this.#maxWeight;",
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
  {
    wrong: "A server that is added to another service goes on with what it counted for the former one.",
    file: "kernel/ipvs/virtual_service.ts",
    find: "    if (this.#use !== undefined) this.#use.stats = new IpvsStats();\n",
    replace: "",
  },
  {
    wrong: "A server whose weight falls to 0 loses its places in mh's table.",
    file: "kernel/ipvs/virtual_service.ts",
    find: "return this.#weight > 0 ? this.#weight : (this.#use?.formerWeight ?? 0);",
    replace: "return this.#weight;",
  },
  {
    wrong: "A TCP service takes the datagrams for its port.",
    file: "kernel/ipvs/ipvs.ts",
    find: "if (service.address === address && service.protocol === protocol) return service;",
    replace: "if (service.address === address) return service;",
  },
  {
    wrong: "A template looks again for its connections after 30 s.",
    file: "kernel/ipvs/ipvs.ts",
    find: "const CONTROLLING_TIMEOUT: Micros = 60 * SECOND;",
    replace: "const CONTROLLING_TIMEOUT: Micros = 30 * SECOND;",
  },
  {
    wrong: "A connection that becomes active counts as inactive, too.",
    file: "kernel/ipvs/ipvs.ts",
    find: "    server.inactive -= change;\n",
    replace: "",
  },
  {
    wrong: "IPVS sends on a packet at its last hop.",
    file: "kernel/ipvs/ipvs_in.ts",
    find: "if (packet.ttl <= 1) {",
    replace: "if (packet.ttl < 1) {",
  },
  {
    wrong: "Before 5.9 a packet to a deleted server is scheduled anew.",
    file: "kernel/ipvs/ipvs_in.ts",
    find: "ipvs.netns.machine.era.ipvsReschedulesDeletedDest && ipvs.netns.conntrack?.hasConfirmed(packet) !== true;",
    replace: "ipvs.netns.conntrack?.hasConfirmed(packet) !== true;",
  },
  {
    wrong: "An ICMP error about a server quotes the client's port as the virtual one.",
    file: "kernel/ipvs/ipvs_out.ts",
    find: "packet.quotedDport = connections.ports[row]! & 0xffff;",
    replace: "packet.quotedDport = connections.ports[row]! >>> 16;",
  },
  {
    wrong: "mh grants a heavy server half as many places in a row.",
    file: "kernel/ipvs/maglev.ts",
    find: "const TURN_BITS = 6;",
    replace: "const TURN_BITS = 5;",
  },
  {
    wrong: "sh gives each server one bucket more in a row than its weight.",
    file: "kernel/ipvs/hash_schedulers.ts",
    find: "({ weight }) => Math.max(weight, 1)",
    replace: "({ weight }) => weight + 1",
  },
  {
    wrong: "rr begins again at the head when the server chosen last is deleted.",
    file: "kernel/ipvs/round_robin.ts",
    find: "this.#last = deleted.before;",
    replace: "this.#last = undefined;",
  },
  {
    wrong: "wrr begins a lap at the greatest weight, whatever the step.",
    file: "kernel/ipvs/round_robin.ts",
    find: "most === 0 ? 0 : most - (this.#step - 1)",
    replace: "most",
  },
  {
    wrong: "nq passes over a server that has inactive connections only.",
    file: "kernel/ipvs/least_connections.ts",
    find: "weight > 0 && active === 0",
    replace: "weight > 0 && active + inactive === 0",
  },
  {
    wrong: "A deleted server comes back to a service of another port.",
    file: "kernel/ipvs/deleted_servers.ts",
    find: "old.protocol === service.protocol && old.address === service.address && old.port === service.port;",
    replace: "old.protocol === service.protocol && old.address === service.address;",
  },
];
