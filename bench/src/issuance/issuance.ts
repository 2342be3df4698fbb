// Scenario issuance: how many certificates a second the authority gives out, with everything that belongs to one: the
// request read and its signature checked, the serial number committed, the draft linted, the certificate signed, read
// back and committed. The database runs on the same cores, durable as shipped.

import type { ResultRow, Scenario, ScenarioOptions } from "../scenario.ts";
import { isWanted } from "../scenario.ts";
import { median, medianSpread, type Spread, spreadOf } from "../statistics.ts";
import { type IssuingWorld, openIssuingWorld } from "./issuing-world.ts";
import { reportIssuance } from "./report.ts";

const RUN_MS = 5_000;
const RUNS = 5;
const QUICK_RUN_MS = 1_000;
const QUICK_RUNS = 1;
/** Before the first run: the compiler, the pool's connections. Not counted. */
const WARM_UP_MS = 2_000;

/** What is asked for, and by how many at once. */
interface Condition {
  readonly name: string;
  readonly title: string;
  readonly callers: number;
  readonly issue: (world: IssuingWorld, at: number) => Promise<void>;
}

const CONDITIONS: readonly Condition[] = [
  {
    name: "renewals",
    title: "agents' requests, 32 at once",
    callers: 32,
    issue: (world, at) => world.issueForRequest(at),
  },
  {
    name: "one-caller",
    title: "agents' requests, one after the other",
    callers: 1,
    issue: (world, at) => world.issueForRequest(at),
  },
  {
    name: "with-keys",
    title: "with keys made here, 32 at once",
    callers: 32,
    issue: (world, at) => world.issueWithKey(at),
  },
];

export interface IssuanceRow extends ResultRow {
  readonly title: string;
  readonly callers: number;
  /** Certificates a second, run by run. */
  readonly runs: readonly number[];
  readonly perSecond: number;
  /** From the call to the certificate, in milliseconds: medians over the runs. */
  readonly latencyMs: Spread;
  readonly issued: number;
  /** Rows of the ledger with a certificate. The same number, or something was lost. */
  readonly stored: number;
}

export const issuance: Scenario = {
  name: "issuance",
  summary: "How many certificates a second the built-in authority issues, database and all.",
  parts: () => ({ condition: CONDITIONS.map(({ name }) => name) }),
  run: runIssuance,
  report: (rows) => reportIssuance(rows as readonly IssuanceRow[]),
};

async function runIssuance(options: ScenarioOptions): Promise<readonly IssuanceRow[]> {
  await using world = await openIssuingWorld();
  const rows: IssuanceRow[] = [];
  for (const condition of CONDITIONS.filter(({ name }) => isWanted(options.condition, name))) {
    options.log(`issuance: ${condition.title}`);
    rows.push(await runCondition(world, condition, options));
  }
  return rows;
}

async function runCondition(
  world: IssuingWorld,
  condition: Condition,
  options: ScenarioOptions,
): Promise<IssuanceRow> {
  const runMs = options.quick ? QUICK_RUN_MS : RUN_MS;
  await issueFor(world, condition, WARM_UP_MS);
  const storedBefore = await world.storedCertificates();
  const rates: number[] = [];
  const latencies: Spread[] = [];
  let issued = 0;
  for (let run = 0; run < (options.runs ?? (options.quick ? QUICK_RUNS : RUNS)); run += 1) {
    const { tookMs, latenciesMs } = await issueFor(world, condition, runMs);
    rates.push((latenciesMs.length / tookMs) * 1_000);
    latencies.push(spreadOf(latenciesMs));
    issued += latenciesMs.length;
  }
  return {
    key: condition.name,
    measuredOn: new Date().toISOString().slice(0, 10),
    title: condition.title,
    callers: condition.callers,
    runs: rates,
    perSecond: median(rates),
    latencyMs: medianSpread(latencies),
    issued,
    stored: (await world.storedCertificates()) - storedBefore,
  };
}

interface RunFindings {
  readonly tookMs: number;
  readonly latenciesMs: readonly number[];
}

/** Each caller asks again as soon as it has its certificate. */
async function issueFor(
  world: IssuingWorld,
  { callers, issue }: Condition,
  durationMs: number,
): Promise<RunFindings> {
  const latenciesMs: number[] = [];
  const startedAt = performance.now();
  const caller = async (at: number): Promise<void> => {
    while (performance.now() - startedAt < durationMs) {
      const askedAt = performance.now();
      await issue(world, at);
      latenciesMs.push(performance.now() - askedAt);
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, at) => caller(at)));
  return { tookMs: performance.now() - startedAt, latenciesMs };
}
