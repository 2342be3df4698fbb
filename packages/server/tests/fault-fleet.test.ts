// Whose fault it is in a fleet that is too large to be judged at once: nobody is left out, nobody waits for it, and the
// thread that does it may fail, be ended, and come again.

import { setImmediate } from "node:timers/promises";
import { AppError } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { describe, expect, test, vi } from "vitest";
import { createFaultThread } from "../src/fault/fault-thread.ts";
import type { FaultTask } from "../src/fault/fault-worker.ts";
import { PIECE_PAIRS_MAX } from "../src/fault/fleet-pieces.ts";
import { type Judging, useFaultJudge } from "./_fault-judge.ts";
import { startHistory } from "./_history.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const SERVERS = 1_100;
const MONITORS = 12;
const MINUTES = 10;
/** Nobody who is being answered notices less. */
const STALL_MS_MAX = 50;
const STEPPED = ["s1", `s${SERVERS}`];

const database = await useDatabase();
const { kysely } = database;
await sql`
  insert into monitors (id_token, hostname, ip, ip_version, type, status)
  select 'm' || n, 'm' || n, ('10.' || n || '.0.1')::inet, 'v4', 'monitor', 'active' from generate_series(1, ${MONITORS}::int) n`.execute(
  kysely,
);
await sql`
  insert into servers (name, ip, ip_version, port, verdict)
  select 's' || n, ('11.' || n / 200 || '.' || n % 200 || '.1')::inet, 'v4', 123, 'truechimer'
  from generate_series(1, ${SERVERS}::int) n`.execute(kysely);
await sql`
  insert into server_scores (server_id, monitor_id, status)
  select s.id, m.id, 'active' from servers s, monitors m where m.type = 'monitor'
  on conflict do nothing`.execute(kysely);
/** In the last three minutes two clocks are off, and so is that of one monitor. */
await sql`
  insert into log_scores (ts, server_id, monitor_id, step, score, offset_ns, rtt_ns, stratum, leap, no_response,
    samples_sent, samples_answered, has_evidence)
  select now() - make_interval(secs => minute * 60 + 5), s.id, m.id, 1, 20,
    ((minute * 7 + m.id * 3 + s.id) % 11 - 5) * 20000
      + case when minute < 3 and s.name = any(${STEPPED}) then 5000000 else 0 end
      - case when minute < 3 and m.hostname = 'm7' then 15000000 else 0 end,
    20000000 + ((minute * 5 + m.id + s.id) % 11 - 5) * 30000, 2, 0, false, 3, 3, false
  from servers s, monitors m, generate_series(0, ${MINUTES}::int - 1) minute where m.type = 'monitor'`.execute(
  kysely,
);

const judge = await useFaultJudge(database);
const judging = (more: Pick<Judging, "history" | "signal"> = {}): Promise<void> =>
  judge({ ...more, policy: { tracesAtOnset: false } });

/** The most that the thread of this test has worked without a turn of its event loop, milliseconds of its processor. */
async function longestTurn(work: Promise<unknown>): Promise<number> {
  let longestUs = 0;
  const state = { isOver: false };
  const over = (): void => {
    state.isOver = true;
  };
  work.then(over, over);
  const usedUs = (): number => {
    const { user, system } = process.threadCpuUsage();
    return user + system;
  };
  for (let before = usedUs(); !state.isOver; ) {
    await setImmediate();
    const now = usedUs();
    longestUs = Math.max(longestUs, now - before);
    before = now;
  }
  await work;
  return longestUs / 1_000;
}

async function faultsFound(): Promise<readonly (readonly [string, string, string])[]> {
  const rows = await kysely
    .selectFrom("servers")
    .select(["name", "fault", "fault_cause"])
    .where("fault", "<>", "")
    .orderBy("id")
    .execute();
  return rows.map(({ name, fault, fault_cause: cause }) => [name, fault, cause]);
}

const EXPECTED = STEPPED.map((name) => [name, "server", "clock_step"]);

describe(`${SERVERS * MONITORS} pairs, more than the ${PIECE_PAIRS_MAX} of one piece`, () => {
  test("are all judged from the database, and no turn of the event loop is long", async () => {
    expect(await longestTurn(judging())).toBeLessThan(STALL_MS_MAX);
    expect(await faultsFound()).toEqual(EXPECTED);
    const monitors = await kysely
      .selectFrom("monitors")
      .select(["hostname", "fault_cause"])
      .where("fault_cause", "<>", "")
      .execute();
    expect(monitors).toEqual([{ hostname: "m7", fault_cause: "monitor_clock" }]);
  });

  test("are judged the same from the history in memory, with turns as short, and nothing is told twice", async () => {
    const events = await kysely.selectFrom("events").select("id").execute();
    const history = startHistory(database);
    await vi.waitFor(async () => {
      const store = await history.current();
      expect(store?.horizonUs).toBeLessThan(Date.now() * 1_000 - 7_200_000_000);
    }, 60_000);
    expect(await longestTurn(judging({ history }))).toBeLessThan(STALL_MS_MAX);
    expect(await faultsFound()).toEqual(EXPECTED);
    expect(await kysely.selectFrom("events").select("id").execute()).toEqual(events);
  });

  test("a thread that is stopped in the middle says why, and the next one judges", async () => {
    const stopping = new AbortController();
    const judged = judging({ signal: stopping.signal });
    await setImmediate();
    stopping.abort(new AppError("timed_out", "too long"));
    await expect(judged).rejects.toMatchObject({ code: "timed_out" });
    await sql`update servers set fault = '', fault_cause = '' where name = 's1'`.execute(kysely);
    await judging();
    expect(await faultsFound()).toEqual(EXPECTED);
  });
});

const TASK: FaultTask = {
  servers: [{ id: "1", networks: [] }],
  monitors: [],
  window: { nowMs: 0, recentMs: 1, baselineMs: 2 },
};

describe("a thread that judges faults", () => {
  test("tells what failed by its code, and goes on", async () => {
    await using thread = createFaultThread({ url: "postgres://nobody@127.0.0.1:1/none" });
    for (let again = 0; again < 2; again += 1) {
      await expect(thread.judge(TASK)).rejects.toMatchObject({ code: "database_unreachable" });
    }
  });

  test("says that it has ended when it runs out of memory, and begins again with the next piece", async () => {
    await using thread = createFaultThread({ url: database.url }, 8);
    for (let again = 0; again < 2; again += 1) {
      await expect(thread.judge(TASK)).rejects.toMatchObject({
        code: "internal",
        cause: { code: "ERR_WORKER_OUT_OF_MEMORY" },
      });
    }
  });

  test("takes nothing any more once it is disposed", async () => {
    const thread = createFaultThread({ url: database.url });
    await thread.judge(TASK);
    await thread[Symbol.asyncDispose]();
    await expect(thread.judge(TASK)).rejects.toMatchObject({ code: "stopped" });
  });
});
