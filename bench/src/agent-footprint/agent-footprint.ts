// What the agent's bundle costs its host, measured from outside while it works: 5,000 servers, each checked every
// minute, and 5,000 checks in flight at once.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processUsage } from "../process-usage.ts";
import { isWanted, type ResultRow, type Scenario, type ScenarioOptions } from "../scenario.ts";
import { startStubControlPlane } from "./stub-control-plane.ts";
import { startTimeServers } from "./time-servers.ts";

interface Condition {
  readonly name: string;
  readonly silent: boolean;
  readonly residentMbMax: number;
  readonly cpuShareMax: number | undefined;
  readonly warmUpMs: number;
  readonly measuredMs: number;
}

interface FootprintRow extends ResultRow {
  readonly condition: string;
  readonly servers: number;
  /** The most of all looks, one a second. */
  readonly residentMbMax: number;
  readonly anonymousMbMax: number;
  /** Of one core. */
  readonly cpuShare: number;
  readonly resultsPerSecond: number;
  readonly failures: number;
}

const SERVERS = 5_000;
const INTERVAL_MS = 60_000;
const LOOK_MS = 1_000;
/** The budget counts in millions of bytes. */
const MB = 1_000_000;
const ROOT = join(import.meta.dirname, "..", "..", "..");

const CONDITIONS: readonly Condition[] = [
  {
    name: "every minute",
    silent: false,
    residentMbMax: 80,
    cpuShareMax: 0.05,
    warmUpMs: 75_000,
    measuredMs: 60_000,
  },
  {
    name: "in flight at once",
    silent: true,
    residentMbMax: 90,
    cpuShareMax: undefined,
    warmUpMs: 0,
    measuredMs: 90_000,
  },
];

export const agentFootprint: Scenario = {
  name: "agent-footprint",
  summary: "memory and processor of the agent's bundle at 5,000 servers, measured from outside",
  parts: () => ({ condition: CONDITIONS.map(optionOf) }),
  run,
  report,
};

async function run(options: ScenarioOptions): Promise<readonly FootprintRow[]> {
  const directory = await mkdtemp(join(tmpdir(), "truechimer-footprint-"));
  try {
    const bundle = join(directory, "bundle");
    const built = spawnSync(
      process.execPath,
      ["--conditions=source", join(ROOT, "tools", "bundle", "main.ts"), "--out", bundle],
      { stdio: ["ignore", "ignore", "inherit"] },
    );
    if (built.status !== 0) throw new Error("the bundle could not be made");
    const rows: FootprintRow[] = [];
    for (const condition of CONDITIONS) {
      if (!isWanted(options.condition, optionOf(condition))) continue;
      rows.push(await measure(condition, { directory, bundle, options }));
    }
    return rows;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

interface Setup {
  readonly directory: string;
  readonly bundle: string;
  readonly options: ScenarioOptions;
}

async function measure(condition: Condition, setup: Setup): Promise<FootprintRow> {
  const { name, silent } = condition;
  const { log, quick } = setup.options;
  const count = quick ? 500 : SERVERS;
  const divisor = quick ? 5 : 1;
  using servers = await startTimeServers({ count, silent });
  await using plane = await startStubControlPlane({
    ports: servers.ports,
    intervalMs: INTERVAL_MS / divisor,
    atOnce: silent,
  });
  await using agent = await startAgent(plane.url, setup);
  log(`${name}: warming up`);
  await passed(condition.warmUpMs / divisor);
  const before = { ...processUsage(agent.pid), results: plane.results, atMs: performance.now() };
  let residentBytes = 0;
  let anonymousBytes = 0;
  for (let look = 0; look < condition.measuredMs / divisor / LOOK_MS; look += 1) {
    await passed(LOOK_MS);
    const usage = processUsage(agent.pid);
    residentBytes = Math.max(residentBytes, usage.residentBytes);
    anonymousBytes = Math.max(anonymousBytes, usage.anonymousBytes);
    if (look % 10 === 0) log(`  ${mb(usage.residentBytes)} MB, ${plane.results} results`);
  }
  const elapsedMs = performance.now() - before.atMs;
  return {
    key: name,
    measuredOn: new Date().toISOString().slice(0, 10),
    condition: name,
    servers: count,
    residentMbMax: mb(residentBytes),
    anonymousMbMax: mb(anonymousBytes),
    cpuShare: (processUsage(agent.pid).cpuMs - before.cpuMs) / elapsedMs,
    resultsPerSecond: ((plane.results - before.results) * 1_000) / elapsedMs,
    failures: plane.results - plane.successes,
  };
}

interface RunningAgent extends AsyncDisposable {
  readonly pid: number;
}

/** By its own launcher, as it is installed. */
async function startAgent(url: string, { directory, bundle }: Setup): Promise<RunningAgent> {
  const tokenFile = join(directory, "token");
  await writeFile(tokenFile, "tcm_footprint\n", { mode: 0o600 });
  const child = spawn(
    join(bundle, "truechimer-agent"),
    [
      "run",
      "--allow-private-targets",
      `--server=${url}`,
      "--address=127.0.0.1",
      `--token-file=${tokenFile}`,
    ],
    {
      stdio: ["ignore", "ignore", "inherit"],
      env: { TRUECHIMER_NODE: process.execPath, ...process.env },
    },
  );
  const exited = once(child, "exit");
  if (child.pid === undefined) throw new Error("the agent could not be started");
  return {
    pid: child.pid,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

function passed(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

function mb(bytes: number): number {
  return Math.round((bytes / MB) * 10) / 10;
}

function optionOf({ name }: Condition): string {
  return name.replaceAll(" ", "-");
}

function report(rows: readonly ResultRow[]): string {
  const lines = (rows as readonly FootprintRow[]).map((row) => {
    const limits = CONDITIONS.find(({ name }) => name === row.condition);
    const cpuMax = limits?.cpuShareMax === undefined ? "" : ` (≤ ${limits.cpuShareMax * 100})`;
    return `| ${row.condition} | ${row.servers} | ${row.residentMbMax} (≤ ${limits?.residentMbMax}) | ${row.anonymousMbMax} | ${(row.cpuShare * 100).toFixed(1)}${cpuMax} | ${row.resultsPerSecond.toFixed(1)} | ${row.measuredOn} |`;
  });
  return `Resident memory is the most of one look a second, in MB of 10^6 bytes, with those pages of Node's own program
file that are mapped at that moment; the agent gives back those that only its start needed (ADR 12). Processor time is the agent's, of all its threads. "every minute" is the minute after a warm-up; "in flight at once" hands out 5,000
silent servers together, each check of which lasts 13 s.

| condition | servers | resident MB (limit) | of it its own | % of a core (limit) | results/s | measured |
| --- | --- | --- | --- | --- | --- | --- |
${lines.join("\n")}
`;
}
