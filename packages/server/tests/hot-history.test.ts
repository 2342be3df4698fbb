// The history in memory over a real database: loaded by its thread, followed, asked.

import { systemClock } from "@truechimer/base";
import { createLogger } from "@truechimer/telemetry";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { HISTORY_SETTINGS, type HistorySettings } from "../src/history/history-settings.ts";
import { createHotHistory, type HotHistory } from "../src/history/hot-history.ts";
import * as results from "./_history.ts";
import { heldRows, SMALL, WAIT, whenOver } from "./_history.ts";
import { useServer } from "./_test-server.ts";

// Starts with threads of their own, on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 120_000 });

const database = await useDatabase();
const ALWAYS = { fromUs: Number.NEGATIVE_INFINITY, toUs: Number.POSITIVE_INFINITY };

const useHistory = (settings?: Partial<HistorySettings>): HotHistory =>
  results.startHistory(database, settings);
const insertResults = async (rows: number, days: number): Promise<void> =>
  await results.insertResults(database, rows, days);
const clear = async (): Promise<void> => await results.clearResults(database);
const storedRows = async (days: number): Promise<readonly results.KeptRow[]> =>
  await results.storedRows(database, days);

describe("a start", () => {
  test("brings every row of the retention into memory as it stands in the database", async () => {
    await clear();
    await insertResults(3_000, 10);
    const history = useHistory();
    expect(await whenOver(history)).toBe("complete");
    const stored = await storedRows(14);
    expect(stored).toHaveLength(3_000);
    expect(heldRows(history.store)).toEqual(stored);
    const { rows, coverage, missing } = history.progress();
    expect({ rows, coverage, missing }).toEqual({ rows: 3_000, coverage: 1, missing: [] });
  });

  test("leaves out what is beyond the retention", async () => {
    await clear();
    await insertResults(1_000, 20);
    const history = useHistory();
    expect(await whenOver(history)).toBe("complete");
    expect(history.store.count({ fromUs: history.store.horizonUs, toUs: ALWAYS.toUs })).toBe(
      (await storedRows(14)).length,
    );
  });

  test("of an empty database is complete, and what comes then is held", async () => {
    await clear();
    const history = useHistory();
    expect(await whenOver(history)).toBe("complete");
    await insertResults(10, 1);
    expect((await history.current())?.rows).toBe(10);
  });

  test("ends at the memory budget with the newest rows, on purpose", async () => {
    await clear();
    await insertResults(6_000, 10);
    const history = useHistory({ ...SMALL, memoryBytesMax: 200_000 });
    expect(await whenOver(history)).toBe("complete_capped");
    expect(history.store.bytes).toBeLessThanOrEqual(200_000);
    const held = heldRows(history.store);
    expect(held.length).toBeGreaterThan(1_000);
    expect(held).toEqual((await storedRows(14)).slice(-held.length));
  });

  test("while results are committed loses none and holds none twice", async () => {
    await clear();
    await insertResults(4_000, 10);
    const history = useHistory();
    for (let batch = 0; batch < 20; batch += 1) await insertResults(50, batch % 2 === 0 ? 9 : 0.01);
    expect(await whenOver(history)).toBe("complete");
    const store = await history.current();
    expect(store && heldRows(store)).toEqual(await storedRows(14));
  });

  test("that loses its connections goes on where it was", async () => {
    await clear();
    await insertResults(20_000, 10);
    const history = useHistory();
    for (let cut = 0; cut < 3; cut += 1) {
      const { rows } = history.progress();
      await vi.waitFor(() => {
        const now = history.progress();
        expect(now.rows > rows || now.phase === "complete").toBe(true);
      }, WAIT);
      await sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'truechimer history'`.execute(
        database.kysely,
      );
    }
    expect(await whenOver(history)).toBe("complete");
    expect(history.progress().coverage).toBe(1);
    expect(heldRows(history.store)).toEqual(await storedRows(14));
  });

  test("whose rows cannot be read ends failed, and the database answers", async () => {
    await clear();
    await insertResults(100, 1);
    const history = createHotHistory({
      database,
      clock: systemClock,
      logger: createLogger({ level: "error" }),
      settings: { ...HISTORY_SETTINGS, ...SMALL },
      createReader: () => ({
        read: async () => ({ kind: "failed", lost: false, code: "42703", message: "no column" }),
        [Symbol.asyncDispose]: async () => undefined,
      }),
    });
    onTestFinished(async () => await history[Symbol.asyncDispose]());
    history.start();
    expect(await whenOver(history)).toBe("failed");
    expect(history.progress()).toMatchObject({ reason: "read_failed", errorCode: "42703" });
    expect(history.store.horizonUs).toBe(Number.POSITIVE_INFINITY);
  });
});

test("what is committed reaches the store, in whatever order it commits", async () => {
  await clear();
  const history = useHistory();
  await whenOver(history);
  const late = await database.pool.connect();
  const insert =
    "insert into log_scores (ts, server_id, monitor_id, step, score) values (now(), 1, 1, 1, 20)";
  await late.query("begin");
  await late.query(insert);
  await database.pool.query(insert);
  await vi.waitFor(() => expect(history.store.rows).toBe(1), WAIT);
  await late.query("commit");
  late.release();
  await vi.waitFor(() => expect(history.store.rows).toBe(2), WAIT);
});

describe("a control plane with a history in memory", () => {
  test("answers from it as the database does, and says which it was", async () => {
    await clear();
    await sql`insert into monitors (id_token, hostname, ip, ip_version, status) overriding system value
      select 'T' || n, 'm' || n, ('192.0.2.' || n)::inet, 'v4', 'active' from generate_series(1, 3) n
      on conflict do nothing`
      .execute(database.kysely)
      .catch(() => undefined);
    await sql`insert into servers (name, ip, ip_version, created_on) select 's' || n, ('198.51.100.' || n)::inet, 'v4',
      now() - interval '20 days' from generate_series(1, 7) n on conflict do nothing`.execute(
      database.kysely,
    );
    await insertResults(2_100, 5);
    const plain = await useServer(database);
    const hot = await useServer(database, { history: SMALL });
    await vi.waitFor(async () => {
      const { history } = await hot.admin.getSystem({});
      expect(history?.horizon).toBeDefined();
      expect(history?.timeLeft).toBeUndefined();
    }, WAIT);
    const to = new Date();
    for (const [days, pointsMax] of [
      [6, 0],
      [2, 40],
      [6, 8],
    ] as const) {
      const from = new Date(to.getTime() - days * 86_400_000);
      const request = {
        serverId: 3n,
        from: { seconds: BigInt(Math.floor(from.getTime() / 1_000)), nanos: 0 },
        to: { seconds: BigInt(Math.floor(to.getTime() / 1_000)), nanos: 0 },
        pointsMax,
      };
      const expected = await plain.admin.getServerHistory(request);
      const found = await hot.admin.getServerHistory(request);
      expect(expected.rowsTotal).toBeGreaterThan(10n);
      expect(expected.fromMemory).toBe(false);
      expect(found).toEqual({ ...expected, fromMemory: true, horizon: found.horizon });
    }
    const beyond = { seconds: BigInt(Math.floor(to.getTime() / 1_000) - 18 * 86_400), nanos: 0 };
    expect((await hot.admin.getServerHistory({ serverId: 3n, from: beyond })).fromMemory).toBe(
      false,
    );
  });

  test("tells the same state in the header and in the bodies of health", async () => {
    await clear();
    await insertResults(300, 3);
    const { server } = await useServer(database, { history: SMALL });
    await vi.waitFor(async () => {
      const answer = await fetch(`${server.url}/healthz/ready`);
      const body = (await answer.json()) as {
        readonly history: { readonly state: string; readonly rows: number };
      };
      expect(body.history).toMatchObject({ state: "complete", rows: 300, coverage: 1 });
      expect(answer.status).toBe(200);
      expect(answer.headers.get("truechimer-load-status")).toMatch(
        /^complete; rows=300; horizon=\d{4}-\d\d-\d\dT/,
      );
    }, WAIT);
    for (const path of ["live", "startup"]) {
      const answer = await fetch(`${server.url}/healthz/${path}`);
      expect(await answer.json()).toMatchObject({ history: { state: "complete" } });
    }
  });
});
