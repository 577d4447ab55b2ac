import { z } from "zod";
import type { FAILURE_CAUSES } from "../../cluster/replication_result.ts";

/** As long as a scenario may be: no text of a result is longer than the whole of it. */
const TEXT_MOST = 4 * 1024 * 1024;

/** A text of a result. */
export const text = z.string().max(TEXT_MOST);
/** A whole number; tables keep it as a 64-bit integer. */
const count = z.int().nonnegative();
/** A duration, a rate or a mean. */
const amount = z.number().nonnegative();
const share = z.number().min(0).max(1);
const port = z.int().min(0).max(65_535);
const blocks = z.array(z.tuple([port, port]));
const texts = z.record(text, text);

/** A confidence interval; `high` may be `null` where the document says so. */
export const intervalSchema = z.looseObject({
  low: z.number(),
  high: z.number(),
  level: share,
  method: text,
});
const openInterval = z.looseObject({ ...intervalSchema.shape, high: z.number().nullable() });

const byCause = z.looseObject({
  "nodeport-collision": count,
  "port-exhaustion": count,
  "conntrack-full": count,
  "connection-refused": count,
  "slow-server": count,
  "connect-timeout": count,
  "host-unreachable": count,
  other: count,
} satisfies Record<(typeof FAILURE_CAUSES)[number], unknown>);

const declined = z.looseObject({ declined: text });
const gap = z.exactOptional(z.number().nullable());
const exact = z.union([
  z.looseObject({ probability: share, assumptions: z.array(text), gapStandardErrors: gap }),
  declined,
]);
const exactRestarts = z.union([
  z.looseObject({
    perNodeWeek: amount,
    runs: z.array(z.looseObject({ length: count, perNodeWeek: amount })),
    assumptions: z.array(text),
    gapStandardErrors: gap,
  }),
  declined,
]);

const survival = z.looseObject({
  watched: count,
  events: count,
  medianSeconds: amount.nullable(),
  medianInterval: openInterval,
  curve: z.array(z.looseObject({ atSeconds: amount, surviving: z.number(), low: z.number(), high: z.number() })),
});
const firstTime = z.looseObject({ perPod: survival, perNode: survival });
const shareWithInterval = z.looseObject({ share, interval: intervalSchema });
const life = z.looseObject({
  firstFailure: firstTime,
  firstRestart: firstTime,
  nodesHitInAWeek: z.looseObject({ failure: shareWithInterval, restart: shareWithInterval }),
});

const probes = z.looseObject({
  total: count,
  failed: count,
  probability: share,
  interval: intervalSchema,
  exact,
  byCause,
  longestRunOfFailures: count,
  runsOfFailures: z.exactOptional(
    z.array(
      z.looseObject({
        length: count,
        isAtLeast: z.boolean(),
        count,
        perNodeWeek: amount,
        interval: intervalSchema,
      }),
    ),
  ),
  failuresPerHour: amount,
  meanSecondsBetweenFailures: amount.nullable(),
  designEffect: z.number(),
});

const dataPlane = z.looseObject({
  mode: z.enum(["ipvs", "iptables", "nftables"]),
  rules: count,
  entries: count,
  rulesPerNewConnectionMean: amount,
  rulesPerPacketMean: amount,
  newConnectionMicrosMean: amount,
  sync: z.looseObject({ fullLines: amount, fullSeconds: amount, changeLines: amount, changeSeconds: amount }),
  sourceNat: z.looseObject({ connections: count, onNodePort: count, onNodePortShare: share }),
});

const loadBalancer = z.looseObject({
  name: text,
  service: text,
  checks: count,
  failed: count,
  failedShare: share,
  timesMarkedUnhealthy: count,
  unhealthyShare: share,
  nodesMarkedUnhealthy: count,
  nodesMarkedUnhealthyShare: share,
  interval: intervalSchema,
  connects: count,
  connectsFailed: count,
});

const kubeProxy = z.looseObject({
  syncs: count,
  restarts: count,
  hangs: count,
  hungNodes: count,
  hungSeconds: amount,
  staleServers: count,
  logLines: count,
  log: z.array(z.looseObject({ atSeconds: z.number(), text: text })),
});

const connectSeconds = z.looseObject({
  mean: amount.nullable(),
  p99: amount.nullable(),
  max: amount.nullable(),
  slowShare: share.nullable(),
});

const gauge = z.looseObject({
  mean: z.array(amount),
  min: z.array(count),
  max: z.array(count),
  capacity: count,
});

/** What the figures of a run, of a variant and of a point have alike. */
export const FIGURES = {
  probes,
  readiness: z.looseObject({
    flips: count,
    unreadySeconds: amount,
    perNodeWeek: z.exactOptional(amount),
    interval: z.exactOptional(intervalSchema),
  }),
  restarts: z.looseObject({
    count,
    perNodeWeek: amount,
    interval: intervalSchema,
    exact: z.exactOptional(exactRestarts),
  }),
  life: z.exactOptional(life),
  workloads: z.array(z.looseObject({ name: text, connects: count, failed: count, byCause, connectSeconds })),
  ports: z.looseObject({
    timeWaitMax: count,
    timeWaitByAddress: z.record(text, count),
    inUseMax: count,
    candidatesPerConnect: z.looseObject({ mean: amount, p99: count, max: count }),
  }),
  conntrack: z.looseObject({ max: count, peak: count, dropped: count, earlyDropped: count }),
  series: z.exactOptional(
    z.looseObject({ everySeconds: amount, portsInUse: gauge, timeWait: gauge, conntrack: gauge }),
  ),
  loadBalancers: z.array(loadBalancer),
  kubeProxy,
  dataPlane,
  counters: z.record(text, z.number()),
  warnings: z.array(text),
  firstFailures: z.array(
    z.looseObject({
      replication: count,
      atSeconds: z.number(),
      series: text,
      localPort: port,
      cause: text,
      logLine: text,
    }),
  ),
  exposure: z.looseObject({
    portRange: z.tuple([port, port]),
    nodePorts: z.array(port),
    reachable: z.array(port),
    reserved: z.array(port),
    heldByKubeProxy: z.boolean(),
    nodePortRange: z.exactOptional(z.tuple([port, port])),
    reservedBlocks: z.exactOptional(blocks),
    heldBlocks: z.exactOptional(blocks),
    isIntercepted: z.exactOptional(z.boolean()),
    isOfFirstBoot: z.exactOptional(z.literal(true)),
  }),
  settings: z.looseObject({
    seed: text,
    kernel: text,
    portWalk: text,
    replications: z.int().positive(),
    nodes: z.exactOptional(z.int().positive()),
    durationSeconds: amount,
    warmUpSeconds: z.exactOptional(amount),
    precision: z.exactOptional(
      z.looseObject({
        asked: z.number(),
        isReached: z.boolean(),
        looks: count,
        why: text,
        budgetSeconds: z.exactOptional(amount),
        cpuBudgetSeconds: z.exactOptional(amount),
      }),
    ),
    overrides: texts,
  }),
};

/** What an engine has counted. */
export const ENGINE_COUNTS = { events: count, connections: count, packets: count, fingerprint: text };

const change = z.enum(["lower", "higher", "no-difference", "undecided"]);
const verdict = z.enum(["yes", "no", "undecided"]);
const audit = z.looseObject({
  claim: text,
  figure: text,
  variants: z.array(
    z.looseObject({
      variant: text,
      settings: texts,
      isClaimed: z.boolean(),
      standing: z.number(),
      varied: z.number(),
      ratio: z.number().nullable(),
      interval: openInterval,
      change,
      explains: verdict,
    }),
  ),
  isCause: verdict,
  explainedBy: z.array(text),
});

/** What stands in a run beside its figures and in the points of a sweep as well. */
export const RUN_PARTS = {
  variants: z.exactOptional(z.array(z.looseObject({ ...FIGURES, name: text, engine: z.looseObject(ENGINE_COUNTS) }))),
  audit: z.exactOptional(audit),
  expectations: z.array(z.looseObject({ that: text, want: text, got: z.number().nullable(), ok: z.boolean() })),
};

/** The document `run/1`. */
export const runSchema = z.looseObject({
  format: z.literal("run/1"),
  scenario: z.looseObject({ file: text, digest: text, about: text }),
  ...FIGURES,
  ...RUN_PARTS,
  engine: z.looseObject({
    ...ENGINE_COUNTS,
    version: text,
    cpuSeconds: z.number(),
    wallSeconds: z.number(),
  }),
});
