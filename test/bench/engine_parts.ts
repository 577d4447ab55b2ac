/** The parts of the engine that cases measure; the bundler makes one module of them, as it does for the command. */
export { readFacts } from "../../src/check/build_node.ts";
export { judgeNodes } from "../../src/check/check_nodes.ts";
export { readTarget } from "../../src/check/check_target.ts";
export { Cluster } from "../../src/cluster/cluster.ts";
export { Gauges } from "../../src/cluster/gauges.ts";
export { ConntrackTable } from "../../src/kernel/conntrack/conntrack_table.ts";
export { IpvsConnectionTable } from "../../src/kernel/ipvs/ipvs_connection_table.ts";
export { SocketTable } from "../../src/kernel/tcp/socket_table.ts";
export { importScenario } from "../../src/scenario/import/import_scenario.ts";
export { parseScenario } from "../../src/scenario/scenario.ts";
export { EventLoop } from "../../src/sim/event_loop.ts";
export { RandomStream, RandomStreams } from "../../src/sim/random.ts";
export { exactProbability } from "../../src/study/exact_probability.ts";
