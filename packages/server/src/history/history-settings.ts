// What an operator may decide about the history in memory.

export interface HistorySettings {
  /** Loaded first, before anything older. 0: all of the retention at once. */
  readonly hotWindowMs: number;
  /** Infinity: everything that the database has. */
  readonly retentionMs: number;
  /** Of the store. Reaching it ends the load, on purpose. */
  readonly memoryBytesMax: number;
  /** Rows present of rows expected, below which the load is degraded. */
  readonly coverageMin: number;
  /** How long a lost connection is tried again during the load. */
  readonly reconnectMs: number;
  readonly chunkRowsFirst: number;
  readonly chunkRows: number;
  /** Between two looks for rows that were committed. */
  readonly followMs: number;
  /** Where packed results are kept for the next start. Absent: nowhere; each start reads the database. */
  readonly checkpointFile?: string | undefined;
  /** Below the hour for which the list of commits is kept. */
  readonly checkpointEveryMs: number;
}

const DAY_MS = 86_400_000;

export const HISTORY_SETTINGS: HistorySettings = {
  hotWindowMs: DAY_MS,
  retentionMs: 400 * DAY_MS,
  // Eleven million rows.
  memoryBytesMax: 512 * 2 ** 20,
  coverageMin: 0.9,
  reconnectMs: 60_000,
  // Small, so that the first answer is quick; then as large as a block.
  chunkRowsFirst: 10_000,
  chunkRows: 50_000,
  followMs: 100,
  checkpointEveryMs: 900_000,
};
