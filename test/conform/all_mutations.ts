import { IP_MUTATIONS } from "./ip_mutations.ts";
import { IPVS_MUTATIONS } from "./ipvs_mutations.ts";
import type { Mutation } from "./mutation.ts";
import { NETFILTER_MUTATIONS } from "./netfilter_mutations.ts";
import { PORT_MUTATIONS } from "./port_mutations.ts";
import { TCP_MUTATIONS } from "./tcp_mutations.ts";

/** The mutations of each part of the model, in the order of the validation page. */
export const MUTATION_GROUPS: readonly { readonly title: string; readonly rules: readonly Mutation[] }[] = [
  { title: "TCP", rules: TCP_MUTATIONS },
  { title: "Ports", rules: PORT_MUTATIONS },
  { title: "IPVS", rules: IPVS_MUTATIONS },
  { title: "Netfilter", rules: NETFILTER_MUTATIONS },
  { title: "IP and bridges", rules: IP_MUTATIONS },
];

/** All mutations, in the same order. */
export const MUTATIONS: readonly Mutation[] = MUTATION_GROUPS.flatMap(({ rules }) => rules);
