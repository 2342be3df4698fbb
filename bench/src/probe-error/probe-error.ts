// Scenario probe-error: how wrong are offsets, against a chronyd that shares our clock, so that the truth is 0?

import { systemClock, systemRandom } from "@truechimer/base";
import type { TimestampSource } from "@truechimer/ntp";
import { createProbeSocket } from "@truechimer/udp";
import { isWanted, type ResultRow, type Scenario, type ScenarioOptions } from "../scenario.ts";
import { median, medianSpread, type Spread, spreadOf } from "../statistics.ts";
import { CONDITIONS, type Condition } from "./conditions.ts";
import { openPath, PATH_NAMES, type PathName } from "./paths.ts";
import { reportProbeError } from "./report.ts";
import { vethProblem } from "./veth.ts";

/** A run; five of them make the 20,000 exchanges of a condition. */
const EXCHANGES = 4_000;
const RUNS = 5;
const QUICK_EXCHANGES = 2_000;
const QUICK_RUNS = 1;
/** Before each run: caches, address resolution, the compiler. Not counted. */
const WARM_UP = 400;
const STAMPS: readonly TimestampSource[] = ["kernel", "user_space"];

export interface ProbeErrorRow extends ResultRow {
  readonly path: PathName;
  readonly stamps: TimestampSource;
  readonly condition: string;
  /** A run. */
  readonly exchanges: number;
  readonly runs: readonly Spread[];
  readonly median: Spread;
  /** Medians of T2 − T1 and T4 − T3: how unlike the two legs are, which is where the error comes from. */
  readonly outwardUs: number;
  readonly homewardUs: number;
  /** Samples that were not good, over all runs. */
  readonly failures: Readonly<Record<string, number>>;
}

export const probeError: Scenario = {
  name: "probe-error",
  summary: "How far offsets are from the truth, by who takes the time stamps.",
  run: runProbeError,
  report: (rows) => reportProbeError(rows as readonly ProbeErrorRow[]),
};

async function runProbeError(options: ScenarioOptions): Promise<readonly ProbeErrorRow[]> {
  const rows: ProbeErrorRow[] = [];
  for (const path of wantedPaths(options)) {
    for (const stamps of STAMPS.filter((name) => isWanted(options.stamps, name))) {
      for (const condition of CONDITIONS.filter(({ name }) => isWanted(options.condition, name))) {
        options.log(`probe-error: ${path}, ${stamps} stamps, ${condition.title}`);
        rows.push(await runCondition({ path, stamps, condition, options }));
      }
    }
  }
  return rows;
}

interface Setting {
  readonly path: PathName;
  readonly stamps: TimestampSource;
  readonly condition: Condition;
  readonly options: ScenarioOptions;
}

async function runCondition({ path, stamps, condition, options }: Setting): Promise<ProbeErrorRow> {
  const exchanges = options.exchanges ?? (options.quick ? QUICK_EXCHANGES : EXCHANGES);
  const runs: Spread[] = [];
  const outwardUs: number[] = [];
  const homewardUs: number[] = [];
  const failures: Record<string, number> = {};
  for (let run = 0; run < (options.runs ?? (options.quick ? QUICK_RUNS : RUNS)); run += 1) {
    await using targets = await openPath(path);
    await using probe = await createProbeSocket({
      clock: systemClock,
      random: systemRandom,
      timestamps: stamps,
    });
    await condition.run(probe, targets, WARM_UP);
    const findings = await condition.run(probe, targets, exchanges);
    runs.push(spreadOf(findings.errorsUs));
    outwardUs.push(median(findings.outwardUs));
    homewardUs.push(median(findings.homewardUs));
    for (const [reason, count] of findings.failures) {
      failures[reason] = (failures[reason] ?? 0) + count;
    }
    options.log(`  run ${run + 1}: ${spreadText(runs.at(-1) ?? spreadOf([]))}`);
    if (findings.failures.size > 0) options.log(`  failed: ${[...findings.failures].join(" ")}`);
  }
  return {
    key: `${path} ${stamps} ${condition.name}`,
    measuredOn: new Date().toISOString().slice(0, 10),
    path,
    stamps,
    condition: condition.name,
    exchanges,
    runs,
    median: medianSpread(runs),
    outwardUs: median(outwardUs),
    homewardUs: median(homewardUs),
    failures,
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
