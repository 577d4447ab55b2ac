import { plural } from "../wording.ts";
import { holds, type NodeProperty } from "./node_property.ts";
import { possibleNodePorts } from "./port_openness.ts";
import { runCase } from "./run_case.ts";

/** Source NAT never gives a connection the number of a NodePort. */
export const SNAT_NODEPORT: NodeProperty = {
  name: "snat-keeps-off-nodeports",
  title: "Source NAT never gives a connection the number of a NodePort.",
  judge(config, bounds) {
    const kinds = config.masquerade === undefined ? bounds.masquerade : [config.masquerade];
    if (kinds.every((kind) => kind === "off")) {
      return holds("structure", "Nothing that pods send is masqueraded.");
    }
    if (possibleNodePorts(config, bounds).length === 0) {
      return holds("structure", "There is no TCP NodePort.");
    }
    return { kind: "open", why: "MASQUERADE takes ports from 1024-65535; no sysctl limits it." };
  },
  test(one) {
    const { connections, onNodePort } = runCase(one).dataPlane.sourceNat;
    if (onNodePort === 0) return undefined;
    const had = onNodePort === 1 ? "has" : "have";
    return {
      what: `${onNodePort} of ${plural(connections, "masqueraded connection")} ${had} the number of a NodePort as the source port.`,
      expect: [["dataPlane.sourceNat.onNodePort", "above", 0]],
      figures: { connections, onNodePort },
    };
  },
  *aims(one, bounds) {
    const kinds = one.config.masquerade === undefined ? bounds.masquerade : [one.config.masquerade];
    const masquerade = kinds.find((kind) => kind === "random-fully") ?? kinds.find((kind) => kind === "on");
    if (masquerade === undefined) return;
    const ofPods = (one.config.flows ?? []).filter(({ from }) => from === "pod");
    const most = Math.max(1, ...ofPods.map(({ ratePerSecond }) => ratePerSecond));
    const ratePerSecond = one.config.flows === undefined ? bounds.rate[1] : most;
    const churn = [{ from: "pod", ratePerSecond, closes: "client", lastsSeconds: 0 }] as const;
    yield { ...one, listeners: one.config.listeners, pods: 1, masquerade, churn, boot: 0, seconds: bounds.seconds[1] };
  },
};
