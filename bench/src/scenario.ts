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

/** Options that choose parts of a scenario by their names. */
export const PART_OPTIONS = ["condition", "size", "path", "stamps", "mode"] as const;

export type PartOption = (typeof PART_OPTIONS)[number];

/** What each option can be; "rows": any number of them. Absent: the scenario has no such parts. */
export type ScenarioParts = Readonly<Partial<Record<PartOption, readonly string[] | "rows">>>;

export interface Scenario {
  readonly name: string;
  /** One sentence for `--help`. */
  readonly summary: string;
  readonly parts: (options: Pick<ScenarioOptions, "quick">) => ScenarioParts;
  readonly run: (options: ScenarioOptions) => Promise<readonly ResultRow[]>;
  /** The results as Markdown, with what they are to be held against. */
  readonly report: (rows: readonly ResultRow[]) => string;
}

type Chosen = Pick<ScenarioOptions, PartOption | "quick">;

/** Fails with RangeError for a part that the scenario does not have: before anything is made for it. */
export function refuseUnknownParts(
  { name, parts }: Pick<Scenario, "name" | "parts">,
  options: Chosen,
): void {
  const known = parts(options);
  for (const option of PART_OPTIONS) {
    const wanted = options[option];
    if (wanted === undefined) continue;
    const there = known[option];
    if (there === undefined) throw new RangeError(`${name} has no --${option}`);
    if (isPart(there, wanted)) continue;
    throw new RangeError(`${name} has no --${option} "${wanted}": expected ${partsText(there)}`);
  }
}

function isPart(there: readonly string[] | "rows", wanted: string): boolean {
  return there === "rows" ? /^[1-9]\d{0,8}$/.test(wanted) : there.includes(wanted);
}

/** As an enumeration. */
export function partsText(there: readonly string[] | "rows"): string {
  return there === "rows" ? "a number of rows" : there.join(", ");
}

/** The names of a scenario's parts that the options leave. */
export function isWanted(wanted: string | undefined, name: string): boolean {
  return wanted === undefined || wanted === name;
}
