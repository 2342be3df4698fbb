// For what cannot happen unless we made a mistake. Never for input.

/** Ends the process (as an uncaught error) when `condition` does not hold. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}

/** Proves to the compiler that every case of a union was handled. */
export function unreachable(value: never): never {
  throw new Error(`assertion failed: unhandled case ${String(value)}`);
}
