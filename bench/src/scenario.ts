// What every scenario is told.

export interface ScenarioOptions {
  /** Fewer exchanges and one run: to see that it works, not for figures. */
  readonly quick: boolean;
  /** Names of the only condition, path and stamps to run. Absent: all. */
  readonly condition: string | undefined;
  readonly path: string | undefined;
  readonly stamps: string | undefined;
  /** Instead of the scenario's own numbers. */
  readonly exchanges: number | undefined;
  readonly runs: number | undefined;
  /** Progress, for people. */
  readonly log: (line: string) => void;
}
