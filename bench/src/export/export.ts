// What an export of many rows costs in memory: of the control plane that reads them, and of the command that writes them.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemRandom } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import { createToken } from "@truechimer/server";
import { plantFleet } from "../history/plant-fleet.ts";
import { DAYS, openSeededDatabase } from "../history/seeded-database.ts";
import { type MeasuredProcess, startMeasuredProcess } from "../measured-process.ts";
import { forgetPeak, processUsage } from "../process-usage.ts";
import { isWanted, type ResultRow, type Scenario, type ScenarioOptions } from "../scenario.ts";
import { EXCHANGES_A_CHECK, plantPackets } from "./plant-packets.ts";
import { report } from "./report.ts";

export interface ExportRow extends ResultRow {
  readonly form: string;
  readonly rows: number;
  readonly seconds: number;
  /** The most that was resident; millions of bytes. */
  readonly commandMb: number;
  readonly controlPlaneMb: number;
  /** Resident when it began. */
  readonly controlPlaneBeforeMb: number;
  /** Of the whole host in its last minute, as the kernel averages it: ours is about 2. */
  readonly load?: number;
}

/** The first shows what a process takes before there is much to export: what the others have beyond it is due to their rows. */
const SIZES: readonly number[] = [20_000, 1_000_000, 10_000_000];
const QUICK_SIZES: readonly number[] = [20_000, 200_000];
/** Their packets take a database a gigabyte. */
const EXCHANGES_MAX = 1_000_000;
const WARM_UP_ROWS = 500_000;
const MB = 1_000_000;
const MAIN = fileURLToPath(new URL("../../../apps/truechimer/src/main.ts", import.meta.url));

/** As `npm run truechimer` starts it: the young generation of the bench's own processes is a control plane's. */
const COMMAND_FLAGS: readonly string[] = [
  "--conditions=source",
  ...process.execArgv.filter((flag) => !flag.startsWith("--max-semi-space-size")),
];

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  csv: ["export", "checks", "--form", "csv"],
  ndjson: ["export", "checks", "--form", "ndjson"],
  parquet: ["export", "checks", "--form", "parquet"],
  "parquet-file": ["export", "checks"],
  exchanges: ["export", "exchanges", "--form", "ndjson"],
  steps: ["export", "steps", "--form", "csv"],
  results: ["results", "--format", "csv"],
};

export const exportScenario: Scenario = {
  name: "export",
  summary: "memory of the control plane and of the command while millions of checks are exported",
  run,
  report: (rows) => report(rows as readonly ExportRow[]),
};

async function run(options: ScenarioOptions): Promise<readonly ExportRow[]> {
  const sizes = (options.quick ? QUICK_SIZES : SIZES).filter((size) =>
    isWanted(options.size, String(size)),
  );
  const total = Math.max(...sizes);
  await using seeded = await openSeededDatabase(total, options.log);
  await plantFleet(seeded.database);
  const directory = await mkdtemp(join(tmpdir(), "truechimer-bench-export-"));
  const rows: ExportRow[] = [];
  try {
    const key = createToken("tca_", systemRandom);
    const keyFile = join(directory, "key");
    await writeFile(keyFile, key, { mode: 0o600 });
    for (const form of Object.keys(COMMANDS).filter((name) => isWanted(options.condition, name))) {
      if (form === "exchanges")
        await plantPackets(seeded.database, packetsOf(Math.min(total, EXCHANGES_MAX)));
      for (const count of sizes) {
        if (form === "exchanges" && count > EXCHANGES_MAX) continue;
        const world = { database: seeded.database, directory, key, keyFile, total };
        const row = await measure(world, form, count);
        options.log(
          `${form} ${count}: ${row.seconds.toFixed(1)} s, command ${row.commandMb} MB, control plane ${row.controlPlaneMb} MB`,
        );
        rows.push(row);
      }
    }
    return rows;
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Checks that have so many exchanges, and some beyond them: a range ends between two checks. */
function packetsOf(exchanges: number): number {
  return Math.ceil((exchanges / EXCHANGES_A_CHECK) * 1.01);
}

interface World {
  readonly database: Database;
  readonly directory: string;
  readonly key: string;
  readonly keyFile: string;
  readonly total: number;
}

/** With a control plane of its own, whose heap has been where an export takes it. */
async function measure(world: World, form: string, count: number): Promise<ExportRow> {
  await using plane = await startMeasuredProcess(new URL("control-plane.ts", import.meta.url), [
    world.database.pool.options.connectionString ?? "",
    world.key,
  ]);
  await exportRows(world, { plane, form: "csv", count: Math.min(WARM_UP_ROWS, world.total) });
  const before = processUsage(plane.pid).residentBytes;
  forgetPeak(plane.pid);
  const exported = await exportRows(world, { plane, form, count });
  return {
    key: `${form} ${count}`,
    measuredOn: new Date().toISOString().slice(0, 10),
    form,
    ...exported,
    controlPlaneMb: Math.round(processUsage(plane.pid).peakBytes / MB),
    controlPlaneBeforeMb: Math.round(before / MB),
    load: Math.round(loadavg()[0] ?? 0),
  };
}

interface Span {
  readonly begins: string;
  readonly ends: string;
  readonly rows: number;
}

const INSTANT_FORMAT = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"';

interface Asked {
  readonly plane: MeasuredProcess;
  readonly form: string;
  readonly count: number;
}

/** By the command in a process of its own. */
async function exportRows(
  world: World,
  { plane, form, count }: Asked,
): Promise<Pick<ExportRow, "rows" | "seconds" | "commandMb">> {
  const isDaily = form === "parquet";
  const isFile = isDaily || form === "parquet-file";
  const rowsACheck = form === "exchanges" ? EXCHANGES_A_CHECK : 1;
  // Whole days alone have a file: the first of the data is none.
  const first = isDaily ? "date_trunc('day', min(ts) + interval '1 day', 'UTC')" : "min(ts)";
  const secondsAll = DAYS * 86_400;
  const seconds = (count / rowsACheck / world.total) * secondsAll;
  const length = isDaily ? Math.max(1, Math.floor(seconds / 86_400) - 1) * 86_400 : seconds;
  const { rows: spans } = await world.database.pool.query<Span>(
    `with span as (select ${first} as begins, ${first} + make_interval(secs => $1) as ends from log_scores)
     select to_char(begins at time zone 'utc', $2) as begins, to_char(ends at time zone 'utc', $2) as ends,
       (select count(*)::int from log_scores where ts >= begins and ts < ends) as rows from span`,
    [length, INSTANT_FORMAT],
  );
  const { begins, ends, rows: checks } = spans[0] ?? { begins: "", ends: "", rows: 0 };
  const rows = checks * rowsACheck;
  const range = ["--from", begins, "--to", ends];
  const out = join(world.directory, `${form}-${count}${isDaily ? "-days" : ".parquet"}`);
  const startedMs = performance.now();
  const command = spawn(
    process.execPath,
    [
      ...COMMAND_FLAGS,
      MAIN,
      ...(COMMANDS[form] ?? []),
      ...range,
      ...(isFile ? ["--output", out] : []),
      "--url",
      plane.told,
      "--key-file",
      world.keyFile,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const exited = once(command, "exit");
  let lines = 0;
  let commandBytes = 0;
  const look = setInterval(() => {
    commandBytes = Math.max(commandBytes, processUsage(command.pid ?? 0).peakBytes);
  }, 50);
  for await (const chunk of command.stdout) {
    lines += countLines(chunk as Buffer);
  }
  clearInterval(look);
  const [code] = (await exited) as [number | null];
  await rm(out, { recursive: true, force: true });
  if (code !== 0) throw new Error(`${form} ended with ${code}`);
  const headings = form === "ndjson" || form === "exchanges" ? 0 : 1;
  if (!isFile && lines - headings !== rows) throw new Error(`${lines} lines of ${rows} rows`);
  return {
    rows,
    seconds: (performance.now() - startedMs) / 1_000,
    commandMb: Math.round(commandBytes / MB),
  };
}

function countLines(chunk: Buffer): number {
  let lines = 0;
  for (let at = chunk.indexOf("\n"); at >= 0; at = chunk.indexOf("\n", at + 1)) lines += 1;
  return lines;
}
