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
import { DAYS, MONITORS, openSeededDatabase } from "../history/seeded-database.ts";
import { type MeasuredProcess, startMeasuredProcess } from "../measured-process.ts";
import { forgetPeak, processUsage } from "../process-usage.ts";
import { isWanted, type ResultRow, type Scenario, type ScenarioOptions } from "../scenario.ts";
import { plantAudit, plantScores, plantVerdicts, takeScores } from "./plant-others.ts";
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
/** Of what is planted beside the checks: a million of them take a database up to a gigabyte. */
const PLANTED_MAX = 1_000_000;
const WARM_UP_ROWS = 500_000;
const MB = 1_000_000;
const MAIN = fileURLToPath(new URL("../../../apps/truechimer/src/main.ts", import.meta.url));

/** As `npm run truechimer` starts it: small, where the bench's own processes have the young generation of a control plane. */
const COMMAND_FLAGS: readonly string[] = [
  "--conditions=source",
  "--max-semi-space-size=8",
  ...process.execArgv.filter((flag) => !flag.startsWith("--max-semi-space-size")),
];

interface Form {
  readonly command: readonly string[];
  /** Told by lines, the first of which may be none of a row; or by a file, or a directory of them. */
  readonly output: "lines" | "lines with a heading" | "file" | "days";
  /** The rows of a range, and their instants. Absent: checks. */
  readonly rows?: "events" | "audit_entries";
  readonly rowsACheck?: number;
  /** Absent: what is exported is there. */
  readonly plant?: (database: Database, count: { rows: number; total: number }) => Promise<void>;
}

const EXCHANGES = { plant: plantExchanges, rowsACheck: EXCHANGES_A_CHECK } as const;

const FORMS: Readonly<Record<string, Form>> = {
  csv: { command: ["export", "checks", "--form", "csv"], output: "lines with a heading" },
  ndjson: { command: ["export", "checks", "--form", "ndjson"], output: "lines" },
  parquet: { command: ["export", "checks", "--form", "parquet"], output: "days" },
  "parquet-file": { command: ["export", "checks"], output: "file" },
  exchanges: {
    command: ["export", "exchanges", "--form", "ndjson"],
    output: "lines",
    ...EXCHANGES,
  },
  "exchanges-file": { command: ["export", "exchanges"], output: "file", ...EXCHANGES },
  steps: { command: ["export", "steps", "--form", "csv"], output: "lines with a heading" },
  scores: {
    command: ["export", "scores", "--form", "csv"],
    output: "lines with a heading",
    plant: plantScores,
  },
  verdicts: {
    command: ["export", "verdicts", "--form", "ndjson"],
    output: "lines",
    rows: "events",
    plant: plantVerdicts,
  },
  audit: {
    command: ["export", "audit", "--form", "csv"],
    output: "lines with a heading",
    rows: "audit_entries",
    plant: plantAudit,
  },
  results: { command: ["results", "--format", "csv"], output: "lines with a heading" },
};

export const exportScenario: Scenario = {
  name: "export",
  summary: "memory of the control plane and of the command while millions of checks are exported",
  parts: ({ quick }) => ({ condition: Object.keys(FORMS), size: sizesOf(quick).map(String) }),
  run,
  report: (rows) => report(rows as readonly ExportRow[]),
};

function sizesOf(quick: boolean): readonly number[] {
  return quick ? QUICK_SIZES : SIZES;
}

async function run(options: ScenarioOptions): Promise<readonly ExportRow[]> {
  const sizes = sizesOf(options.quick).filter((size) => isWanted(options.size, String(size)));
  const total = Math.max(...sizes);
  await using seeded = await openSeededDatabase(total, options.log);
  await plantFleet(seeded.database);
  const directory = await mkdtemp(join(tmpdir(), "truechimer-bench-export-"));
  const rows: ExportRow[] = [];
  try {
    const key = createToken("tca_", systemRandom);
    const keyFile = join(directory, "key");
    await writeFile(keyFile, key, { mode: 0o600 });
    for (const [name, form] of Object.entries(FORMS)) {
      if (!isWanted(options.condition, name)) continue;
      await form.plant?.(seeded.database, { rows: Math.min(total, PLANTED_MAX), total });
      for (const count of sizes) {
        if (form.plant !== undefined && count > PLANTED_MAX) continue;
        const world = { database: seeded.database, directory, key, keyFile, total };
        const row = await measure(world, { name, form, count });
        options.log(
          `${name} ${count}: ${row.seconds.toFixed(1)} s, command ${row.commandMb} MB, control plane ${row.controlPlaneBeforeMb} to ${row.controlPlaneMb} MB`,
        );
        rows.push(row);
      }
      if (form.plant === plantScores) await takeScores(seeded.database);
    }
    return rows;
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** So many, and some beyond them: a range ends between two checks. */
async function plantExchanges(database: Database, { rows }: { rows: number }): Promise<void> {
  await plantPackets(database, Math.ceil((rows / EXCHANGES_A_CHECK) * 1.01));
}

interface World {
  readonly database: Database;
  readonly directory: string;
  readonly key: string;
  readonly keyFile: string;
  readonly total: number;
}

interface Measured {
  readonly name: string;
  readonly form: Form;
  readonly count: number;
}

/** With a control plane of its own, whose heap has been where an export takes it. */
async function measure(world: World, { name, form, count }: Measured): Promise<ExportRow> {
  await using plane = await startMeasuredProcess(new URL("control-plane.ts", import.meta.url), [
    world.database.pool.options.connectionString ?? "",
    world.key,
  ]);
  const warmUp = {
    command: ["export", "checks", "--form", "csv"],
    output: "lines with a heading",
  } as const;
  await exportRows(world, { plane, form: warmUp, count: Math.min(WARM_UP_ROWS, world.total) });
  const before = processUsage(plane.pid).residentBytes;
  forgetPeak(plane.pid);
  const exported = await exportRows(world, { plane, form, count });
  return {
    key: `${name} ${count}`,
    measuredOn: new Date().toISOString().slice(0, 10),
    form: name,
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
  readonly form: Form;
  readonly count: number;
}

/** By the command in a process of its own. */
async function exportRows(
  world: World,
  { plane, form, count }: Asked,
): Promise<Pick<ExportRow, "rows" | "seconds" | "commandMb">> {
  const { output, rowsACheck = 1 } = form;
  const span = await spanOf(world, form, count);
  const rows = span.rows * rowsACheck;
  const range = ["--from", span.begins, "--to", span.ends];
  const out = join(world.directory, output === "days" ? "days" : "all.parquet");
  const isFile = output === "days" || output === "file";
  const startedMs = performance.now();
  const command = spawn(
    process.execPath,
    [
      ...COMMAND_FLAGS,
      MAIN,
      ...form.command,
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
  if (code !== 0) throw new Error(`${form.command.join(" ")} ended with ${code}`);
  const headings = output === "lines" ? 0 : 1;
  if (!isFile && lines - headings !== rows) throw new Error(`${lines} lines of ${rows} rows`);
  return {
    rows,
    seconds: (performance.now() - startedMs) / 1_000,
    commandMb: Math.round(commandBytes / MB),
  };
}

/** From the oldest check on, or from the first whole day: no other has a file. */
async function spanOf({ database, total }: World, form: Form, count: number): Promise<Span> {
  const { output, rows, rowsACheck = 1 } = form;
  const isDaily = output === "days";
  const first = isDaily ? "date_trunc('day', min(ts) + interval '1 day', 'UTC')" : "min(ts)";
  const seconds = (count / rowsACheck / total) * DAYS * 86_400;
  const length = isDaily ? Math.max(1, Math.floor(seconds / 86_400) - 1) * 86_400 : seconds;
  const counted =
    rows === undefined
      ? `log_scores where monitor_id <= ${MONITORS} and ts >= begins and ts < ends`
      : `${rows} where at >= begins and at < ends`;
  const { rows: spans } = await database.pool.query<Span>(
    `with span as (select ${first} as begins, ${first} + make_interval(secs => $1) as ends from log_scores)
     select to_char(begins at time zone 'utc', $2) as begins, to_char(ends at time zone 'utc', $2) as ends,
       (select count(*)::int from ${counted}) as rows from span`,
    [length, INSTANT_FORMAT],
  );
  return spans[0] ?? { begins: "", ends: "", rows: 0 };
}

function countLines(chunk: Buffer): number {
  let lines = 0;
  for (let at = chunk.indexOf("\n"); at >= 0; at = chunk.indexOf("\n", at + 1)) lines += 1;
  return lines;
}
