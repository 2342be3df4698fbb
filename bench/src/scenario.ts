// What every scenario is told, and what it gives back.

export interface ScenarioOptions {
  /** Fewer exchanges and one run: to see that it works, not for figures. */
  readonly quick: boolean;
  /** Names of the only condition, size, path, stamps and mode to run. Absent: all. */
  readonly condition: string | undefined;
  readonly size: string | undefined;
  readonly path: string | undefined;
  readonly stamps: string | undefined;
  readonly mode: string | undefined;
  /** Instead of the scenario's own numbers. */
  readonly exchanges: number | undefined;
  readonly runs: number | undefined;
  /** Progress, for people. */
  readonly log: (line: string) => void;
}

/** One line of a scenario's results; `key` tells it from the others. */
export interface ResultRow {
  readonly key: string;
  readonly measuredOn: string;
}

export interface Scenario {
  readonly name: string;
  /** One sentence for `--help`. */
  readonly summary: string;
  readonly run: (options: ScenarioOptions) => Promise<readonly ResultRow[]>;
  /** The results as Markdown, with what they are to be held against. */
  readonly report: (rows: readonly ResultRow[]) => string;
}

/** The names of a scenario's parts that the options leave. */
export function isWanted(wanted: string | undefined, name: string): boolean {
  return wanted === undefined || wanted === name;
}
