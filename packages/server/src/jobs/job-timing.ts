// How the jobs of a dead worker come to another. All of it is an argument, so that a test need not wait.

export interface JobTiming {
  /** How often an idle worker looks for jobs that have become due. New ones are told at once. */
  readonly pollMs: number;
  /** How often a replica says that it lives, and a worker looks after those who do not. */
  readonly heartbeatMs: number;
  /** Silence after which a replica is dead. */
  readonly deadAfterMs: number;
  /** At the stop: how long jobs under way may go on before they are handed back. */
  readonly graceMs: number;
}

/**
 * A job of a worker that was killed is with another after `deadAfterMs`, up to two heartbeats and a look: 18.5 s at most.
 * A replica that stands still for shorter than `deadAfterMs` loses nothing.
 */
export const JOB_TIMING: JobTiming = {
  pollMs: 500,
  heartbeatMs: 3_000,
  deadAfterMs: 12_000,
  graceMs: 5_000,
};
