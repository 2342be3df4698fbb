// Numbers for choices that nobody must foresee.

import { randomFillSync } from "node:crypto";

const BLOCK_WORDS = 256;

/** Unpredictable numbers in [0, 1), from the system's generator a block at a time. */
export function createUnpredictableFraction(): () => number {
  const words = new Uint32Array(BLOCK_WORDS);
  let next = words.length;
  return () => {
    if (next === words.length) {
      randomFillSync(words);
      next = 0;
    }
    const word = words[next] ?? 0;
    next += 1;
    return word / 2 ** 32;
  };
}
