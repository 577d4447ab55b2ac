/**
 * Matchers for vitest: `import "portfall/vitest"`, then `expect(node).toKeepProbesSafe()`.
 *
 * @module
 */
import { expect } from "vitest";
import {
  matchProperty,
  matchShare,
  type MatcherOptions,
  type NodeMatch,
  type ShareMatcherOptions,
} from "./check/properties/node_matcher.ts";
import type { NodeConfig, NodeConfigInput } from "./check/properties/node_config.ts";
import type { NodeProperty } from "./check/properties/node_property.ts";
import { CONNTRACK_FULL } from "./check/properties/conntrack_full.ts";
import { PORT_EXHAUSTION } from "./check/properties/port_exhaustion.ts";
import { PROBE_NODEPORT } from "./check/properties/probe_nodeport.ts";
import { RESERVATION_RISK } from "./check/properties/reservation_risk.ts";
import { RESTART_WEEK } from "./check/properties/restart_week.ts";
import { SNAT_NODEPORT } from "./check/properties/snat_nodeport.ts";

export type { MatcherOptions, ShareMatcherOptions } from "./check/properties/node_matcher.ts";

/** A node as `expect` takes it: what `nodeConfig` or `scenarioConfig` gives, or what they are given. */
export type ExpectedNode = NodeConfig | NodeConfigInput;

/** What `expect(node)` can be asked with `import "portfall/vitest"`. */
export interface NodeMatchers<R = unknown> {
  /** No probe fails because its source port is a NodePort; with `atMost`, no larger share of them does. */
  toKeepProbesSafe(options?: ShareMatcherOptions): R;
  /** No container is restarted in a node-week because its probes took NodePorts. */
  toRestartNoContainer(options?: MatcherOptions): R;
  /** No connect() fails with EADDRNOTAVAIL. */
  toNeverRunOutOfPorts(options?: MatcherOptions): R;
  /** The conntrack table is never full. */
  toKeepRoomInConntrack(options?: MatcherOptions): R;
  /** Source NAT never gives a connection the number of a NodePort. */
  toKeepSnatOffNodePorts(options?: MatcherOptions): R;
  /** No reserved port makes it likelier that connect() takes a NodePort. */
  toReserveWithoutHarm(options?: MatcherOptions): R;
  /** Any property, one's own among them. */
  toHoldProperty(property: NodeProperty, options?: MatcherOptions): R;
}

interface MatcherState {
  readonly isNot: boolean;
}

function matcherOf(property: NodeProperty) {
  return function match(this: MatcherState, node: ExpectedNode, options?: MatcherOptions): NodeMatch {
    return matchProperty(node, property, { ...options, isNot: this.isNot });
  };
}

/** The matchers by name, for `expect.extend`; importing this file has extended vitest's own `expect` already. */
export const NODE_MATCHERS = {
  toKeepProbesSafe(this: MatcherState, node: ExpectedNode, options?: ShareMatcherOptions): NodeMatch {
    const { atMost, ...search } = options ?? {};
    const asked = { ...search, isNot: this.isNot };
    return atMost === undefined ? matchProperty(node, PROBE_NODEPORT, asked) : matchShare(node, { ...asked, atMost });
  },
  toRestartNoContainer: matcherOf(RESTART_WEEK),
  toNeverRunOutOfPorts: matcherOf(PORT_EXHAUSTION),
  toKeepRoomInConntrack: matcherOf(CONNTRACK_FULL),
  toKeepSnatOffNodePorts: matcherOf(SNAT_NODEPORT),
  toReserveWithoutHarm: matcherOf(RESERVATION_RISK),
  toHoldProperty(this: MatcherState, node: ExpectedNode, property: NodeProperty, options?: MatcherOptions): NodeMatch {
    return matchProperty(node, property, { ...options, isNot: this.isNot });
  },
};

expect.extend(NODE_MATCHERS);

declare module "vitest" {
  // oxlint-disable-next-line no-empty-object-type -- vitest takes new matchers by merging interfaces.
  interface Matchers<T> extends NodeMatchers<T> {}
}
