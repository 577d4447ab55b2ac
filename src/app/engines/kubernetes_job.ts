import type { EngineSweep } from "./engine_files.ts";

/**
 * A sweep for Kubernetes: the scenario as a ConfigMap, a claim for the shared volume, and an Indexed Job with one pod for
 * each shard. A pod that fails is tried again up to three times and goes on with the points it has finished; wrong input
 * (exit code 2) is not tried again.
 */
export function kubernetesSweep(sweep: EngineSweep): readonly object[] {
  const { name, scenario, shards } = sweep;
  const labels = { portfall: "sweep" };
  return [
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name, labels }, data: { [fileName(sweep)]: scenario } },
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name, labels },
      spec: { accessModes: ["ReadWriteMany"], resources: { requests: { storage: "1Gi" } } },
    },
    {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name, labels },
      spec: {
        completionMode: "Indexed",
        completions: shards,
        parallelism: shards,
        backoffLimitPerIndex: 3,
        podFailurePolicy: {
          rules: [
            { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
            { action: "FailIndex", onExitCodes: { containerName: "sim", operator: "In", values: [2] } },
          ],
        },
        template: { metadata: { labels }, spec: podSpec(sweep, ["sim", ...sweepArguments(sweep)]) },
      },
    },
  ];
}

/** The Job that joins the shards of a sweep on its volume. */
export function kubernetesMerge(sweep: EngineSweep): readonly object[] {
  const labels = { portfall: "merge" };
  const command = ["sh", "-c", "sim merge /results/shard-* --out /results/merged"];
  return [
    {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: `${sweep.name}-merge`, labels },
      spec: { backoffLimit: 0, template: { metadata: { labels }, spec: podSpec(sweep, command) } },
    },
  ];
}

function podSpec({ name, image }: EngineSweep, command: readonly string[]): object {
  return {
    restartPolicy: "Never",
    automountServiceAccountToken: false,
    // A Service named sim would put SIM_… into the environment of each pod.
    enableServiceLinks: false,
    containers: [
      {
        name: "sim",
        image,
        command,
        resources: { requests: { cpu: "1", memory: "512Mi" } },
        volumeMounts: [
          { name: "scenario", mountPath: "/scenario", readOnly: true },
          { name: "results", mountPath: "/results" },
        ],
      },
    ],
    volumes: [
      { name: "scenario", configMap: { name } },
      { name: "results", persistentVolumeClaim: { claimName: name } },
    ],
  };
}

function sweepArguments(sweep: EngineSweep): string[] {
  const { words, shards } = sweep;
  // Kubernetes replaces $(NAME) in arguments; $$ stands for one dollar sign.
  const literal = [`/scenario/${fileName(sweep)}`, ...words].map((word) => word.replaceAll("$(", "$$$$("));
  const out = "/results/shard-$(JOB_COMPLETION_INDEX)";
  return ["sweep", ...literal, "--shard", `k8s/${shards}`, "--out", out, "--resume", "--quiet", "--jobs", "1"];
}

/** The scenario's file name; a key of a ConfigMap takes letters, digits, dots, dashes and underscores. */
function fileName({ file }: EngineSweep): string {
  return file.replace(/^.*[/\\]/, "").replace(/[^A-Za-z0-9._-]/g, "_");
}
