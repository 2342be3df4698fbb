// How long an orderly stop takes at most, for all that take part in it: what closes first must be done before whoever
// waits for it gives up. A supervisor's patience is ten seconds.

/** Milliseconds. `openingMs` passes before `closingMs` begins; the others count from the start of the closing. */
export const STOP_LIMITS = {
  /** What is still being opened when the stop comes has this long to come to its end. */
  openingMs: 1_500,
  /** An agent's checks may end until then. */
  probingEndsMs: 5_000,
  /** An agent's results may be delivered until then. */
  deliveryEndsMs: 7_000,
  /** Everything is closed; what is not is left to the end of the process. */
  closingMs: 8_500,
} as const;
