import { assert } from "../sim/assert.ts";
import type { RandomStream, RandomStreams } from "../sim/random.ts";
import type { Port } from "../units.ts";
import type { NodeOptions, ServiceGeneratorOptions, ServiceOptions } from "./options.ts";

/**
 * The services that a replication draws: NodePorts one by one, as one block, or as listed; never one that another
 * service has.
 *
 * Not modelled: the API server's preference for the upper band of the range (KEP-3668, 1.27+).
 */
export function drawServices(options: NodeOptions, random: RandomStreams): readonly ServiceOptions[] {
  const taken = new Set<Port>();
  for (const service of options.services) {
    for (const { nodePort } of service.ports) if (nodePort !== undefined) taken.add(nodePort);
  }
  for (const generator of options.serviceGenerators) for (const port of generator.list) taken.add(port);
  return options.serviceGenerators.flatMap((generator, index) => {
    const name = generator.name ?? `generated-${index}`;
    const stream = random.stream(`services/${name}/node-ports`);
    const ports = drawPorts(generator, options.kubeProxy.nodePortRange, taken, stream);
    return ports.map((nodePort, place) => ({
      name: `${name}-${place}`,
      externalIps: [],
      ports: [{ port: generator.port, nodePort, targetPort: generator.targetPort, protocol: generator.protocol }],
      endpoints: generator.endpoints,
    }));
  });
}

function drawPorts(
  generator: ServiceGeneratorOptions,
  range: readonly [low: Port, high: Port],
  taken: Set<Port>,
  stream: RandomStream,
): readonly Port[] {
  if (generator.nodePorts === "listed") return generator.list;
  const free: Port[] = [];
  for (let port = range[0]; port <= range[1]; port += 1) if (!taken.has(port)) free.push(port);
  assert(free.length >= generator.count, "the NodePort range has room for the services to draw");
  const ports =
    generator.nodePorts === "contiguous" ? block(free, generator.count, stream) : sample(free, generator.count, stream);
  for (const port of ports) taken.add(port);
  return ports;
}

/** A run of neighbouring free ports if there is one at the place drawn, else the next that begins behind it. */
function block(free: readonly Port[], count: number, stream: RandomStream): readonly Port[] {
  const start = stream.below(free.length - count + 1);
  for (let shift = 0; shift <= free.length - count; shift += 1) {
    const place = (start + shift) % (free.length - count + 1);
    const span = free[place + count - 1]! - free[place]!;
    if (span === count - 1) return free.slice(place, place + count);
  }
  return free.slice(start, start + count);
}

function sample(free: readonly Port[], count: number, stream: RandomStream): readonly Port[] {
  const left = [...free];
  const drawn: Port[] = [];
  for (let index = 0; index < count; index += 1) {
    const place = stream.below(left.length);
    drawn.push(left[place]!);
    left[place] = left.at(-1)!;
    left.pop();
  }
  return drawn.toSorted((a, b) => a - b);
}
