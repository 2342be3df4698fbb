// The chains of a block: made where they are missing, followed by a query.

import { type Block, NO_ROW } from "./block.ts";
import type { PairDictionary } from "./pair-dictionary.ts";

/** Brings the chains up to the last row. */
export function indexBlock(block: Block, pairs: PairDictionary): void {
  if (block.indexed === block.length && block.indexed > 0) return;
  block.serverHeads = headsFor(block.serverHeads, pairs.servers, block.indexed === 0);
  block.monitorHeads = headsFor(block.monitorHeads, pairs.monitors, block.indexed === 0);
  const { serverHeads, monitorHeads, previousOfServer, previousOfMonitor, pair, length } = block;
  const { serverOf, monitorOf } = pairs;
  for (let row = block.indexed; row < length; row += 1) {
    const code = pair[row] as number;
    const server = serverOf[code] as number;
    const monitor = monitorOf[code] as number;
    previousOfServer[row] = serverHeads[server] as number;
    previousOfMonitor[row] = monitorHeads[monitor] as number;
    serverHeads[server] = row;
    monitorHeads[monitor] = row;
  }
  block.indexed = length;
}

function headsFor(heads: Uint16Array, length: number, anew: boolean): Uint16Array {
  if (heads.length >= length) return anew ? heads.fill(NO_ROW) : heads;
  const grown = new Uint16Array(length).fill(NO_ROW);
  if (!anew) grown.set(heads);
  return grown;
}
