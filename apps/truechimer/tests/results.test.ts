// `truechimer results` against a control plane in this process: every form, whole, resumable, and safe to open.

import { once } from "node:events";
import { useDatabase } from "@truechimer/testing-postgres";
import { describe, expect, test, vi } from "vitest";
import type { CliContext } from "../src/cli-context.ts";
import { useControlPlane } from "./_control-plane.ts";
import { type CommandOutcome, runWords } from "./_run-words.ts";
import { spawnProgram } from "./_up-program.ts";

vi.setConfig({ testTimeout: 60_000 });

const CHECKS = 24_000;
const NAMES = ["=1+2", "ntp1.lab", '@odd, "name"', "-2+3"];

const database = await useDatabase();
await database.pool.query(`
  insert into monitors (id_token, hostname, ip, ip_version, status)
  values ('m1', '+zurich', '192.0.2.1', 'v4', 'active')`);
await database.pool.query(
  `insert into servers (name, ip, port, ip_version)
  select name, ('2001:db8::' || n)::inet, 123, 'v6' from unnest($1::text[]) with ordinality as t (name, n)`,
  [NAMES],
);
// Seven of one instant: pages end in the middle of some of them.
await database.pool.query(
  `insert into log_scores (ts, server_id, monitor_id, step, score, offset_ns, bound_ns, rtt_ns, stratum, reason)
  select date_trunc('second', now()) - interval '1 hour' + (n / 7) * interval '1 ms', s.id, m.id, 1, 20,
    case when n % 10 = 0 then null else n - 12000 end, 1000, 2000, 2, case when n % 10 = 0 then 'timeout' end
  from generate_series(1, $2::int) n
  join servers s on s.name = ($1::text[])[1 + n % 4] join monitors m on m.hostname = '+zurich'`,
  [NAMES, CHECKS],
);

const { connection } = await useControlPlane(database);

function results(
  words: readonly string[],
  more: Partial<CliContext> = {},
): Promise<CommandOutcome> {
  return runWords(["results", ...words, ...connection], more);
}

interface Row {
  readonly id: number;
  readonly at: string;
  readonly server: string;
  readonly offset_ns: number | null;
}

const rowsOf = (out: string): readonly Row[] =>
  out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Row);

/** RFC 4180. */
function csvRows(text: string): readonly (readonly string[])[] {
  expect(text.endsWith("\r\n")).toBe(true);
  return text
    .slice(0, -2)
    .split("\r\n")
    .map((line) =>
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
        ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "",
      ),
    );
}

describe("every check of the range is in the file, in order, once", () => {
  test("as lines of JSON", async () => {
    const { code, out } = await results(["--format", "ndjson"]);
    const rows = rowsOf(out);
    expect(code).toBe(0);
    expect(rows).toHaveLength(CHECKS);
    expect(rows.map(({ id }) => id)).toEqual(rows.map(({ id }) => id).toSorted((a, b) => a - b));
    expect(rows[0]).toEqual({
      id: 1,
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      server_id: expect.any(Number),
      server: "ntp1.lab",
      monitor_id: expect.any(Number),
      monitor: "+zurich",
      offset_ns: 1 - 12_000,
      bound_ns: 1_000,
      rtt_ns: 2_000,
      stratum: 2,
      leap: null,
      reason: "",
      step: 1,
      score: 20,
      has_evidence: false,
    });
  });

  test("as one array of JSON", async () => {
    const { out } = await results(["--format", "json", "--order", "newest", "--limit", "12000"]);
    const rows = JSON.parse(out) as readonly Row[];
    expect(rows).toHaveLength(12_000);
    expect(rows[0]?.id).toBe(CHECKS);
    const none = await results(["--format", "json", "--filter", "step:0.25"]);
    expect(JSON.parse(none.out)).toEqual([]);
  });

  test("as CSV whose texts no spreadsheet runs and whose numbers are numbers", async () => {
    const { out } = await results(["--format", "csv"]);
    const [heading = [], ...rows] = csvRows(out);
    expect(heading.slice(0, 4)).toEqual(["id", "at", "server_id", "server"]);
    expect(rows).toHaveLength(CHECKS);
    expect(new Set(rows.map(([, , , name]) => name))).toEqual(
      new Set(["'=1+2", "ntp1.lab", '\'@odd, "name"', "'-2+3"]),
    );
    expect(new Set(rows.map((row) => row[5]))).toEqual(new Set(["'+zurich"]));
    const offsets = rows.map((row) => row[6] ?? "");
    expect(offsets.filter((text) => text === "")).toHaveLength(CHECKS / 10);
    expect(offsets[0]).toBe("-11999");
    expect(offsets.every((text) => /^-?\d*$/.test(text))).toBe(true);
  });
});

test("a filter, servers and a range choose", async () => {
  const filtered = rowsOf(
    (await results(["--json", "--filter", "reason:timeout server:ntp1*"])).out,
  );
  const expected = Array.from({ length: CHECKS }, (_, n) => n + 1).filter(
    (n) => n % 10 === 0 && n % 4 === 1,
  );
  expect(filtered.map(({ id }) => id)).toEqual(expected);
  const two = rowsOf((await results(["--json", "--server", "ntp1.lab", "--server=-2+3"])).out);
  expect(two).toHaveLength(CHECKS / 2);
  const middle = two[5_000]?.at ?? "";
  const [before, after] = [
    rowsOf((await results(["--json", "--to", middle])).out),
    rowsOf((await results(["--json", "--from", middle])).out),
  ];
  expect(before.length + after.length).toBe(CHECKS);
  expect(before.every(({ at }) => at < middle) && after.every(({ at }) => at >= middle)).toBe(true);
  expect(rowsOf((await results(["--json", "--since", "10m"])).out)).toEqual([]);
});

test("on a terminal it is a table of the newest", async () => {
  const { out } = await results(["--limit", "3"]);
  const lines = out.split("\n");
  expect(lines).toHaveLength(5);
  expect(lines[0]).toMatch(/^check +time +server +monitor +offset/);
  expect(lines[1]).toMatch(new RegExp(`^${CHECKS} +\\d{4}-`));
  expect((await results(["--filter", "step:0.25"])).out).toBe("no such checks in this range\n");
});

describe("what breaks off is gone on with where it ended", () => {
  test.each(["oldest", "newest"])(
    "%s first, after Ctrl-C: none twice, none missing",
    async (order) => {
      const stop = new AbortController();
      const words = ["--json", "--order", order];
      let pages = 0;
      const first = await results(words, {
        stopSignal: () => stop.signal,
        stdoutTaken: async () => {
          pages += 1;
          if (pages === 2) stop.abort();
          return true;
        },
      });
      expect(first.code).toBe(1);
      const [, option = "", at = ""] = /the rest is (--\w+) (\S+)\n/.exec(first.err) ?? [];
      expect(option).toBe(order === "oldest" ? "--from" : "--to");
      const [begun, rest] = [
        rowsOf(first.out),
        rowsOf((await results([...words, option, at])).out),
      ];
      expect(begun.length).toBeGreaterThan(500);
      expect(rest.length).toBeGreaterThan(5_000);
      const ids = [...begun, ...rest].map(({ id }) => id);
      expect(ids.toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: CHECKS }, (_, n) => n + 1),
      );
    },
  );

  test("an array that was interrupted is one all the same", async () => {
    const stop = new AbortController();
    const { out, err } = await results(["--format", "json"], {
      stopSignal: () => stop.signal,
      stdoutTaken: async () => {
        stop.abort();
        return true;
      },
    });
    expect((JSON.parse(out) as readonly Row[]).length).toBeGreaterThan(250);
    expect(err).toMatch(/ended after \d+ checks; the rest is --from /);
  });

  test("Ctrl-C in the real program", async () => {
    const program = spawnProgram(["results", "--json", ...connection], {});
    const ended = once(program, "exit");
    let errors = "";
    program.stderr?.on("data", (chunk: Buffer) => void (errors += chunk.toString()));
    // Nobody reads on: the program waits, and is told to end.
    await once(program.stdout as NodeJS.ReadableStream, "readable");
    program.kill("SIGINT");
    program.stdout?.resume();
    expect(await ended).toEqual([1, null]);
    expect(errors).toMatch(/ended after \d+ checks; the rest is --from \d{4}/);
  });
});

test("a reader that has seen enough ends it quietly", async () => {
  const program = spawnProgram(["results", "--json", ...connection], {});
  const ended = once(program, "exit");
  let errors = "";
  program.stderr?.on("data", (chunk: Buffer) => void (errors += chunk.toString()));
  await once(program.stdout as NodeJS.ReadableStream, "data");
  program.stdout?.destroy();
  expect(await ended).toEqual([0, null]);
  expect(errors).toBe("");
});

test("a slow reader holds back what is asked for", async () => {
  let asked = 0;
  let release = (): void => undefined;
  const slow = results(["--json"], {
    stdoutTaken: async () => {
      asked += 1;
      await new Promise<void>((resolve) => (release = resolve));
      return asked < 3;
    },
  });
  await vi.waitFor(() => expect(asked).toBe(1), { timeout: 30_000 });
  release();
  await vi.waitFor(() => expect(asked).toBe(2), { timeout: 30_000 });
  release();
  await vi.waitFor(() => expect(asked).toBe(3), { timeout: 30_000 });
  release();
  const { code, out } = await slow;
  expect(code).toBe(0);
  expect(rowsOf(out).length).toBeLessThan(15_000);
});

describe("a mistake is told before anything is asked, exit code 2", () => {
  test.each([
    [["--since", "5"], '--since: "5" is not a duration'],
    [["--from", "2026-02-31"], '--from: "2026-02-31" is no time: expected a day and a time that'],
    [["--to", "yesterday"], '--to: "yesterday" is no time: expected a time such as'],
    [["--from", "now-1h", "--since", "1h"], "--from and --since both say"],
    [["--from", "now-1h", "--to", "now-2h"], "the range is empty"],
    [["--limit", "0"], "expected a whole number from 1 on"],
    [["--format", "table", "--limit", "10001"], "--limit 10001 is too much for a table"],
    [["--json", "--format", "csv"], "--json and --format csv are two forms"],
  ])("%j", async (words, says) => {
    const { code, err } = await results(words);
    expect(err).toContain(says);
    expect(code).toBe(2);
  });

  test("a filter is shown with a mark below the character, and a server by its closest name", async () => {
    const { code, err } = await results(["--format", "table", "--filter", "offset>5 step:1"]);
    expect(err).toMatch(/^ {2}offset>5 step:1\n {9}\^\ntruechimer: filter, character 8: /);
    expect(code).toBe(2);
    expect((await results(["--server", "ntp2.lab"])).err).toContain('did you mean "ntp1.lab"?');
  });
});
