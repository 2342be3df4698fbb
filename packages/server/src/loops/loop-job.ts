// What a loop's job looks like in the queue.

/** A loop is never given up: a worker that dies each time in it is a fault of ours that others must not suffer from. */
export const LOOP_JOB_ATTEMPTS_MAX = 30_000;

/** Its kind, and its key: at most one waits. */
export function loopJobKind(name: string): string {
  return `loop_${name}`;
}
