/** The only kind of job in this bench. It does nothing but note that it was begun. */
export const JOB_KIND = "bench";

/** What a worker has done: the jobs by their number, in the order of their beginning, and when each began. */
export interface WorkerReport {
  readonly numbers: readonly number[];
  /** Milliseconds since 1970. */
  readonly begunAtMs: readonly number[];
  /** How long its statements took, by kind. */
  readonly statementsMs: Readonly<Record<string, readonly number[]>>;
}
