// Lists that the control plane answers page by page, read by the commands that print them: whole for a program, and for a person so
// many, with a word of the rest.

import { useDatabase } from "@truechimer/testing-postgres";
import { expect, test, vi } from "vitest";
import type { CliContext } from "../src/cli-context.ts";
import { useControlPlane } from "./_control-plane.ts";
import { type CommandOutcome, runWords } from "./_run-words.ts";

vi.setConfig({ testTimeout: 60_000 });

/** More than the largest page of each list has. */
const EVENTS = 2_300;
const ENTRIES = 1_100;
const PATHS = 450;
const INCIDENTS = 600;

const database = await useDatabase();
await database.pool.query(`
  insert into monitors (id_token, hostname, ip, ip_version, status)
  values ('m1', 'zurich', '192.0.2.1', 'v4', 'active')`);
await database.pool.query(`
  insert into servers (name, ip, port, ip_version)
  values ('ntp1.lab', '2001:db8::1', 123, 'v6'), ('ntp2.lab', '2001:db8::2', 123, 'v6')`);
// Several of one instant, also where pages end.
await database.pool.query(
  `insert into events (at, kind, server_id, text)
  select now() - interval '1 day' + (n / 7) * interval '1 s', 'server_paused', 1 + n % 2, 'event ' || n
  from generate_series(1, $1::int) n`,
  [EVENTS],
);
await database.pool.query(
  `insert into traceroutes (ts, server_id, ip, port, monitor_id, reached, hops)
  select now() - n * interval '1 s', 1, '2001:db8::1', 123, 1, true, '[]' from generate_series(1, $1::int) n`,
  [PATHS],
);
await database.pool.query(
  `insert into audit_entries (sequence, at, actor_kind, actor_id, actor_name, act, object, previous_hash, hash)
  select n, now(), 'key', '1', 'script', 'servers_paused', 'server 1', sha256('a'), sha256('b')
  from generate_series(1, $1::int) n`,
  [ENTRIES],
);
// The oldest go on; those after them are over, but for the newest.
await database.pool.query(
  `insert into incidents (id_token, cause, title, severity, opened_at, recovered_at)
  select n::text, 'server:' || n, 'incident ' || n, 'warning', now() - interval '1 day' + (n / 3) * interval '1 s',
    case when n between 61 and $1::int - 1 then now() end
  from generate_series(1, $1::int) n`,
  [INCIDENTS],
);

const { connection } = await useControlPlane(database);

function run(words: readonly string[], more: Partial<CliContext> = {}): Promise<CommandOutcome> {
  return runWords([...words, ...connection], more);
}

const numbers = (to: number): readonly number[] => Array.from({ length: to }, (_, n) => to - n);

test("truechimer events has every event for a program, newest first, each once", async () => {
  const { code, json } = await run(["events", "--json"]);
  expect(code).toBe(0);
  expect(json().map(({ id }) => id)).toEqual(numbers(EVENTS));
  const ofOne = (
    await run(["events", "ntp2.lab", "--json", "--filter", "kind:server_paused"])
  ).json();
  expect(ofOne).toHaveLength(EVENTS / 2);
  expect(ofOne.every(({ server }) => server === "ntp2.lab")).toBe(true);
});

test("truechimer audit has every entry for a program", async () => {
  const { json } = await run(["audit", "--json"]);
  expect(json().map(({ sequence }) => sequence)).toEqual(numbers(ENTRIES));
});

test("truechimer alerts has every incident for a program", async () => {
  const all = (await run(["alerts", "--all", "--json"])).json();
  expect(all.map(({ id }) => id)).toEqual(numbers(INCIDENTS));
  const open = (await run(["alerts", "--json"])).json();
  expect(open.map(({ id }) => id)).toEqual([INCIDENTS, ...numbers(60)]);
});

test("truechimer servers paths has every path for a program", async () => {
  const { json } = await run(["servers", "paths", "ntp1.lab", "--json"]);
  expect(json().map(({ id }) => id)).toEqual(numbers(PATHS).toReversed());
});

test.each([
  { words: ["events"], normal: 100 },
  { words: ["audit"], normal: 100 },
  { words: ["alerts", "--all"], normal: 100 },
  { words: ["servers", "paths", "ntp1.lab"], normal: 50 },
])(
  "for a person $words tells how many more there are to be asked for",
  async ({ words, normal }) => {
    const rows = async (more: readonly string[]): Promise<readonly string[]> =>
      (await run([...words, ...more])).out.trimEnd().split("\n").slice(1);
    const few = await rows([]);
    expect(few).toHaveLength(normal + 1);
    expect(few.at(-1)).toBe(
      `older ones are not shown: --limit says how many, and --json tells all`,
    );
    expect(await rows(["--limit", "3"])).toHaveLength(4);
    const all = await rows(["--limit", "10000"]);
    expect(all.length).toBeGreaterThanOrEqual(PATHS);
    expect(all.at(-1)).not.toContain("older ones");
    expect((await run([...words, "--json", "--limit", "7"])).json()).toHaveLength(7);
  },
);

test.each([["events"], ["alerts"], ["audit"], ["servers", "paths", "ntp1.lab"]])(
  "a limit that is none is refused before anything is asked: %s",
  async (...words) => {
    for (const [limit, says] of [
      ["0", "expected a whole number from 1 on"],
      ["10001", "--limit 10001 is too much for a table: at most 10000, or --json"],
    ] as const) {
      const { code, err } = await run([...words, "--limit", limit]);
      expect(err).toContain(says);
      expect(code).toBe(2);
    }
  },
);

test("a reader who has seen enough is sent no more", async () => {
  const { code, out } = await run(["events", "--json"], { stdoutTaken: async () => false });
  expect(code).toBe(0);
  expect(out.trimEnd().split("\n").length).toBeLessThan(EVENTS);
});
