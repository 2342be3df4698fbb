// Scenario scheduler: how fast one, two and three workers take jobs that do nothing from the queue, how long a job waits,
// and how long the jobs of a worker that was killed do. The database runs on the same cores, durable as shipped.

import type { ResultRow, Scenario, ScenarioOptions } from "../scenario.ts";
import { isWanted } from "../scenario.ts";
import { median, medianSpread, type Spread, spreadOf } from "../statistics.ts";
import type { WorkerReport } from "./job.ts";
import { reportScheduler } from "./report.ts";
import { openSchedulingWorld, type SchedulingWorld } from "./scheduling-world.ts";

const DUE_JOBS = 100_000;
const PACED_JOBS = 10_000;
const PACED_PER_SECOND = 1_000;
/** A hundred thousand jobs are many enough for one run. */
const RUNS = 1;
const QUICK_JOBS = 5_000;
const DRAIN_LIMIT_MS = 300_000;
const LOOK_MS = 50;

export interface SchedulerRow extends ResultRow {
  readonly title: string;
  readonly workers: number;
  readonly jobs: number;
  /** Jobs a second, run by run. */
  readonly runs: readonly number[];
  readonly perSecond: number;
  /** From the instant that a job was due to its beginning, in milliseconds: medians over the runs. */
  readonly waitMs: Spread;
  /** Over all runs: jobs begun twice, and jobs never begun. */
  readonly doubled: number;
  readonly missing: number;
  /** Over all runs and workers; of a worker that was killed nobody knows. Absent: of a row measured before they were. */
  readonly statements?: readonly StatementKind[];
}

/** Statements of one kind, from sending to the answer. */
export interface StatementKind {
  readonly kind: string;
  readonly calls: number;
  readonly tookMs: Spread;
}

interface Condition {
  readonly name: string;
  readonly title: string;
  readonly workers: number;
  readonly run: (world: SchedulingWorld, workers: number, jobs: number) => Promise<Findings>;
}

interface Findings {
  readonly perSecond: number;
  readonly waitsMs: readonly number[];
  readonly doubled: number;
  readonly missing: number;
  readonly statementsMs: Readonly<Record<string, readonly number[]>>;
}

const WORKERS = [1, 2, 3] as const;

const CONDITIONS: readonly Condition[] = [
  ...WORKERS.map((workers) => ({
    name: `drain-${workers}`,
    title: `all due at once, ${workers === 1 ? "one worker" : `${workers} workers`}`,
    workers,
    run: drain,
  })),
  ...WORKERS.map((workers) => ({
    name: `paced-${workers}`,
    title: `${PACED_PER_SECOND.toLocaleString("en")} a second, ${workers === 1 ? "one worker" : `${workers} workers`}`,
    workers,
    run: paced,
  })),
  { name: "killed", title: "all due at once, one of two workers killed", workers: 2, run: killed },
];

export const scheduler: Scenario = {
  name: "scheduler",
  summary: "How fast workers take jobs from the queue, and how long a job waits.",
  parts: () => ({ condition: CONDITIONS.map(({ name }) => name) }),
  run: runScheduler,
  report: (rows) => reportScheduler(rows as readonly SchedulerRow[]),
};

async function runScheduler(options: ScenarioOptions): Promise<readonly SchedulerRow[]> {
  await using world = await openSchedulingWorld();
  const rows: SchedulerRow[] = [];
  for (const condition of CONDITIONS.filter(({ name }) => isWanted(options.condition, name))) {
    rows.push(await runCondition(world, condition, options));
  }
  return rows;
}

async function runCondition(
  world: SchedulingWorld,
  { name, title, workers, run }: Condition,
  options: ScenarioOptions,
): Promise<SchedulerRow> {
  const wanted = name.startsWith("paced") ? PACED_JOBS : DUE_JOBS;
  const jobs = options.quick ? QUICK_JOBS : wanted;
  const findings: Findings[] = [];
  for (let at = 0; at < (options.runs ?? RUNS); at += 1) {
    options.log(`scheduler: ${title}, run ${at + 1}`);
    findings.push(await run(world, workers, jobs));
  }
  const rates = findings.map(({ perSecond }) => perSecond);
  return {
    key: name,
    measuredOn: new Date().toISOString().slice(0, 10),
    title,
    workers,
    jobs,
    runs: rates,
    perSecond: median(rates),
    waitMs: medianSpread(findings.map(({ waitsMs }) => spreadOf(waitsMs))),
    doubled: findings.reduce((sum, { doubled }) => sum + doubled, 0),
    missing: findings.reduce((sum, { missing }) => sum + missing, 0),
    statements: statementKinds(findings.map(({ statementsMs }) => statementsMs)),
  };
}

function statementKinds(all: readonly Findings["statementsMs"][]): readonly StatementKind[] {
  return Object.entries(together(all))
    .map(([kind, tookMs]) => ({ kind, calls: tookMs.length, tookMs: spreadOf(tookMs) }))
    .toSorted((a, b) => (a.kind < b.kind ? -1 : 1));
}

function together(all: readonly Findings["statementsMs"][]): Findings["statementsMs"] {
  const kinds = new Set(all.flatMap((each) => Object.keys(each)));
  return Object.fromEntries(
    [...kinds].map((kind) => [kind, all.flatMap((each) => each[kind] ?? [])]),
  );
}

async function drain(world: SchedulingWorld, workers: number, jobs: number): Promise<Findings> {
  const started = await Promise.all(Array.from({ length: workers }, () => world.startWorker()));
  const dueAtMs = await world.addDue(jobs);
  const doneAtMs = await world.drained(DRAIN_LIMIT_MS);
  const reports = await Promise.all(started.map((worker) => worker.end()));
  return findingsOf(reports, { jobs, first: 1, dueAt: () => dueAtMs, tookMs: doneAtMs - dueAtMs });
}

async function paced(world: SchedulingWorld, workers: number, jobs: number): Promise<Findings> {
  const started = await Promise.all(Array.from({ length: workers }, () => world.startWorker()));
  const beganAtMs = Date.now();
  const { addedAtMs, addingMs } = await world.addPaced(jobs, PACED_PER_SECOND);
  const doneAtMs = await world.drained(DRAIN_LIMIT_MS);
  const reports = await Promise.all(started.map((worker) => worker.end()));
  const findings = findingsOf(reports, {
    jobs,
    first: 0,
    dueAt: (n) => addedAtMs[n] ?? Number.NaN,
    tookMs: doneAtMs - beganAtMs,
  });
  return { ...findings, statementsMs: { ...findings.statementsMs, "add jobs": addingMs } };
}

/** How long the jobs that a killed worker had in hand wait for another: all that are begun later than the last but them. */
async function killed(world: SchedulingWorld, workers: number, jobs: number): Promise<Findings> {
  const [heir, ...victims] = await Promise.all(
    Array.from({ length: workers }, () => world.startWorker()),
  );
  if (heir === undefined) throw new Error("no workers");
  const dueAtMs = await world.addDue(jobs);
  while ((await world.jobsLeft()) > jobs / 2) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  const killedAtMs = Date.now();
  await Promise.all(victims.map((victim) => victim.kill()));
  const doneAtMs = await world.drained(DRAIN_LIMIT_MS);
  const { numbers, begunAtMs, statementsMs } = await heir.end();
  const late = begunAtMs.filter((atMs) => atMs > killedAtMs);
  return {
    perSecond: (jobs / (doneAtMs - dueAtMs)) * 1_000,
    waitsMs: late.map((atMs) => atMs - killedAtMs),
    doubled: numbers.length - new Set(numbers).size,
    // What the dead did is nobody's to tell; that nothing is left in the queue says that nothing was lost.
    missing: await world.jobsLeft(),
    statementsMs,
  };
}

interface Measured {
  readonly jobs: number;
  /** Number of the first job. */
  readonly first: number;
  /** When the job of this number was due, in milliseconds since 1970. */
  readonly dueAt: (n: number) => number;
  readonly tookMs: number;
}

function findingsOf(
  reports: readonly WorkerReport[],
  { jobs, first, dueAt, tookMs }: Measured,
): Findings {
  const times = new Uint32Array(jobs);
  const waitsMs: number[] = [];
  for (const { numbers, begunAtMs } of reports) {
    for (const [at, n] of numbers.entries()) {
      times[n - first] = (times[n - first] ?? 0) + 1;
      waitsMs.push(Math.max(0, (begunAtMs[at] ?? 0) - dueAt(n)));
    }
  }
  return {
    perSecond: (jobs / tookMs) * 1_000,
    waitsMs,
    doubled: times.filter((each) => each > 1).length,
    missing: times.filter((each) => each === 0).length,
    statementsMs: together(reports.map((report) => report.statementsMs)),
  };
}
