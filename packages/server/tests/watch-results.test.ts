// The live stream of checks: nothing lost, nothing twice, whatever the order of commits and whichever replica is asked.

import {
  type Client,
  Code,
  ConnectError,
  createClient,
  type Interceptor,
} from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { adminV1 } from "@truechimer/api";
import { systemClock } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { createEncodedChecks } from "../src/live/encoded-checks.ts";
import { createLiveFeed } from "../src/live/live-feed.ts";
import { createLiveFilter } from "../src/live/live-filter.ts";
import { encodePosition } from "../src/live/live-position.ts";
import type { LiveRow } from "../src/live/live-rows.ts";
import { WATCH_LIMITS, watchResults } from "../src/live/watch-results.ts";
import { insertFilterRows } from "./_filter-rows.ts";
import { refusalOf } from "./_results.ts";
import { useServer } from "./_test-server.ts";

const database = await useDatabase({ poolSize: 20 });
const { kysely } = database;
const PATIENTLY = { timeout: 20_000, interval: 20 };
const replicas = [await useServer(database), await useServer(database)];

beforeAll(async () => {
  await insertFilterRows(database);
});

interface Watch {
  readonly answers: adminV1.WatchResultsResponse[];
  readonly checks: () => readonly adminV1.WatchedCheck[];
  readonly stop: () => Promise<void>;
}

/** Reads a stream until it is told to stop; resolves once it stands. */
async function watch(
  replica: number,
  request: { readonly filter?: string; readonly resume?: string } = {},
  admin = replicas[replica]?.admin,
): Promise<Watch> {
  const stopping = new AbortController();
  const answers: adminV1.WatchResultsResponse[] = [];
  if (admin === undefined) throw new Error("no such replica");
  const reading = (async () => {
    try {
      for await (const answer of admin.watchResults(request, { signal: stopping.signal }))
        answers.push(answer);
    } catch (error) {
      if (ConnectError.from(error).code !== Code.Canceled) throw error;
    }
  })();
  const stop = async (): Promise<void> => {
    stopping.abort();
    await reading;
  };
  onTestFinished(stop);
  await vi.waitFor(() => expect(answers.length).toBeGreaterThan(0), PATIENTLY);
  return { answers, stop, checks: () => answers.flatMap(({ checks }) => checks) };
}

/** Of the first replica. */
function jsonAdmin(): Client<typeof adminV1.AdminService> {
  const [replica] = replicas;
  const authorize: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${replica?.adminKey}`);
    return next(request);
  };
  const transport = createConnectTransport({
    baseUrl: replica?.server.url ?? "",
    httpVersion: "1.1",
    useBinaryFormat: false,
    interceptors: [authorize],
  });
  return createClient(adminV1.AdminService, transport);
}

/** Offsets in ms become checks of server 1 by monitor 1, in one statement. */
async function insertChecks(
  offsets: readonly number[],
  executor: typeof kysely = kysely,
): Promise<readonly bigint[]> {
  const { rows } = await sql<{ readonly id: bigint }>`
    insert into log_scores (ts, server_id, monitor_id, step, score, offset_ns)
    select now(), (select min(id) from servers), (select min(id) from monitors where type = 'monitor'), 1, 1, ms * 1000000
    from unnest(${[...offsets]}::bigint[]) ms returning id`.execute(executor);
  return rows.map(({ id }) => id);
}

const idsOf = (one: Watch): readonly bigint[] => one.checks().map(({ check }) => check?.id ?? 0n);
const sorted = (ids: readonly bigint[]): readonly bigint[] =>
  [...ids].toSorted((a, b) => Number(a - b));

describe("a stream", () => {
  test("brings what passes its filter, from whichever replica, with its names and the sequence without a gap", async () => {
    const all = await watch(0);
    const some = await watch(1, { filter: "offset>5ms monitor.country:de" });
    const ids = await insertChecks([1, 6, 7, -8]);
    await vi.waitFor(() => expect(sorted(idsOf(all))).toEqual(sorted(ids)), PATIENTLY);
    await vi.waitFor(() => expect(idsOf(some)).toHaveLength(2), PATIENTLY);
    expect(sorted(idsOf(some))).toEqual(sorted(ids.slice(1, 3)));
    const [first] = all.checks();
    expect(first).toMatchObject({ serverName: "'; drop table servers; --" });
    expect(first?.check?.monitorName).toBe("'; drop table servers; --");
    expect(first?.acceptedAt).toBeDefined();
    expect(all.answers.map(({ sequence }) => sequence)).toEqual(
      all.answers.map((_, index) => BigInt(index + 1)),
    );
  });

  test("brings the same checks to whoever reads bytes and to whoever reads JSON", async () => {
    const bytes = await watch(0);
    const json = await watch(0, {}, jsonAdmin());
    const ids = await insertChecks([1, 2, -3]);
    await vi.waitFor(() => expect(idsOf(bytes)).toHaveLength(ids.length), PATIENTLY);
    await vi.waitFor(() => expect(idsOf(json)).toHaveLength(ids.length), PATIENTLY);
    expect(json.checks()).toEqual(bytes.checks());
    expect(sorted(idsOf(json))).toEqual(sorted(ids));
  });

  test("brings what commits late, although its ids are older, and nothing that was rolled back", async () => {
    const open = await watch(0);
    let late: readonly bigint[] = [];
    let early: readonly bigint[] = [];
    await kysely.transaction().execute(async (transaction) => {
      late = await insertChecks([1, 2], transaction);
      early = await insertChecks([3]);
      await vi.waitFor(() => expect(idsOf(open)).toEqual(early), PATIENTLY);
    });
    await kysely
      .transaction()
      .execute(async (transaction) => {
        await insertChecks([9], transaction);
        throw new Error("rolled back");
      })
      .catch(() => undefined);
    await vi.waitFor(() => expect(idsOf(open)).toHaveLength(3), PATIENTLY);
    expect(sorted(idsOf(open))).toEqual(sorted([...late, ...early]));
    expect(late[0] ?? 0n).toBeLessThan(early[0] ?? 0n);
  });

  test("goes on at another replica where it ended: each check once, while more arrive", async () => {
    const before = await watch(0, { filter: "offset:any" });
    const seen = await insertChecks([1]);
    await vi.waitFor(() => expect(idsOf(before)).toEqual(seen), PATIENTLY);
    const resume = before.answers.at(-1)?.position ?? "";
    expect(resume).not.toBe("");
    await before.stop();
    const meanwhile: bigint[] = [];
    for (let round = 0; round < 20; round += 1)
      meanwhile.push(...(await insertChecks([round, round + 1])));
    const writing = new AbortController();
    const writer = (async () => {
      while (!writing.signal.aborted) meanwhile.push(...(await insertChecks([50])));
    })();
    const after = await watch(1, { filter: "offset:any", resume });
    await vi.waitFor(() => expect(idsOf(after).length).toBeGreaterThan(45), PATIENTLY);
    writing.abort();
    await writer;
    await vi.waitFor(() => expect(idsOf(after)).toHaveLength(meanwhile.length), PATIENTLY);
    expect(sorted(idsOf(after))).toEqual(sorted(meanwhile));
    expect(after.answers.every(({ missed }) => missed === undefined)).toBe(true);
  });

  test("says so where it cannot go on: a position of before a failover", async () => {
    const { rows } = await sql<{ readonly cluster: bigint; readonly snapshot: string }>`
      select (select system_identifier from pg_control_system()) as cluster, pg_current_snapshot()::text as snapshot`.execute(
      kysely,
    );
    const { cluster = 0n, snapshot = "" } = rows[0] ?? {};
    const resume = encodePosition({ cluster, timeline: "000000FF", snapshot: snapshot as never });
    const open = await watch(0, { resume });
    expect(open.answers[0]?.missed?.reason).toBe("gone");
    const ids = await insertChecks([1]);
    await vi.waitFor(() => expect(idsOf(open)).toEqual(ids), PATIENTLY);
  });

  test.each([
    [{ filter: "offset>5" }, "bad_filter"],
    [{ resume: "AAAA" }, "bad_request"],
    [{ resume: Buffer.from("1|00000001|5:3:").toString("base64url") }, "bad_request"],
    [
      { resume: Buffer.from("1|00000001|1:9:'; drop table servers").toString("base64url") },
      "bad_request",
    ],
  ])("is refused for %j", async (request, code) => {
    const read = async (): Promise<void> => {
      for await (const _ of replicas[0]?.admin.watchResults(request) ?? []) return;
    };
    expect(await refusalOf(read())).toBe(code);
  });
});

test("streams of one filter are given the same rows, and each filter what it reads, whoever joins meanwhile", async () => {
  const logger = { warn: () => undefined };
  const context = { database, clock: systemClock, logger } as never;
  const feed = createLiveFeed(context);
  const filters = ["offset>5ms", "offset>5ms", "server:* monitor.country:de", ""];
  const told = filters.map((): (readonly LiveRow[])[] => []);
  const joined = await Promise.all(
    filters.map(async (text, at) => {
      const filter = createLiveFilter(context, text);
      const rows = (some: readonly LiveRow[]): void => {
        if (some.length > 0) told[at]?.push(some);
      };
      return await feed.join({ filter, rows, lost: () => undefined });
    }),
  );
  onTestFinished(() => {
    for (const { leave } of joined) leave();
  });
  await insertChecks([1, 6]);
  await vi.waitFor(() => expect(told.every((parts) => parts.length > 0)).toBe(true), PATIENTLY);
  const [first, second, third, all] = told;
  expect(first?.[0]).toBe(second?.[0]);
  expect(first?.[0]?.map((row) => row.offset_ns)).toEqual([6_000_000n]);
  expect(third?.[0]).toHaveLength(2);
  expect(all?.[0]).toHaveLength(2);
});

test("a stream without checks beats twice before five seconds have passed", async () => {
  const timers: { readonly ms: number; readonly fire: () => void }[] = [];
  const clock = {
    nowNs: () => 0n,
    monotonicNs: () => 0n,
    setTimer: (ms: number, fire: () => void) => {
      timers.push({ ms, fire });
      return () => undefined;
    },
  };
  const logger = { debug: () => undefined, error: () => undefined };
  const stop = new AbortController();
  const position = { cluster: 1n, timeline: "00000001", snapshot: "1:1:" as never };
  const feed = {
    encoded: createEncodedChecks(),
    scorerIds: async () => [],
    join: async () => ({ position, leave: () => undefined }),
  };
  const stream = watchResults(
    { context: { clock, logger } as never, feed },
    { filter: "", resume: "" } as never,
    { signal: stop.signal },
  );
  await stream.next();
  let passedMs = 0;
  for (const sequence of [2n, 3n]) {
    const beat = stream.next();
    await vi.waitFor(() => expect(timers).toHaveLength(Number(sequence) - 1), PATIENTLY);
    passedMs += timers.at(-1)?.ms ?? 0;
    timers.at(-1)?.fire();
    expect((await beat).value).toMatchObject({ sequence, checks: [] });
  }
  expect(passedMs).toBeLessThan(5_000);
  stop.abort();
  await stream.return();
});

test("a reader that is too slow is told how much it missed, and gets the newest", async () => {
  let watcher: { rows: (rows: never, position: never) => void } | undefined;
  const position = { cluster: 1n, timeline: "00000001", snapshot: "1:1:" as never };
  const stop = new AbortController();
  const context = {
    clock: { nowNs: () => 0n, monotonicNs: () => 0n, setTimer: () => () => undefined },
    logger: { debug: () => undefined, error: () => undefined },
  };
  const stream = watchResults(
    {
      context: context as never,
      feed: {
        encoded: createEncodedChecks(),
        scorerIds: async () => [],
        join: async (one) => {
          watcher = one as never;
          return { position, leave: () => undefined };
        },
      },
    },
    { filter: "", resume: "" } as never,
    { signal: stop.signal },
  );
  expect((await stream.next()).value).toMatchObject({ sequence: 1n });
  const over = 25;
  const rows = Array.from({ length: WATCH_LIMITS.bufferedMax + over }, (_, index) => ({
    id: BigInt(index),
    ts: "2026-11-28T12:00:00.000000Z",
    accepted_at: "2026-11-28T12:00:00.000000Z",
    server_name: "x",
    server_id: 1n,
    monitor_id: 1n,
    monitor_name: "m",
    offset_ns: null,
    bound_ns: null,
    rtt_ns: null,
    stratum: null,
    leap: null,
    reason: null,
    step: 1,
    score: 1,
    has_evidence: false,
  }));
  watcher?.rows(rows as never, position as never);
  const told: bigint[] = [];
  let missed = 0n;
  while (told.length < WATCH_LIMITS.bufferedMax) {
    const { value } = await stream.next();
    const answer = value as adminV1.WatchResultsResponse;
    missed += answer.missed?.checks ?? 0n;
    told.push(...answer.checks.map(({ check }) => check?.id ?? -1n));
    // Where to resume is told with the last of them alone.
    expect(answer.position === "").toBe(told.length < WATCH_LIMITS.bufferedMax);
  }
  expect(missed).toBe(BigInt(over));
  expect(told).toEqual(rows.slice(over).map(({ id }) => id));
  stop.abort();
  await stream.return();
});
