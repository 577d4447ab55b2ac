import type { ReplicationResult } from "../../src/cluster/replication_result.ts";
import type { Scenario } from "../../src/scenario/scenario.ts";
import { documentOf } from "../../src/study/run_study.ts";
import type { runStudy } from "../../src/study/study_on_workers.ts";
import { runReplication } from "../../src/cluster/replication.ts";

/** `runStudy` in this thread, so that nothing has to be built. */
export const studyHere: typeof runStudy = async (request) => {
  const boots = (scenario: Scenario): ReplicationResult[] =>
    Array.from({ length: scenario.replications }, (_, index) => runReplication(scenario, index));
  const standing = boots(request.scenario);
  const varied = request.scenario.variants.map((variant) => boots(variant.scenario));
  request.onReplications?.(standing, varied);
  return documentOf(request, standing, { wallSeconds: 0, cpuSeconds: 0 }, varied);
};
