// One worker as a process of its own, as shipped but for its only kind of job: `node worker.ts URL`. Prints "ready POOL",
// and when its standard input ends what it has done, as JSON.

import { createUlid, systemClock, systemRandom } from "@truechimer/base";
import { createDatabase } from "@truechimer/database";
import { JOB_TIMING, startJobWorker, sweepJobs } from "@truechimer/server";
import { silentLogger } from "@truechimer/telemetry";
import { JOB_KIND, type WorkerReport } from "./job.ts";
import { kindOfStatement, timeStatements } from "./time-statements.ts";

const [url = ""] = process.argv.slice(2);
const database = await createDatabase({ url, applicationName: "truechimer bench worker" });
const replicaId = createUlid(systemClock, systemRandom);
const numbers: number[] = [];
const begunAtMs: number[] = [];
const statementsMs: Record<string, number[]> = {};
const note = (text: string, tookMs: number): void => {
  (statementsMs[kindOfStatement(text)] ??= []).push(tookMs);
};
const context = {
  database: {
    ...database,
    openPool: (options: Parameters<typeof database.openPool>[0]) =>
      timeStatements(database.openPool(options), note),
  },
  clock: systemClock,
  logger: silentLogger,
  jobTiming: JOB_TIMING,
};

/** As a replica says that it lives. */
const say = async (jobPool: string): Promise<void> => {
  await database.pool.query(
    `insert into replicas (id, roles, host, process_id, version, job_pool)
     values ($1, '{worker}', 'bench', $2, 'bench', $3) on conflict (id) do update set seen_at = now()`,
    [replicaId, process.pid, jobPool],
  );
};

let pool = "";
const worker = await startJobWorker(context, {
  tasks: {
    [JOB_KIND]: async (payload) => {
      numbers.push((payload as { readonly n: number }).n);
      begunAtMs.push(Date.now());
    },
  },
  onPool: async (jobPool) => {
    pool = jobPool;
    await say(jobPool);
  },
});
const beat = setInterval(() => {
  void say(pool).then(() => sweepJobs(context));
}, JOB_TIMING.heartbeatMs);
process.stdout.write(`ready ${pool}\n`);
process.stdin.resume().once("end", () => void end());

async function end(): Promise<void> {
  clearInterval(beat);
  await worker[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
  const report: WorkerReport = { numbers, begunAtMs, statementsMs };
  process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
}
