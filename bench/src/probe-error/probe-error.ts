// Scenario probe-error: how wrong are offsets, against a chronyd that shares our clock, so that the truth is 0?

import { systemClock, systemRandom } from "@truechimer/base";
import type { TimestampSource } from "@truechimer/ntp";
import { createProbeSocket } from "@truechimer/udp";
import { isWanted, type ResultRow, type Scenario, type ScenarioOptions } from "../scenario.ts";
import { median, medianSpread, type Spread, spreadOf } from "../statistics.ts";
import { CONDITIONS, type Condition } from "./conditions.ts";
import { createTurns, MODE_NAMES, type ModeName } from "./modes.ts";
import { openPath, PATH_NAMES, type PathName } from "./paths.ts";
import { reportProbeError } from "./report.ts";
import { vethProblem } from "./veth.ts";
import { measureWithChronyd } from "./yardstick.ts";

/** A run; five of them make the 20,000 exchanges of a condition. */
const EXCHANGES = 4_000;
const RUNS = 5;
/** Without kernel stamps the figures are so much larger that one run tells them. */
const USER_SPACE_RUNS = 1;
/** A check takes three exchanges and their gaps, so that fewer of them last as long. */
const CHECKS = 1_000;
/** In a session at an agent's beat each exchange waits for a look, a quarter of a second after the one before. */
const BEATS = 200;
const QUICK_EXCHANGES = 2_000;
const QUICK_RUNS = 1;
/** Before each run: caches, address resolution, the compiler. Not counted. */
const WARM_UP = 400;
const STAMPS: readonly TimestampSource[] = ["kernel", "user_space"];

/** Who measures in a row: ourselves in one of our modes, or chronyd as the client. */
export type RowMode = ModeName | "chronyd basic" | "chronyd interleaved";

export interface ProbeErrorRow extends ResultRow {
  readonly path: PathName;
  readonly stamps: TimestampSource;
  readonly mode: RowMode;
  readonly condition: string;
  /** A run. */
  readonly exchanges: number;
  readonly runs: readonly Spread[];
  readonly median: Spread;
  /** Medians of T2 − T1 and T4 − T3: how unlike the two legs are, which is where the error comes from. */
  readonly outwardUs: number | undefined;
  readonly homewardUs: number | undefined;
  /** Samples that were not good, over all runs. */
  readonly failures: Readonly<Record<string, number>>;
}

export const probeError: Scenario = {
  name: "probe-error",
  summary: "How far offsets are from the truth, by who takes the time stamps.",
  parts: () => ({
    condition: CONDITIONS.map(({ name }) => name),
    path: PATH_NAMES,
    stamps: STAMPS,
    mode: [...MODE_NAMES, "chronyd"],
  }),
  run: runProbeError,
  report: (rows) => reportProbeError(rows.map(withMode)),
};

/** Rows that were kept before there was a choice are of basic mode. */
function withMode(row: ResultRow): ProbeErrorRow {
  return { mode: "basic", ...(row as Omit<ProbeErrorRow, "mode">) };
}

async function runProbeError(options: ScenarioOptions): Promise<readonly ProbeErrorRow[]> {
  const rows: ProbeErrorRow[] = [];
  for (const setting of settings(options)) {
    const { path, stamps, mode, condition } = setting;
    options.log(`probe-error: ${path}, ${stamps} stamps, ${mode}, ${condition.title}`);
    rows.push(await runCondition(setting));
  }
  for (const setting of yardstickSettings(options)) {
    options.log(`probe-error: ${setting.path}, ${setting.mode}, ${setting.condition}`);
    rows.push(await runYardstick(setting, options));
  }
  return rows;
}

interface Setting {
  readonly path: PathName;
  readonly stamps: TimestampSource;
  readonly mode: ModeName;
  readonly condition: Condition;
  readonly options: ScenarioOptions;
}

/** Interleaved mode and whole checks: where kernel stamps are, and where the condition changes something. */
function settings(options: ScenarioOptions): readonly Setting[] {
  return wantedPaths(options).flatMap((path) =>
    STAMPS.filter((name) => isWanted(options.stamps, name)).flatMap((stamps) =>
      MODE_NAMES.filter((name) => isWanted(options.mode, name)).flatMap((mode) =>
        CONDITIONS.filter(({ name }) => isWanted(options.condition, name))
          .filter(({ name }) => mode === "basic" || isMeasuredIn(mode, name, path))
          .filter(({ lookEveryMs }) => stamps === "kernel" || lookEveryMs === undefined)
          .filter(() => stamps === "kernel" || mode === "basic")
          .map((condition) => ({ path, stamps, mode, condition, options })),
      ),
    ),
  );
}

function isMeasuredIn(mode: ModeName, condition: string, path: PathName): boolean {
  if (mode === "check") return path === "veth" && (condition === "idle" || condition === "busy");
  return condition !== "in-flight";
}

async function runCondition(setting: Setting): Promise<ProbeErrorRow> {
  const { path, stamps, mode, condition, options } = setting;
  const turns = turnsOf(setting);
  const runs: Spread[] = [];
  const outwardUs: number[] = [];
  const homewardUs: number[] = [];
  const failures: Record<string, number> = {};
  for (let run = 0; run < runsOf(setting); run += 1) {
    await using targets = await openPath(path);
    await using probe = await createProbeSocket({
      clock: systemClock,
      random: systemRandom,
      timestamps: stamps,
      ...(condition.lookEveryMs !== undefined && { lookEveryMs: condition.lookEveryMs }),
    });
    const takeTurn = createTurns(mode, probe, targets);
    await condition.run(probe, takeTurn, Math.min(WARM_UP, turns));
    const findings = await condition.run(probe, takeTurn, turns);
    runs.push(spreadOf(findings.errorsUs));
    outwardUs.push(median(findings.outwardUs));
    homewardUs.push(median(findings.homewardUs));
    for (const [reason, count] of findings.failures) {
      failures[reason] = (failures[reason] ?? 0) + count;
    }
    options.log(`  run ${run + 1}: ${spreadText(runs.at(-1) ?? spreadOf([]))}`);
    if (findings.passed > 0) options.log(`  without a result in this mode: ${findings.passed}`);
    if (findings.failures.size > 0) options.log(`  failed: ${[...findings.failures].join(" ")}`);
  }
  return {
    key: `${path} ${stamps} ${mode === "basic" ? "" : `${mode} `}${condition.name}`,
    measuredOn: new Date().toISOString().slice(0, 10),
    path,
    stamps,
    mode,
    condition: condition.name,
    exchanges: turns,
    runs,
    median: medianSpread(runs),
    outwardUs: median(outwardUs),
    homewardUs: median(homewardUs),
    failures,
  };
}

function turnsOf({ mode, condition, options }: Setting): number {
  const full = options.quick ? QUICK_EXCHANGES : EXCHANGES;
  if (options.exchanges !== undefined) return options.exchanges;
  if (mode !== "basic" && condition.lookEveryMs !== undefined) return Math.min(full, BEATS);
  return mode === "check" ? Math.min(full, CHECKS) : full;
}

function runsOf({ stamps, options }: Setting): number {
  const full = stamps === "kernel" ? RUNS : USER_SPACE_RUNS;
  return options.runs ?? (options.quick ? QUICK_RUNS : full);
}

interface YardstickSetting {
  readonly path: PathName;
  readonly mode: "chronyd basic" | "chronyd interleaved";
  readonly condition: "idle" | "busy";
}

function yardstickSettings(options: ScenarioOptions): readonly YardstickSetting[] {
  if (!isWanted(options.mode, "chronyd") || !isWanted(options.stamps, "kernel")) return [];
  return wantedPaths(options).flatMap((path) =>
    (["chronyd basic", "chronyd interleaved"] as const).flatMap((mode) =>
      (["idle", "busy"] as const)
        .filter((condition) => isWanted(options.condition, condition))
        .map((condition) => ({ path, mode, condition })),
    ),
  );
}

/** One run: chronyd paces itself, and its log grows until it ends. */
async function runYardstick(
  { path, mode, condition }: YardstickSetting,
  options: ScenarioOptions,
): Promise<ProbeErrorRow> {
  const exchanges = options.exchanges ?? (options.quick ? QUICK_EXCHANGES : EXCHANGES);
  await using targets = await openPath(path);
  const errorsUs = await measureWithChronyd({
    targets,
    isInterleaved: mode === "chronyd interleaved",
    areCoresBusy: condition === "busy",
    samples: exchanges,
  });
  const spread = spreadOf(errorsUs);
  options.log(`  ${errorsUs.length} measurements: ${spreadText(spread)}`);
  return {
    key: `${path} ${mode} ${condition}`,
    measuredOn: new Date().toISOString().slice(0, 10),
    path,
    stamps: "kernel",
    mode,
    condition,
    exchanges: errorsUs.length,
    runs: [spread],
    median: spread,
    outwardUs: undefined,
    homewardUs: undefined,
    failures: {},
  };
}

function wantedPaths(options: ScenarioOptions): readonly PathName[] {
  return PATH_NAMES.filter((path) => {
    if (!isWanted(options.path, path)) return false;
    const problem = path === "veth" ? vethProblem() : undefined;
    if (problem !== undefined) options.log(`probe-error: no veth pair here: ${problem}`);
    return problem === undefined;
  });
}

function spreadText({ p50, p99, p999, max }: Spread): string {
  const [a, b, c, d] = [p50, p99, p999, max].map((value) => value.toFixed(2));
  return `p50 ${a} µs, p99 ${b} µs, p99.9 ${c} µs, max ${d} µs`;
}
