// Background loops on a real database with real processes, which are killed, stopped, and held still.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { AppError } from "@truechimer/base";
import { createDatabase, migrate } from "@truechimer/database";
import { type TestDatabase, withTemplateDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { describe, expect, test, vi } from "vitest";
import type { Loop } from "../src/loops/loop.ts";
import { LOOPS } from "../src/loops/registry.ts";
import { startReplicas } from "./_replicas.ts";
import { startServer } from "./_test-server.ts";

const WAIT = { timeout: 20_000, interval: 50 };
const LIMIT_MS = 60_000;
/** Of the loop "once". */
const PERIOD_MS = 500;
const WORKER: string = fileURLToPath(new URL("_worker.ts", import.meta.url));

interface Worker extends AsyncDisposable {
  readonly process: ChildProcess;
  /** Resolves when the process has printed this line. */
  printed(line: string): Promise<void>;
}

function startWorker(url: string, behaviour: "works" | "hangs"): Worker {
  const child = spawn(process.execPath, ["--conditions=source", WORKER, url, behaviour], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  return {
    process: child,
    printed: (line) => vi.waitFor(() => expect(lines).toContain(line), WAIT),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const closed = once(child, "close");
      child.kill("SIGKILL");
      await closed;
    },
  };
}

async function kill({ process: child }: Worker): Promise<void> {
  const closed = once(child, "close");
  child.kill("SIGKILL");
  await closed;
}

const withEffects = async (work: (database: TestDatabase) => Promise<void>): Promise<void> =>
  withTemplateDatabase(async (database) => {
    await sql`create table effects (name text, process_id int, begun_at timestamptz)`.execute(
      database.kysely,
    );
    await work(database);
  });

interface Effect {
  readonly process_id: number;
  /** From the begin of the run before. Null: it is the first. */
  readonly gap_ms: number | null;
}

async function effectsOf({ kysely }: TestDatabase, name: string): Promise<readonly Effect[]> {
  const result = await sql<Effect>`
    select process_id, (extract(epoch from begun_at - lag(begun_at) over (order by begun_at)) * 1000)::float8 as gap_ms
    from effects where name = ${name} order by begun_at`.execute(kysely);
  return result.rows;
}

const loopRow = ({ kysely }: TestDatabase, name: string) =>
  kysely.selectFrom("loop_runs").selectAll().where("name", "=", name).executeTakeFirstOrThrow();

describe("a loop with an effect that must come once in a period", { timeout: LIMIT_MS }, () => {
  test("has it once, with three workers, one of which is killed in the middle of it", async () => {
    await withEffects(async (database) => {
      await using victim = startWorker(database.url, "hangs");
      await victim.printed("in once");
      await using first = startWorker(database.url, "works");
      await using second = startWorker(database.url, "works");
      await Promise.all([first.printed("ready"), second.printed("ready")]);
      await kill(victim);
      await vi.waitFor(async () => {
        expect((await effectsOf(database, "once")).length).toBeGreaterThan(4);
      }, WAIT);
      await Promise.all([kill(first), kill(second)]);
      const effects = await effectsOf(database, "once");
      const { periods_total } = await loopRow(database, "once");
      expect(effects.length).toBe(Number(periods_total));
      expect(effects.map(({ process_id }) => process_id)).not.toContain(victim.process.pid);
      const gaps = effects.flatMap(({ gap_ms }) => (gap_ms === null ? [] : [gap_ms]));
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(PERIOD_MS);
    });
  });
});

describe("a worker in the middle of a run", { timeout: LIMIT_MS }, () => {
  test("that is killed has its run taken over", async () => {
    await withEffects(async (database) => {
      await using victim = startWorker(database.url, "hangs");
      await victim.printed("in plain");
      await using heir = startWorker(database.url, "works");
      await heir.printed("ready");
      await kill(victim);
      await vi.waitFor(async () => {
        expect(await loopRow(database, "plain")).toMatchObject({
          outcome: "ok",
          running_since: null,
          runs_total: 2n,
          periods_total: 1n,
        });
      }, WAIT);
      expect((await effectsOf(database, "plain")).map(({ process_id }) => process_id)).toEqual([
        victim.process.pid,
        heir.process.pid,
      ]);
    });
  });

  test("that stands still loses its run, and undoes nothing when it goes on", async () => {
    await withEffects(async (database) => {
      await using sleeper = startWorker(database.url, "hangs");
      await sleeper.printed("in plain");
      sleeper.process.kill("SIGSTOP");
      await using heir = startWorker(database.url, "works");
      await vi.waitFor(async () => {
        expect(await loopRow(database, "plain")).toMatchObject({ outcome: "ok", runs_total: 2n });
      }, WAIT);
      sleeper.process.kill("SIGCONT");
      // It says again that it lives, and hands back what is not its own any more.
      const { process: child } = sleeper;
      const closed = once(child, "close");
      child.kill("SIGTERM");
      await closed;
      expect(child.exitCode).toBe(0);
      expect(await loopRow(database, "plain")).toMatchObject({
        outcome: "ok",
        runs_total: 2n,
        periods_total: 1n,
      });
      await kill(heir);
    });
  });

  test("that is stopped hands its run back, ends in order, and another takes it at once", async () => {
    await withEffects(async (database) => {
      await using leaver = startWorker(database.url, "hangs");
      await leaver.printed("in plain");
      await using heir = startWorker(database.url, "works");
      await heir.printed("ready");
      const closed = once(leaver.process, "close");
      leaver.process.kill("SIGTERM");
      await closed;
      expect(leaver.process.exitCode).toBe(0);
      await vi.waitFor(async () => {
        expect(await loopRow(database, "plain")).toMatchObject({ outcome: "ok", runs_total: 2n });
      }, WAIT);
      const replicas = await database.kysely.selectFrom("replicas").select("process_id").execute();
      expect(replicas).toEqual([{ process_id: heir.process.pid }]);
    });
  });
});

describe("every registered loop", { timeout: LIMIT_MS }, () => {
  test("has run in a worker process of its own", async () => {
    await withTemplateDatabase(async (database) => {
      await using _replicas = await startReplicas(database.url, ["worker"]);
      await vi.waitFor(async () => {
        const rows = await database.kysely.selectFrom("loop_runs").selectAll().execute();
        expect(rows.map(({ name, outcome }) => ({ name, outcome })).toSorted(byName)).toEqual(
          LOOPS.map(({ name }) => ({ name, outcome: "ok" })).toSorted(byName),
        );
        const [replica] = await database.kysely.selectFrom("replicas").select("id").execute();
        for (const { replica_id, last_run_at } of rows) {
          expect(replica_id).toBe(replica?.id);
          expect(last_run_at).not.toBeNull();
        }
      }, WAIT);
    });
  });

  test("has a name, a purpose and a period of its own kind", () => {
    expect(new Set(LOOPS.map(({ name }) => name)).size).toBe(LOOPS.length);
    for (const { name, purpose, periodMs } of LOOPS) {
      expect(name).toMatch(/^[a-z][a-z_]+$/);
      expect(purpose).toMatch(/^[a-z].{10,}[^.]$/);
      expect(periodMs).toBeGreaterThanOrEqual(1_000);
    }
  });
});

const byName = (one: { readonly name: string }, other: { readonly name: string }): number =>
  one.name.localeCompare(other.name);

describe("a run that fails", { timeout: LIMIT_MS }, () => {
  const failing = (
    change: Partial<Pick<Loop, "periodMs" | "timeoutMs">>,
    run: () => Promise<unknown>,
  ): Loop => ({
    name: "fails",
    class: "idempotent",
    periodMs: 3_600_000,
    purpose: "fails",
    ...change,
    run,
  });
  const withLoop = async (
    loop: Loop,
    work: (database: TestDatabase) => Promise<void>,
  ): Promise<void> =>
    withTemplateDatabase(async (database) => {
      const { server } = await startServer(database, {
        roles: ["worker"],
        loops: [loop],
        jobTiming: { pollMs: 50 },
      });
      try {
        await work(database);
      } finally {
        await server[Symbol.asyncDispose]();
      }
    });

  test("is tried again long before its period is over, with its code told", async () => {
    let runs = 0;
    const loop = failing({ periodMs: 1_000 }, async () => {
      runs += 1;
      if (runs < 3) throw new AppError("peer_unreachable", "not now");
    });
    await withLoop(loop, async (database) => {
      await vi.waitFor(async () => {
        expect(await loopRow(database, "fails")).toMatchObject({
          outcome: "peer_unreachable",
          failures: 1,
        });
      }, WAIT);
      await vi.waitFor(async () => {
        expect(await loopRow(database, "fails")).toMatchObject({ outcome: "ok", failures: 0 });
      }, WAIT);
    });
    expect(runs).toBeGreaterThanOrEqual(3);
  });

  test("waits longer after each failure, and never longer than the period", async () => {
    await withLoop(
      failing({}, () => Promise.reject(new Error("a fault of ours"))),
      async (database) => {
        const delay = async (): Promise<number> => {
          const result = await sql<{ readonly seconds: number }>`
            select extract(epoch from next_run_at - now())::float8 as seconds from loop_runs`.execute(
            database.kysely,
          );
          return result.rows[0]?.seconds ?? 0;
        };
        await vi.waitFor(async () => {
          expect(await loopRow(database, "fails")).toMatchObject({
            outcome: "internal",
            failures: 1,
          });
        }, WAIT);
        expect(await delay()).toBeLessThan(5.1);
        await sql`update loop_runs set failures = 40, next_run_at = now()`.execute(database.kysely);
        // The job still waits for the earlier instant; looking after the jobs moves it.
        await vi.waitFor(async () => {
          expect(await loopRow(database, "fails")).toMatchObject({ failures: 41 });
        }, WAIT);
        expect(await delay()).toBeGreaterThan(3_000);
        expect(await delay()).toBeLessThanOrEqual(3_600);
      },
    );
  });

  test("because it takes too long says so", async () => {
    const loop = failing({ timeoutMs: 100 }, () => new Promise(() => undefined));
    await withLoop(loop, async (database) => {
      await vi.waitFor(async () => {
        expect(await loopRow(database, "fails")).toMatchObject({ outcome: "timed_out" });
      }, WAIT);
    });
  });
});

describe("a run that is asked for", { timeout: LIMIT_MS }, () => {
  const HOUR_MS = 3_600_000;

  async function withHourlyLoop(
    work: (world: {
      readonly admin: Awaited<ReturnType<typeof startServer>>["admin"];
      readonly database: TestDatabase;
      readonly runs: () => number;
      readonly finish: () => void;
    }) => Promise<void>,
  ): Promise<void> {
    let runs = 0;
    let finish = Promise.withResolvers<void>();
    const loop: Loop = {
      name: "hourly",
      class: "idempotent",
      periodMs: HOUR_MS,
      purpose: "runs once an hour",
      run: async () => {
        runs += 1;
        await finish.promise;
        finish = Promise.withResolvers<void>();
      },
    };
    await withTemplateDatabase(async (database) => {
      const options = { loops: [loop], jobTiming: { pollMs: 50 } };
      const first = await startServer(database, { ...options, roles: ["api", "worker"] });
      const second = await startServer(database, { ...options, roles: ["worker"] });
      try {
        await work({
          admin: first.admin,
          database,
          runs: () => runs,
          finish: () => finish.resolve(),
        });
      } finally {
        finish.resolve();
        await first.server[Symbol.asyncDispose]();
        await second.server[Symbol.asyncDispose]();
      }
    });
  }

  const ended = (database: TestDatabase, periods: bigint): Promise<void> =>
    vi.waitFor(async () => {
      expect(await loopRow(database, "hourly")).toMatchObject({
        periods_total: periods,
        running_since: null,
      });
    }, WAIT);

  test("comes at once, once in the cluster however many ask, and the next a period later", async () => {
    await withHourlyLoop(async ({ admin, database, runs, finish }) => {
      await vi.waitFor(() => expect(runs()).toBe(1), WAIT);
      finish();
      await ended(database, 1n);
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => admin.runLoop({ name: "hourly" })),
      );
      expect(answers.map(({ loop }) => loop?.name)).toEqual(answers.map(() => "hourly"));
      await vi.waitFor(() => expect(runs()).toBe(2), WAIT);
      finish();
      await ended(database, 2n);
      const { last_run_at, next_run_at, runs_total } = await loopRow(database, "hourly");
      expect(runs_total).toBe(2n);
      const betweenMs = Date.parse(next_run_at) - Date.parse(last_run_at ?? "");
      expect(betweenMs).toBe(HOUR_MS);
    });
  });

  test("while one is under way is that one", async () => {
    await withHourlyLoop(async ({ admin, database, runs, finish }) => {
      await vi.waitFor(() => expect(runs()).toBe(1), WAIT);
      const { alreadyRunning, loop } = await admin.runLoop({ name: "hourly" });
      expect(alreadyRunning).toBe(true);
      expect(loop?.runningSince).toBeDefined();
      finish();
      await ended(database, 1n);
      expect(runs()).toBe(1);
    });
  });

  test("of a loop that there is not is refused, and tells those there are", async () => {
    await withHourlyLoop(async ({ admin }) => {
      await expect(admin.runLoop({ name: "hourley" })).rejects.toThrow(
        /no loop "hourley": one of hourly/,
      );
    });
  });
});

describe("the queue", { timeout: LIMIT_MS }, () => {
  test("lies in a database whose owner has no other right", async () => {
    await withTemplateDatabase(async ({ pool: admin }) => {
      const role = `owner_${process.pid}`;
      await admin.query(`create role ${role} login password 'x'`);
      try {
        await withTemplateDatabase(
          async ({ url }) => {
            const own = new URL(url);
            await admin.query(`alter database ${own.pathname.slice(1)} owner to ${role}`);
            own.username = role;
            own.password = "x";
            await using database = await createDatabase({ url: own.href, applicationName: "test" });
            await migrate(database, { appliedBy: "test" });
            const { server } = await startServer(database, { roles: ["worker"] });
            try {
              await vi.waitFor(async () => {
                const rows = await database.kysely
                  .selectFrom("loop_runs")
                  .select("outcome")
                  .execute();
                expect(rows.map(({ outcome }) => outcome)).toEqual(LOOPS.map(() => "ok"));
              }, WAIT);
            } finally {
              await server[Symbol.asyncDispose]();
            }
          },
          { migrated: false },
        );
      } finally {
        await admin.query(`drop role ${role}`);
      }
    });
  });

  test("is found again after the database has ended every session", async () => {
    await withTemplateDatabase(async (database) => {
      let runs = 0;
      const loop: Loop = {
        name: "often",
        class: "idempotent",
        periodMs: 1_000,
        purpose: "runs often",
        run: async () => {
          runs += 1;
        },
      };
      const { server } = await startServer(database, {
        roles: ["worker"],
        loops: [loop],
        jobTiming: { pollMs: 50 },
      });
      try {
        await vi.waitFor(() => expect(runs).toBeGreaterThan(0), WAIT);
        await database.pool.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and pid <> pg_backend_pid()`,
        );
        const before = runs;
        await vi.waitFor(() => expect(runs).toBeGreaterThan(before + 1), WAIT);
      } finally {
        await server[Symbol.asyncDispose]();
      }
    });
  });

  test("a loop whose job was lost or put off is back in it", async () => {
    await withEffects(async (database) => {
      await using worker = startWorker(database.url, "works");
      await vi.waitFor(async () => {
        expect(await loopRow(database, "plain")).toMatchObject({ periods_total: 1n });
      }, WAIT);
      await sql`select graphile_worker.remove_job('loop_plain')`.execute(database.kysely);
      await sql`update loop_runs set next_run_at = now() where name = 'plain'`.execute(
        database.kysely,
      );
      await vi.waitFor(async () => {
        expect(await loopRow(database, "plain")).toMatchObject({ periods_total: 2n });
      }, WAIT);
      await kill(worker);
    });
  });
});
