import { resolveKernel } from "../../kernel/eras.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { howToCollect } from "./collector.ts";
import { fileDiagnostic } from "./export_problem.ts";
import type { PlanContext } from "./import_options.ts";
import type { KernelPlan } from "./import_plan.ts";

/** Vendors that rebase on stable releases and keep their number whole: `5.10.109-104.500.amzn2.x86_64`. */
const FOLLOWS_STABLE =
  /^(\d+\.\d+\.[1-9]\d*)(?:[-.+].*(amzn|flatcar|talos|bottlerocket|cm2|azl3|cos|gardenlinux|rancher|k3os|coreos|fc\d)|\+$)/;

/**
 * The kernel with the walk that its build has: by the era table; for a vendor's build by the upstream release that it
 * says it is made from; else by the user's word. Nothing is guessed: the walk decides how likely a collision is.
 *
 * @param nodeBuild what the Kubernetes API says.
 */
export function planKernel(context: PlanContext, nodeBuild: string | undefined): KernelPlan | Diagnostic {
  const { exports, options } = context;
  const build = options.kernel ?? exports.kernelBuild ?? nodeBuild;
  if (build === undefined) {
    const message = "Cannot tell the kernel: neither uname nor kubectl get nodes is among the exports";
    return fileDiagnostic("--kernel", message, `collect ${howToCollect("uname")}, or give --kernel BUILD`);
  }
  const hz = exports.hz === undefined ? {} : { hz: exports.hz };
  const from = options.kernel === undefined ? (exports.kernelBuild === undefined ? "kubectl" : "uname") : "--kernel";
  const { portWalk } = options;
  const asked = resolveKernel({ build, ...hz, portWalk });
  if (asked.ok) {
    const walk = portWalk === undefined ? {} : { portWalk };
    const isOwnRow = resolveKernel({ build }).ok;
    const rate = isOwnRow || exports.hz !== undefined ? "" : "\nAssumed: hz 250.";
    const comment = `From ${from}${portWalk === undefined ? "" : "; the port walk is that of --port-walk"}.${rate}`;
    return { build, ...hz, ...walk, comment };
  }
  const upstream = exports.upstreamRelease ?? FOLLOWS_STABLE.exec(build)?.[1];
  const known = upstream === undefined || portWalk !== undefined ? undefined : resolveKernel({ build: upstream });
  if (known?.ok !== true || asked.candidates.length === 0) return undecided(build, asked);
  const said =
    exports.upstreamRelease === undefined
      ? "which its number names (a vendor that follows the stable releases)"
      : "which the vendor names";
  const rate = exports.hz ?? 250;
  if (exports.hz === undefined) context.assumed.push(`HZ is 250 (${howToCollect("kernel configuration")})`);
  return {
    build,
    portWalk: known.era.portWalk,
    hz: rate,
    comment:
      `From ${from}: a vendor's build. Its walk is that of upstream ${upstream}, ${said}.` +
      (exports.hz === undefined ? "\nAssumed: hz 250." : ""),
  };
}

function undecided(
  build: string,
  asked: { readonly problem: string; readonly candidates: readonly string[]; readonly toMend: string },
): Diagnostic {
  const { problem, candidates, toMend } = asked;
  if (candidates.length === 0) return fileDiagnostic("--kernel", `Cannot simulate this kernel: ${problem}`, toMend);
  return {
    ...fileDiagnostic(
      "--port-walk",
      `Cannot tell how kernel ${JSON.stringify(build)} walks its ports: its vendor's patches decide`,
      "",
    ),
    expected: `--port-walk ${candidates.map((walk) => JSON.stringify(walk)).join(" or ")}`,
    toMend: `collect ${howToCollect("version_signature")} (Ubuntu) or uname -a (Debian), look into the vendor's source, or import once with each`,
  };
}
