/** What decides where a walk ends. */
export interface LandingInput {
  readonly range: readonly [low: number, high: number];
  readonly portWalk: string;
  /** Ports that `connect()` passes over: reserved, or somebody listens on them. */
  readonly closed: ReadonlySet<number>;
}

/**
 * How many of the walk's places to begin lead to each port, if all others are free: 1 for most, more for the first open
 * port behind closed ones, 0 for a closed port and for one of the parity that comes second. Indexed by port less `low`.
 *
 * Not modelled: ports in use, and a cursor that is not equally often everywhere; the simulation beside it has both.
 * Source: net/ipv4/inet_hashtables.c __inet_hash_connect, v4.6: the parity of the low bound comes first.
 */
export function landingCounts({ range: [low, high], portWalk, closed }: LandingInput): Float64Array {
  const width = high - low + 1;
  const counts = new Float64Array(width);
  // 4.2 to 4.5 wrap around by the width: with an odd one they come to all ports, else they keep the first parity.
  const step = portWalk === "3.10" ? 1 : 2;
  const isOneRing = step === 1 || (portWalk === "4.2-4.5" && width % 2 === 1);
  const places = isOneRing ? width : Math.ceil(width / 2);
  const portAt = (place: number): number => (step * place) % (step === 2 && !isOneRing ? 2 * places : width);
  const isOpen = (place: number): boolean => !closed.has(low + portAt(place));
  let open = 0;
  while (open < places && !isOpen(open)) open += 1;
  if (open === places) return counts;
  let waiting = 0;
  // Once around, from behind an open place to that place again.
  for (let index = 1; index <= places; index += 1) {
    const place = (open + index) % places;
    waiting += 1;
    if (!isOpen(place)) continue;
    counts[portAt(place)] = waiting;
    waiting = 0;
  }
  return counts;
}
