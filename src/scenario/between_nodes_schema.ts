import { z } from "zod";
import { oneOf, port, protocolPort, truth } from "./leaves.ts";
import { LIST_MOST } from "./size_limits.ts";

/** The section `overlay`. */
export const overlay = z
  .strictObject({
    kind: oneOf("vxlan: in UDP packets between the nodes' addresses; host-gw: as they are, with a route per node.", [
      "vxlan",
      "host-gw",
    ]),
    port: port("The UDP port of vxlan; flannel's is 8472, Calico's 4789.").prefault(8472),
    blocked: oneOf("off; drop or reject: what a firewall between the nodes does with packets to that port.", [
      "off",
      "drop",
      "reject",
    ]).prefault("off"),
    masquerade: oneOf("Whether what pods send out of the pod networks gets the node's address.", [
      "on",
      "off",
    ]).prefault("on"),
  })
  .describe("How pods of different nodes reach each other; without it, as with host-gw.");

/** The section `cloud`. */
export const cloud = z
  .strictObject({
    sourceDestCheck: truth(
      "Whether packets are dropped whose source or destination is no address of the interface.",
    ).prefault(false),
    blockedPorts: z
      .array(protocolPort("A port with its protocol, such as 8472/UDP."))
      .max(LIST_MOST.entry)
      .prefault([])
      .describe("Destination ports that a security group lets nothing through to."),
  })
  .describe("Limits of the network between the nodes.");
