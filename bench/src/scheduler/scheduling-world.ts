// A PostgreSQL of its own, durable as shipped, with the queue in it, and workers as processes beside it.

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { openThrowAwayDatabase } from "../throw-away-database.ts";
import { JOB_KIND, type WorkerReport } from "./job.ts";

const SCRIPT: string = fileURLToPath(new URL("worker.ts", import.meta.url));

export interface BenchWorker {
  /** Ends it in order. */
  end(): Promise<WorkerReport>;
  /** Ends it with SIGKILL. */
  kill(): Promise<void>;
}

export interface SchedulingWorld extends AsyncDisposable {
  startWorker(): Promise<BenchWorker>;
  /** Jobs with the numbers from 1, all due at one instant, soon. Gives it, in milliseconds since 1970. */
  addDue(count: number): Promise<number>;
  /** Adds so many jobs, each due at once, a second. */
  addPaced(count: number, perSecond: number): Promise<PacedJobs>;
  /** Resolves when the queue is empty. Gives when it was seen to be. */
  drained(limitMs: number): Promise<number>;
  jobsLeft(): Promise<number>;
}

export interface PacedJobs {
  /** When each was added, by its number from 0. */
  readonly addedAtMs: readonly number[];
  /** How long each statement took that added some. */
  readonly addingMs: readonly number[];
}

/** Until then they are all there, and the table's statistics too. */
const DUE_IN_MS = 15_000;
const LOOK_MS = 50;
/** Jobs that one statement of the paced load adds. */
const TICK_MS = 20;

export async function openSchedulingWorld(): Promise<SchedulingWorld> {
  await using opening = new AsyncDisposableStack();
  const { postgres, database } = opening.use(await openThrowAwayDatabase(0));
  const { pool } = database;
  const jobsLeft = async (): Promise<number> => {
    const { rows } = await pool.query<{ count: number }>(
      "select count(*)::int as count from graphile_worker.jobs",
    );
    return rows[0]?.count ?? 0;
  };
  const opened = opening.move();
  return {
    startWorker: () => startWorker(postgres.url),
    addDue: async (count) => {
      const dueAtMs = Date.now() + DUE_IN_MS;
      await pool.query(
        `select count(*) from graphile_worker.add_jobs(array(
           select row($1, json_build_object('n', n), null, to_timestamp($2::float8 / 1000), null, null, null, null)::graphile_worker.job_spec
           from generate_series(1, $3::int) n))`,
        [JOB_KIND, dueAtMs, count],
      );
      await pool.query("vacuum analyze graphile_worker._private_jobs");
      if (Date.now() > dueAtMs) throw new Error("the jobs were due before all of them were there");
      return dueAtMs;
    },
    addPaced: async (count, perSecond) => {
      const addedAtMs: number[] = [];
      const addingMs: number[] = [];
      const startedMs = performance.now();
      while (addedAtMs.length < count) {
        const due = Math.min(
          count,
          Math.floor(((performance.now() - startedMs) * perSecond) / 1_000),
        );
        const first = addedAtMs.length;
        if (due > first) {
          const atMs = Date.now();
          const beganMs = performance.now();
          for (let at = first; at < due; at += 1) addedAtMs.push(atMs);
          await pool.query(
            `select count(*) from graphile_worker.add_jobs(array(
               select row($1, json_build_object('n', n), null, null, null, null, null, null)::graphile_worker.job_spec
               from generate_series($2::int, $3::int) n))`,
            [JOB_KIND, first, due - 1],
          );
          addingMs.push(performance.now() - beganMs);
        }
        await new Promise((resolve) => setTimeout(resolve, TICK_MS));
      }
      return { addedAtMs, addingMs };
    },
    drained: async (limitMs) => {
      const endMs = performance.now() + limitMs;
      const anyLeft = async (): Promise<boolean> => {
        const { rowCount } = await pool.query("select from graphile_worker.jobs limit 1");
        return (rowCount ?? 0) > 0;
      };
      while (await anyLeft()) {
        if (performance.now() > endMs) throw new Error(`jobs are left after ${limitMs} ms`);
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
      return Date.now();
    },
    jobsLeft,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function startWorker(url: string): Promise<BenchWorker> {
  const child = spawn(process.execPath, ["--conditions=source", SCRIPT, url], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.done === true) throw new Error("a worker ended before it was ready");
  return {
    end: async () => {
      const exited = exitOf(child);
      child.stdin.end();
      const { value = "" } = await lines.next();
      await exited;
      return JSON.parse(value) as WorkerReport;
    },
    kill: async () => {
      const exited = exitOf(child);
      child.kill("SIGKILL");
      await exited;
    },
  };
}

function exitOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.once("exit", () => resolve()));
}
