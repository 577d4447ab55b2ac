import type { Port } from "../units.ts";
import { whereIs, type CheckContext } from "./check_context.ts";
import type { Protocol, ServiceGenerator } from "./model.ts";
import type { Span } from "./source_text.ts";

/** Which NodePorts are taken, per protocol, and how many can still be drawn. */
export class NodePortBook {
  readonly #context: CheckContext;
  readonly #owners = new Map<string, { readonly owner: string; readonly span: Span }>();
  readonly #reserved = new Map<Protocol, number>();
  /** By protocol, while generators reserve: all ports that are named are taken before. */
  readonly #rooms = new Map<Protocol, { readonly total: number; readonly longest: number }>();

  constructor(context: CheckContext) {
    this.#context = context;
  }

  /** Takes a NodePort for an owner such as `service "default/web"`. */
  take(nodePort: Port, protocol: Protocol, owner: string, span: Span): void {
    const { problems, place } = this.#context;
    const range = this.#range();
    if (range !== undefined && (nodePort < range[0] || nodePort > range[1])) {
      const said = place.find("kubeProxy", "nodePortRange");
      problems.add(span, {
        message: `Cannot give NodePort ${nodePort} to ${owner}: kubeProxy.nodePortRange is ${range.join("-")} (${said === undefined ? "the default" : whereIs(said.value)})`,
        expected: `a port from ${range[0]} to ${range[1]}`,
        toMend: "choose a port inside the range, or widen the range",
      });
    }
    this.#rooms.clear();
    const key = `${nodePort}/${protocol}`;
    const first = this.#owners.get(key);
    if (first === undefined) {
      this.#owners.set(key, { owner, span });
      return;
    }
    problems.add(span, {
      message: `Cannot give NodePort ${key} to ${owner}: ${first.owner} has it (${whereIs(first.span)})`,
      expected: "a NodePort that no other service has",
      toMend: "choose another NodePort for one of the two",
    });
  }

  /** Sets aside the NodePorts that a generator will draw. */
  reserve({ nodePorts, count, protocol }: ServiceGenerator, span: Span): void {
    const range = this.#range();
    if (nodePorts === "listed" || range === undefined) return;
    const before = this.#reserved.get(protocol) ?? 0;
    this.#reserved.set(protocol, before + count);
    const { total, longest } = this.#rooms.get(protocol) ?? this.#free(range, protocol);
    this.#rooms.set(protocol, { total, longest });
    const room = Math.max(0, nodePorts === "contiguous" ? Math.min(longest, total - before) : total - before);
    if (count <= room) return;
    const kind = nodePorts === "contiguous" ? " in a row" : "";
    this.#context.problems.add(span, {
      message: `Cannot draw ${count} NodePorts${kind}: ${range.join("-")} has ${room} left${kind}`,
      expected: `at most ${room}`,
      toMend: `write generate: ${room}, or widen kubeProxy.nodePortRange`,
    });
  }

  /** The range that the scenario says, or else its default; none if what it says could not be read. */
  #range(): readonly [low: Port, high: Port] | undefined {
    const { sections, place } = this.#context;
    return place.at("kubeProxy").isLeftOut("nodePortRange") ? undefined : sections.kubeProxy?.nodePortRange;
  }

  #free([low, high]: readonly [Port, Port], protocol: Protocol): { readonly total: number; readonly longest: number } {
    let total = 0;
    let longest = 0;
    let run = 0;
    for (let port = low; port <= high; port += 1) {
      run = this.#owners.has(`${port}/${protocol}`) ? 0 : run + 1;
      if (run > 0) total += 1;
      longest = Math.max(longest, run);
    }
    return { total, longest };
  }
}
