// What an archive of Parquet files takes, in a directory and in a store that speaks S3: results a second that are sent, bytes that each has there, and how long a question
// of a day takes that the database cannot answer any more.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { adminV1 } from "@truechimer/api";
import { systemClock, systemRandom } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import { type ArchiveSettings, createServer, createToken, LOCAL_POLICY } from "@truechimer/server";
import { plantFleet } from "../history/plant-fleet.ts";
import { openSeededDatabase } from "../history/seeded-database.ts";
import { isWanted, type ResultRow, type Scenario, type ScenarioOptions } from "../scenario.ts";
import { report } from "./report.ts";

export interface ArchiveRow extends ResultRow {
  /** Absent: a directory. */
  readonly place?: "s3";
  readonly rows: number;
  readonly sentSeconds: number;
  readonly bytes: number;
  readonly files: number;
  /** A chart of a server: a day, ten days, and the same ten once the indexes of their files are remembered. */
  readonly dayMs: number;
  readonly daysMs: number;
  readonly daysAgainMs: number;
  /** The first five hundred checks of a day, of all servers. */
  readonly pageMs: number;
  /** Of the whole host in its last minute, as the kernel averages it. */
  readonly load: number;
}

/** The S3 server of the tests: one process of Node, which checks signatures and keeps objects in a directory. */
const S3_SERVER: string = fileURLToPath(
  new URL("../../../packages/server/tests/_s3-program.ts", import.meta.url),
);
const BUCKET = "clocks";
const PLACES = ["directory", "s3"] as const;
const ROWS = 500_000;
const QUICK_ROWS = 50_000;
const DAY_MS = 86_400_000;
const LOOK_MS = 200;
const CHART_DAYS = 10;
const PAGE_ROWS = 500;
const SENT_MS_MAX = 1_800_000;

const COMMON = {
  clock: systemClock,
  random: systemRandom,
  version: "0.0.0-bench",
  listen: { host: "127.0.0.1", port: 0 },
} as const;

export const archive: Scenario = {
  name: "archive",
  summary:
    "results a second into an archive of Parquet in a directory or a bucket, their size there, and questions of its days",
  parts: () => ({ condition: PLACES, size: "rows" }),
  run,
  report: (rows) => report(rows as readonly ArchiveRow[]),
};

async function run(options: ScenarioOptions): Promise<readonly ArchiveRow[]> {
  const rows = options.quick ? QUICK_ROWS : Number(options.size ?? ROWS);
  await using seeded = await openSeededDatabase(rows, options.log);
  await plantFleet(seeded.database);
  const found: ArchiveRow[] = [];
  for (const place of PLACES) {
    if (!isWanted(options.condition, place)) continue;
    await using archived = await openPlace(place);
    await seeded.database.pool.query("delete from archives");
    const sentSeconds = await sendAll(seeded.database, archived.settings, rows);
    const { bytes, files } = await archived.size();
    const load = Math.round(loadavg()[0] ?? 0);
    const asked = await ask(seeded.database, archived.settings);
    found.push({
      key: `${place} ${rows}`,
      measuredOn: new Date().toISOString().slice(0, 10),
      ...(place === "s3" && { place }),
      rows,
      sentSeconds,
      bytes,
      files,
      load,
      ...asked,
    });
  }
  return found;
}

interface ArchivePlace extends AsyncDisposable {
  readonly settings: ArchiveSettings;
  /** Of the files of results. */
  size(): Promise<{ readonly bytes: number; readonly files: number }>;
}

async function openPlace(place: "directory" | "s3"): Promise<ArchivePlace> {
  const directory = await mkdtemp(join(tmpdir(), "truechimer-bench-archive-"));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  if (place === "directory") {
    return {
      settings: { kind: "directory", directory },
      size: () => sizeOf(directory, ".parquet"),
      [Symbol.asyncDispose]: remove,
    };
  }
  const server = spawn(
    process.execPath,
    ["--openssl-legacy-provider", S3_SERVER, directory, "0", BUCKET],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const [port] = (await once(createInterface(server.stdout), "line")) as [string];
  return {
    settings: {
      kind: "s3",
      endpoint: `http://127.0.0.1:${port}`,
      bucket: BUCKET,
      accessKeyId: "S3RVER",
      secretAccessKey: "S3RVER",
    },
    // Each beside its facts.
    size: () => sizeOf(join(directory, BUCKET), ".parquet._S3rver_object"),
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.stdin.end();
      await closed;
      await remove();
    },
  };
}

/** By a worker of the product in this process. Returns seconds. */
async function sendAll(
  database: Database,
  settings: ArchiveSettings,
  rows: number,
): Promise<number> {
  const startedMs = performance.now();
  const worker = await createServer({
    ...COMMON,
    database,
    roles: ["worker"],
    loops: [],
    archive: settings,
  });
  await worker.start();
  try {
    for (;;) {
      const sent = await database.pool.query<{ sent: number }>(
        "select coalesce(sum(results_sent), 0)::float8 as sent from archives",
      );
      if ((sent.rows[0]?.sent ?? 0) >= rows) return (performance.now() - startedMs) / 1_000;
      if (performance.now() - startedMs > SENT_MS_MAX) throw new Error("not all was sent in time");
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  } finally {
    await worker[Symbol.asyncDispose]();
  }
}

async function sizeOf(
  directory: string,
  ending: string,
): Promise<{ readonly bytes: number; readonly files: number }> {
  const names = (await readdir(directory, { recursive: true })).filter(
    (name) => name.startsWith("results") && name.endsWith(ending),
  );
  const sizes = await Promise.all(names.map((name) => stat(join(directory, name))));
  return { bytes: sizes.reduce((sum, { size }) => sum + size, 0), files: names.length };
}

/** A control plane whose retention is a day: what is older it asks of the archive, although the database has it. */
async function ask(
  database: Database,
  archiveSettings: ArchiveSettings,
): Promise<Pick<ArchiveRow, "dayMs" | "daysMs" | "daysAgainMs" | "pageMs">> {
  const key = createToken("tca_", systemRandom);
  const server = await createServer({
    ...COMMON,
    database,
    roles: ["api"],
    adminKeys: [key],
    archive: archiveSettings,
    policy: { ...LOCAL_POLICY, retentionMs: DAY_MS },
  });
  await server.start();
  try {
    const client = createClient(
      adminV1.AdminService,
      createConnectTransport({
        baseUrl: server.url,
        httpVersion: "1.1",
        interceptors: [
          (next) => (request) => {
            request.header.set("authorization", `Bearer ${key}`);
            return next(request);
          },
        ],
      }),
    );
    // The servers are as new as this run, and nothing is told of the time before a server.
    await database.pool.query("update servers set created_on = now() - interval '1 year'");
    const startMs = Math.floor(Date.now() / DAY_MS - 12) * DAY_MS;
    const chart = (days: number): Promise<number> =>
      timed(async () => {
        const { fromArchive, rowsTotal } = await client.getServerHistory({
          serverId: 1n,
          from: timestampFromMs(startMs),
          to: timestampFromMs(startMs + days * DAY_MS),
        });
        if (!fromArchive || rowsTotal === 0n) throw new Error("the archive was not asked");
      });
    const page = (): Promise<number> =>
      timed(async () => {
        const { fromArchive } = await client.listResults({
          from: timestampFromMs(startMs),
          to: timestampFromMs(startMs + DAY_MS),
          pageSize: PAGE_ROWS,
        });
        if (!fromArchive) throw new Error("the archive was not asked");
      });
    return {
      dayMs: await chart(1),
      daysMs: await chart(CHART_DAYS),
      daysAgainMs: await chart(CHART_DAYS),
      pageMs: await page(),
    };
  } finally {
    await server[Symbol.asyncDispose]();
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}
