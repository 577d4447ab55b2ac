import type { BenchCase } from "./bench_case.ts";
import { CHECK } from "./cases/check.ts";
import { EXACT } from "./cases/exact.ts";
import { HOLD } from "./cases/hold.ts";
import { IMPORT } from "./cases/import.ts";
import { INCIDENT } from "./cases/incident.ts";
import { CHURN, CONNTRACK, PODS, PORTS, SERVICES, TIME_WAIT } from "./cases/loads.ts";
import { MEMORY } from "./cases/memory.ts";
import { OBSERVERS } from "./cases/observers.ts";
import { FLEET, RUN, START_UP, SWEEP } from "./cases/programs.ts";
import { CONNTRACK_TABLE, IPVS_TABLE } from "./cases/tables.ts";
import { SCALE } from "./cases/scale.ts";
import { TIME } from "./cases/time.ts";
import { W2 } from "./cases/w2.ts";
import { YARDSTICK } from "./cases/yardstick.ts";

/** All that is measured, in the order of the table. */
export const CASES: readonly BenchCase[] = [
  YARDSTICK,
  INCIDENT,
  W2,
  RUN,
  FLEET,
  SWEEP,
  START_UP,
  HOLD,
  CONNTRACK_TABLE,
  IPVS_TABLE,
  CHURN,
  TIME_WAIT,
  CONNTRACK,
  SERVICES,
  PODS,
  PORTS,
  TIME,
  OBSERVERS,
  MEMORY,
  SCALE,
  EXACT,
  CHECK,
  IMPORT,
];
