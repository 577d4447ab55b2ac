/** Neighbouring ports as one block, both ends included. */
export type PortBlock = readonly [first: number, last: number];

/** Ascending ports, each once, as blocks of neighbours. */
export function portBlocks(ports: readonly number[]): PortBlock[] {
  const blocks: [first: number, last: number][] = [];
  for (const port of ports) {
    const open = blocks.at(-1);
    if (open !== undefined && port === open[1] + 1) open[1] = port;
    else blocks.push([port, port]);
  }
  return blocks;
}

/** `8080`, `30000-32767`. */
export function blockText([first, last]: PortBlock): string {
  return first === last ? `${first}` : `${first}-${last}`;
}

/** How many ports the blocks hold, of which no two share one. */
export function portCount(blocks: readonly PortBlock[]): number {
  return blocks.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}
