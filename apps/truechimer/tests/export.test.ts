// `truechimer export` against a control plane in this process: to the output, into a file, gone on with, and through a
// connection that breaks.

import { once } from "node:events";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { connect, createServer as createTcpServer, type Socket } from "node:net";
import { join } from "node:path";
import { useDatabase } from "@truechimer/testing-postgres";
import { afterAll, describe, expect, test, vi } from "vitest";
import type { CliContext } from "../src/cli-context.ts";
import { useControlPlane } from "./_control-plane.ts";
import { type CommandOutcome, runWords } from "./_run-words.ts";

vi.setConfig({ testTimeout: 60_000 });

const CHECKS = 10_000;

const database = await useDatabase();
await database.pool.query(`
  insert into monitors (id_token, hostname, ip, ip_version, status)
  values ('m1', '+zurich', '192.0.2.1', 'v4', 'active')`);
await database.pool.query(`
  insert into servers (name, ip, port, ip_version) values ('=1+2', '192.0.2.5', 123, 'v4'), ('ntp1.lab', '192.0.2.6', 123, 'v4')`);
// Two days ago and yesterday, seven of one instant.
await database.pool.query(
  `insert into log_scores (ts, server_id, monitor_id, step, score, offset_ns, bound_ns, rtt_ns, stratum)
  select date_trunc('day', now() at time zone 'utc') at time zone 'utc' - interval '24 hours' + ((n - $1 / 2) / 7) * interval '7 s',
    s.id, m.id, 1, 20, n, 1000, 2000, 2
  from generate_series(1, $1::int) n join servers s on s.name = (array['=1+2', 'ntp1.lab'])[1 + n % 2]
  join monitors m on m.hostname = '+zurich'`,
  [CHECKS],
);

const { server, directory, connectionTo } = await useControlPlane(database);

function exported(
  words: readonly string[],
  { url = server.url, ...more }: Partial<CliContext> & { readonly url?: string } = {},
): Promise<CommandOutcome> {
  return runWords(["export", ...words, ...connectionTo(url)], more);
}

const idsOf = (ndjson: string): readonly number[] =>
  ndjson
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as { readonly id: number }).id);

/** The end of the first of both days. */
const { rows: middle } = await database.pool.query<{ readonly day: string }>(
  "select to_char(ts at time zone 'utc', 'YYYY-MM-DD') as day from log_scores where id = $1",
  [CHECKS],
);
const MIDNIGHT = middle[0]?.day ?? "";

const ALL: readonly number[] = Array.from({ length: CHECKS }, (_, index) => index + 1);

test("to the output: every row once, in either form, narrowed by servers, filter and range", async () => {
  const ndjson = await exported(["checks"]);
  expect([ndjson.code, ndjson.err]).toEqual([0, ""]);
  expect(idsOf(ndjson.out)).toEqual(ALL);
  const csv = await exported([
    "steps",
    "--form",
    "csv",
    "--server",
    "=1+2",
    "--filter",
    "offset<100ns",
  ]);
  const lines = csv.out.split("\r\n");
  expect(lines[0]).toMatch(/^id,at,server_id,server,monitor_id,monitor,rule,score_before,step/);
  expect(lines).toHaveLength(2 + 49);
  expect(lines[1]).toContain(",'=1+2,");
  expect((await exported(["checks", "--since", "1m"])).out).toBe("");
  expect((await exported(["scores", "--form", "csv"])).out).toMatch(/^id,at,[^\n]*\r\n$/);
});

/** Between the program and the control plane: each connection ends after so many bytes. */
async function useBreakingProxy(
  bytesEach: readonly number[],
): Promise<{ readonly url: string; readonly opened: () => number }> {
  let opened = 0;
  const { port } = new URL(server.url);
  const sockets = new Set<Socket>();
  const proxy = createTcpServer((client) => {
    let left = bytesEach[opened] ?? Number.POSITIVE_INFINITY;
    opened += 1;
    const upstream = connect(Number(port), "127.0.0.1");
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
    }
    client.pipe(upstream);
    upstream.on("data", (chunk: Buffer) => {
      client.write(chunk.subarray(0, left));
      left -= chunk.length;
      if (left <= 0) {
        client.destroySoon();
        upstream.destroy();
      }
    });
    upstream.on("end", () => client.end());
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  const { port: own } = proxy.address() as { readonly port: number };
  return { url: `http://127.0.0.1:${own}`, opened: () => opened };
}

test.each(["csv", "ndjson"])(
  "a connection that breaks is opened again, and no row of %s is there twice or missing",
  async (form) => {
    const whole = await exported(["checks", "--form", form]);
    const proxy = await useBreakingProxy([100_000, 133_333, 200_001]);
    const broken = await exported(["checks", "--form", form], { url: proxy.url });
    expect([broken.code, broken.err]).toEqual([0, ""]);
    expect(broken.out === whole.out).toBe(true);
    expect(proxy.opened()).toBe(4);
  },
);

describe("into a file", () => {
  test.each(["csv", "ndjson"])(
    "%s is gone on with after its last whole row, wherever it was cut",
    async (form) => {
      const { out: whole } = await exported(["checks", "--form", form]);
      const path = join(directory, `checks.${form}`);
      const first = await exported(["checks", "--output", path, "--to", MIDNIGHT]);
      expect([first.code, first.out, first.err]).toEqual([0, "", ""]);
      const { size } = await stat(path);
      expect(size).toBeGreaterThan(1_000);
      expect(size).toBeLessThan(whole.length);
      expect((await exported(["checks", "--output", path, "--resume"])).code).toBe(0);
      expect((await readFile(path, "utf8")) === whole).toBe(true);
      for (const cut of [whole.length - 1, 150_000, 90, 5, 0]) {
        await writeFile(path, whole.slice(0, cut));
        await exported(["checks", "--output", path, "--resume"]);
        expect((await readFile(path, "utf8")) === whole).toBe(true);
      }
    },
  );

  test("nothing is written over, and a place that cannot be written is named", async () => {
    const path = join(directory, "there.csv");
    await writeFile(path, "mine");
    const { code, err } = await exported(["checks", "--output", path]);
    expect([code, err]).toEqual([
      2,
      expect.stringContaining("is there: go on with it by --resume"),
    ]);
    expect(await readFile(path, "utf8")).toBe("mine");
    expect((await exported(["checks", "--output", join(directory, "no/such.csv")])).err).toContain(
      "cannot be written (ENOENT)",
    );
  });
});

describe("as Parquet", () => {
  const dayBefore = new Date(Date.parse(MIDNIGHT) - 86_400_000).toISOString().slice(0, 10);

  test("every day that is over has a file, and the same command writes those that are missing", async () => {
    const days = join(directory, "days");
    const command = ["checks", "--form", "parquet", "--output", days];
    const [first = "", second = ""] = [dayBefore, MIDNIGHT].map((day) =>
      join(days, `checks-${day}.parquet`),
    );
    expect((await exported(command)).err).toContain("no day is there to go on after");
    const both = await exported([...command, "--from", dayBefore]);
    expect([both.code, both.err, both.out]).toEqual([0, "", `${first}\n${second}\n`]);
    const [size, secondSize] = await Promise.all(
      [first, second].map(async (path) => (await stat(path)).size),
    );
    expect(Math.min(size ?? 0, secondSize ?? 0)).toBeGreaterThan(15_000);
    expect((await exported([...command, "--from", dayBefore])).out).toBe("");
    await rm(second);
    // What an interruption left is none, and is written over.
    await writeFile(join(days, `.checks-${MIDNIGHT}.parquet.part`), "half");
    expect((await exported(command)).out).toBe(`${second}\n`);
    expect((await stat(second)).size).toBe(secondSize);
    expect((await readFile(second)).subarray(-4).toString()).toBe("PAR1");
    expect((await readdir(days)).toSorted()).toEqual(
      [dayBefore, MIDNIGHT].map((day) => `checks-${day}.parquet`),
    );
  });

  test("a file of that ending has the whole range, also of today, and none is written over", async () => {
    const path = join(directory, "some.parquet");
    const command = ["checks", "--from", dayBefore, "--output", path];
    expect(await exported(command)).toMatchObject({ code: 0, err: "" });
    const bytes = await readFile(path);
    expect(bytes.subarray(-4).toString()).toBe("PAR1");
    expect(bytes.length).toBeGreaterThan(30_000);
    expect((await exported(command)).err).toContain("some.parquet is there: name another file");
    const nowhere = ["checks", "--output", join(directory, "no/such.parquet")];
    expect((await exported(nowhere)).code).toBe(1);
  });

  test("a connection that breaks, and Ctrl-C, leave no file that is not whole", async () => {
    const days = join(directory, "broken");
    const command = ["checks", "--form", "parquet", "--output", days, "--from", dayBefore];
    const proxy = await useBreakingProxy([Number.POSITIVE_INFINITY, 10_000]);
    const { code, out } = await exported(command, { url: proxy.url });
    expect([code, out.split("\n").length, proxy.opened()]).toEqual([0, 3, 3]);
    await rm(days, { recursive: true });
    const stopped = new AbortController();
    stopped.abort();
    const { err, ...ended } = await exported(command, { stopSignal: () => stopped.signal });
    expect([ended.code, ended.out]).toEqual([1, ""]);
    expect(err).toContain(`ended before ${dayBefore}; the same command goes on with it`);
    expect(await readdir(days)).toEqual([]);
  });
});

test.each(["oldest", "newest"])(
  "Ctrl-C, %s first: it says where the rest begins",
  async (order) => {
    const stop = new AbortController();
    let pieces = 0;
    const begun = await exported(["checks", "--order", order], {
      stopSignal: () => stop.signal,
      stdoutTaken: async () => {
        pieces += 1;
        if (pieces === 3) stop.abort();
        return true;
      },
    });
    expect(begun.code).toBe(1);
    const [, count = "", after = ""] =
      /ended after (\d+) rows; the rest is --after (\S+)\n/.exec(begun.err) ?? [];
    expect(idsOf(begun.out)).toHaveLength(Number(count));
    const rest = await exported(["checks", "--order", order, "--after", after]);
    expect(idsOf(begun.out + rest.out)).toEqual(order === "oldest" ? ALL : ALL.toReversed());
  },
);

test("a slow reader holds back what is read, and one that has gone ends it quietly", async () => {
  let asked = 0;
  const { code, out, err } = await exported(["checks"], {
    stdoutTaken: async () => {
      asked += 1;
      return asked < 3;
    },
  });
  expect([code, err]).toEqual([0, ""]);
  expect(idsOf(out).length).toBeLessThan(CHECKS / 2);
});

describe("is refused", () => {
  test.each([
    [["sources"], "Allowed choices are checks, exchanges, steps, scores, verdicts, audit", 2],
    [["audit", "--filter", "x"], "--filter: the export audit takes none", 2],
    [["audit", "--server", "x"], "--server: the export audit is of no server", 2],
    [["checks", "--form", "parquet"], "name a directory for them by --output", 2],
    [
      ["checks", "--form", "parquet", "--output", "/dev/null/x"],
      "is no directory that can be written",
      2,
    ],
    [["checks", "--form", "parquet", "--output", "x", "--after", "5,5"], "goes on by itself", 2],
    [
      ["checks", "--output", "/nowhere/x.xml"],
      "--output /nowhere/x.xml: no form ends in .xml: expected one of .csv, .ndjson, .parquet, or say what to write by --form",
      2,
    ],
    [["checks", "--resume"], "--resume goes on with a file: name it by --output", 2],
    [["checks", "--output", "x", "--resume", "--after", "y"], "--resume and --after both say", 2],
    [["checks", "--from", "yesterday"], '--from: "yesterday" is no time', 2],
    [["checks", "--after", "5"], "expected at,id of the last row that you have", 1],
    [["checks", "--server", "ntp2.lab"], 'did you mean "ntp1.lab"?', 1],
    [
      ["checks", "--filter", "offset>5"],
      "  offset>5\n         ^\ntruechimer: filter, character 8: ",
      2,
    ],
  ] as const)("%j", async (words, says, expected) => {
    const { code, err } = await exported(words);
    expect(err.toLowerCase()).toContain(says.toLowerCase());
    expect(code).toBe(expected);
  });

  test("where nothing answers", async () => {
    const { code, err } = await exported(["checks"], { url: "http://127.0.0.1:9" });
    expect([code, err]).toEqual([3, expect.stringContaining("is truechimer running there?")]);
  });
});
