/** A part of the scenario's shape that no part of the engine serves yet. */
export interface NotServed {
  /** Where it stands: keys joined by dots, `*` for an item of a list. */
  readonly path: RegExp;
  /** The values of the schema that are not served; without it, none is. */
  readonly values?: readonly string[];
  readonly what: string;
  readonly toMend: string;
}

const PROBE = String.raw`^(pods\.\*|nodeLocalDns)\.(readiness|liveness|startup)Probe`;

/** All that is in the schema and not in the engine: naming it is a diagnostic, never ignored. */
export const NOT_SERVED: readonly NotServed[] = [
  {
    path: /^kubeProxy\.mode$/,
    values: ["userspace"],
    what: "kube-proxy's mode userspace",
    toMend: "write ipvs, iptables or nftables",
  },
  {
    path: /^kubeProxy\.scheduler$/,
    values: ["lc", "wlc", "sh", "dh", "mh", "sed", "nq", "lblc", "lblcr"],
    what: "an IPVS scheduler other than rr and wrr",
    toMend: "write rr, which is kube-proxy's default",
  },
  {
    path: new RegExp(String.raw`${PROBE}\.(httpGet|tcpSocket)\.host$`),
    what: "a probe of another address than the pod's",
    toMend: "delete the key",
  },
  {
    path: new RegExp(String.raw`${PROBE}\.httpGet\.scheme$`),
    values: ["HTTPS"],
    what: "HTTPS probes",
    toMend: "write HTTP",
  },
  {
    path: new RegExp(String.raw`${PROBE}\.terminationGracePeriodSeconds$`),
    what: "a grace period at the end of a container",
    toMend: "delete the key",
  },
];

/**
 * The entry for a place of the scenario, if its value is not served.
 *
 * @param path keys joined by dots, `*` for an item of a list.
 * @param text the value's source text, or `undefined` for a map or a list.
 */
export function findNotServed(path: string, text: string | undefined): NotServed | undefined {
  return NOT_SERVED.find(
    (entry) =>
      entry.path.test(path) && (entry.values === undefined || (text !== undefined && entry.values.includes(text))),
  );
}
