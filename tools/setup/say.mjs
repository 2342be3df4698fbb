// What the set-up tells: always to standard error, so that the standard output belongs to the program that follows.

/** A failure that the person in front of the terminal can mend; its message is all that is shown. */
export class SetUpError extends Error {
  /** @override */
  name = "SetUpError";
}

/** @param {string} text one sentence, without a final full stop */
export function say(text) {
  process.stderr.write(`truechimer: ${text}\n`);
}

/** @param {number} since milliseconds of `performance.now()` */
export function secondsSince(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
