// The limits over several replicas of one real PostgreSQL: how many pass, whatever is asked at once, killed or started.

import { systemClock, systemRandom } from "@truechimer/base";
import { createDatabase, type Database } from "@truechimer/database";
import { createMetrics, silentLogger } from "@truechimer/telemetry";
import { useDatabase } from "@truechimer/testing-postgres";
import { createVirtualClock } from "@truechimer/testing-sim";
import { afterAll, describe, expect, test } from "vitest";
import { cleanUpLimits } from "../src/limits/clean-up-limits.ts";
import { createLimits, type Limits } from "../src/limits/limits.ts";
import { type LimitSettings, RATE_LIMITS, type RateName } from "../src/limits/rate-limits.ts";
import type { Verdict } from "../src/limits/verdict.ts";

const database = await useDatabase();
const pools: Database[] = [];
for (const name of ["a", "b", "c"]) {
  pools.push(await createDatabase({ url: database.url, applicationName: name, poolSize: 5 }));
}
afterAll(async () => {
  for (const pool of pools) await pool[Symbol.asyncDispose]();
});

interface ReplicaOptions {
  readonly settings?: LimitSettings;
  readonly clock?: typeof systemClock;
  readonly pool?: Database;
}

function replica({ settings = {}, clock = systemClock, pool = database }: ReplicaOptions = {}) {
  const metrics = createMetrics({ version: "0", processMetrics: false });
  return createLimits({
    database: pool,
    clock,
    random: systemRandom,
    logger: silentLogger,
    settings,
    counter: metrics.counter({ name: "r_total", help: "r", labelNames: ["limit", "outcome"] }),
  });
}

function three(settings: LimitSettings): Promise<readonly Limits[]> {
  return Promise.all(pools.map((pool) => replica({ settings, pool })));
}

async function passed(verdicts: readonly Promise<Verdict>[]): Promise<number> {
  return (await Promise.all(verdicts)).filter((verdict) => verdict.passed).length;
}

function askAll(
  replicas: readonly Limits[],
  { name, key, times }: { readonly name: RateName; readonly key: string; readonly times: number },
): readonly Promise<Verdict>[] {
  return Array.from({ length: times }, (_, at) => {
    const asked = replicas[at % replicas.length];
    if (asked === undefined) throw new Error("no replica");
    return Promise.resolve(asked.take(name, key));
  });
}

async function used(name: RateName): Promise<readonly bigint[]> {
  const rows = await database.kysely
    .selectFrom("rate_limit_windows")
    .select("used")
    .where("limit_name", "=", name)
    .execute();
  return rows.map((row) => row.used);
}

describe("exactly as many pass as may", () => {
  test("of 900 who ask three replicas at once, also when one is killed and started again", async () => {
    const settings = { certificates: { max: 100 } };
    const [a, b, c] = await three(settings);
    if (a === undefined || b === undefined || c === undefined) throw new Error("no replicas");
    const asked = { name: "certificates", key: "zurich" } as const;
    const first = await passed(askAll([a, b, c], { ...asked, times: 60 }));
    expect(first).toBe(60);
    // Killed: nothing of `b` is given back, and its successor knows nothing.
    const successor = await replica({ settings, pool: pools[1] ?? database });
    const second = passed(askAll([a, successor, c], { ...asked, times: 900 }));
    expect(await second).toBe(40);
    expect(await used("certificates")).toEqual([100n]);
    expect(await passed(askAll([await replica({ settings })], { ...asked, times: 5 }))).toBe(0);
  });

  test("a key that nobody has asked for before, from three replicas at once", async () => {
    const replicas = await three({ check_now: { max: 50 } });
    expect(await passed(askAll(replicas, { name: "check_now", key: "fresh", times: 600 }))).toBe(
      50,
    );
  });

  test("of a limit that is drawn in blocks, with hundreds at each replica", async () => {
    const replicas = await three({ agent_calls: { max: 3_000 } });
    let through = 0;
    for (let round = 0; round < 15; round += 1) {
      through += await passed(askAll(replicas, { name: "agent_calls", key: "oslo", times: 300 }));
    }
    expect(through).toBe(3_000);
  });

  test("hundreds of keys at once do not wait for each other in a circle", async () => {
    const replicas = await three({ check_now_target: { max: 3 } });
    const keys = Array.from({ length: 200 }, (_, at) => `10.0.0.${at}`);
    const verdicts = replicas.flatMap((each, turn) =>
      (turn % 2 === 0 ? keys : keys.toReversed()).flatMap((key) => [
        Promise.resolve(each.take("check_now_target", key)),
        Promise.resolve(each.take("check_now_target", key)),
      ]),
    );
    expect(await passed(verdicts)).toBe(600);
  });
});

describe("blocks", () => {
  test("a call costs no statement of its own", async () => {
    const limits = await replica();
    const before = await statements();
    const verdicts = askAll([limits], { name: "agent_calls", key: "bern", times: 1 });
    await Promise.all(verdicts);
    for (let call = 0; call < 499; call += 1) {
      expect(limits.take("agent_calls", "bern")).toMatchObject({ passed: true });
    }
    expect((await statements()) - before).toBe(500n);
  });

  test("what a replica did not use comes back when it stops", async () => {
    const settings = { agent_calls: { max: 1_000 } };
    const one = await replica({ settings });
    await one.take("agent_calls", "genf");
    expect((await used("agent_calls")).some((count) => count === 125n)).toBe(true);
    await one[Symbol.asyncDispose]();
    const other = await replica({ settings });
    let through = 0;
    for (let round = 0; round < 20; round += 1) {
      through += await passed(askAll([other], { name: "agent_calls", key: "genf", times: 100 }));
    }
    expect(through).toBe(999);
  });

  /** What the windows of one key have been drawn: each statement adds a block. */
  async function statements(): Promise<bigint> {
    return (await used("agent_calls")).reduce((sum, count) => sum + count, 0n);
  }
});

describe("windows", () => {
  test("in a process a window ends by the clock, and another begins with the next use", async () => {
    const clock = createVirtualClock();
    const limits = await replica({
      clock,
      settings: { address_requests: { max: 5, windowMs: 60_000 } },
    });
    const ask = () => passed(askAll([limits], { name: "address_requests", key: "::1", times: 9 }));
    expect(await ask()).toBe(5);
    await clock.advance(59_999);
    expect(await ask()).toBe(0);
    await clock.advance(1);
    expect(await ask()).toBe(5);
  });

  test("in the cluster it ends by the database's clock, whatever a replica's clock says", async () => {
    const clock = createVirtualClock();
    const settings = { certificates: { max: 10, windowMs: 3_600_000 } };
    const limits = await replica({ settings, clock });
    const other = await replica({ settings });
    const asked = { name: "certificates", key: "wien", times: 15 } as const;
    expect(await passed(askAll([limits], asked))).toBe(10);
    await clock.advance(3_600_001);
    // To this replica the hour is over, to the database it is not.
    expect(await passed(askAll([limits, other], asked))).toBe(0);
    await endWindows();
    await clock.advance(3_600_001);
    expect(await passed(askAll([limits], asked))).toBe(10);
  });

  test("that have ended are taken away", async () => {
    const limits = await replica();
    await limits.take("certificates", "lima");
    await endWindows();
    await cleanUpLimits({ database });
    expect(await used("certificates")).toEqual([]);
  });

  async function endWindows(): Promise<void> {
    await database.pool.query(
      "update rate_limit_windows set ends_at = now() - interval '1 second'",
    );
  }
});

describe("a flood of keys", () => {
  test("of strangers' choice never makes more rows than the limit keeps bits for", async () => {
    const limits = await replica();
    for (const { each, counted, keyBits } of RATE_LIMITS) {
      if (counted === "allowances" && each.startsWith("address (")) expect(keyBits).toBe(16);
    }
    const asked: Promise<Verdict>[] = [];
    for (let stranger = 0; stranger < 3_000; stranger += 1) {
      asked.push(Promise.resolve(limits.take("login_failures", `2001:db8:0:${stranger}::/64`)));
    }
    await Promise.all(asked);
    const { rows } = await database.pool.query<{ rows: string }>(
      "select count(*) as rows from rate_limit_windows where limit_name = 'login_failures'",
    );
    // Of 65,536 places: some of 3,000 have met already.
    expect(Number(rows[0]?.rows)).toBeLessThan(3_000);
    expect(Number(rows[0]?.rows)).toBeGreaterThan(2_500);
  });

  test("is no row that says whose it is", async () => {
    const limits = await replica();
    await limits.take("login_failures", "192.0.2.77");
    const { rows } = await database.pool.query(
      "select encode(key, 'escape') as key from rate_limit_windows",
    );
    expect(JSON.stringify(rows)).not.toContain("192.0.2.77");
  });
});

describe("without the database", () => {
  test("each limit does what it says: one refuses, another holds for the process alone", async () => {
    const pool = await createDatabase({
      url: database.url,
      applicationName: "goes away",
      poolSize: 2,
    });
    const limits = await replica({
      pool,
      settings: { agent_calls: { max: 20 }, check_now: { max: 20 } },
    });
    await pool[Symbol.asyncDispose]();
    expect(await passed(askAll([limits], { name: "agent_calls", key: "rom", times: 50 }))).toBe(20);
    const refused = await Promise.all(
      askAll([limits], { name: "check_now", key: "rom", times: 5 }),
    );
    for (const verdict of refused) {
      expect(verdict).toMatchObject({ passed: false, storeDown: true });
    }
  });

  test("a statement that hangs holds nobody up for longer than five seconds", async () => {
    const clock = createVirtualClock();
    const limits = await replica({ clock });
    const blocker = await database.pool.connect();
    try {
      await blocker.query("begin");
      await blocker.query("lock table rate_limit_windows in access exclusive mode");
      const verdict = limits.take("agent_calls", "graz");
      await clock.advance(5_000);
      expect(await verdict).toMatchObject({ passed: true });
      expect(await limits.take("certificates", "graz")).toMatchObject({
        passed: false,
        storeDown: true,
      });
      await blocker.query("rollback");
    } finally {
      blocker.release();
    }
    await clock.advance(1_000);
    expect(await limits.take("certificates", "graz")).toMatchObject({ passed: true });
  });
});

test("what passed and what was refused is known over all replicas, by the minute", async () => {
  // No other test here uses this limit, so that nobody else's counts come in between.
  const settings = { admin_calls: { max: 3 } };
  const [a, b] = await three(settings);
  await passed(
    askAll(
      [a, b].filter((each) => each !== undefined),
      { name: "admin_calls", key: "counted", times: 10 },
    ),
  );
  await a?.writeCounts();
  await b?.writeCounts();
  const { rows } = await database.pool.query(
    "select sum(passed)::int as passed, sum(refused)::int as refused from rate_limit_counts where limit_name = 'admin_calls'",
  );
  expect(rows).toEqual([{ passed: 3, refused: 7 }]);
});
