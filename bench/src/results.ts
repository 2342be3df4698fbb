// Results on disk: one JSON file a scenario, its rows replaced one by one as they are measured again, and the same as
// Markdown for people. Both are kept in git.

import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import type { ResultRow, Scenario } from "./scenario.ts";

const DIRECTORY = join(import.meta.dirname, "..", "results");
const BYTES_PER_GIB = 2 ** 30;

interface ResultFile {
  readonly scenario: string;
  readonly host: string;
  readonly rows: readonly ResultRow[];
}

/** Puts the new rows among the old ones and writes both files. Returns the report over all of them. */
export async function saveResults(scenario: Scenario, rows: readonly ResultRow[]): Promise<string> {
  const old = await readRows(scenario);
  const fresh = new Set(rows.map(({ key }) => key));
  const all = [...old.filter(({ key }) => !fresh.has(key)), ...rows].toSorted((a, b) =>
    a.key.localeCompare(b.key),
  );
  const file: ResultFile = { scenario: scenario.name, host: hostText(), rows: all };
  const report = scenario.report(all);
  await mkdir(DIRECTORY, { recursive: true });
  await replaceFile(fileOf(scenario, "json"), `${JSON.stringify(file, null, 2)}\n`);
  await replaceFile(
    fileOf(scenario, "md"),
    `# ${scenario.name}\n\n${scenario.summary}\n\nMeasured on: ${file.host}.\n\n${report}`,
  );
  return report;
}

async function readRows(scenario: Scenario): Promise<readonly ResultRow[]> {
  try {
    const file = JSON.parse(await readFile(fileOf(scenario, "json"), "utf8")) as ResultFile;
    return file.rows;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function fileOf(scenario: Scenario, extension: string): string {
  return join(DIRECTORY, `${scenario.name}.${extension}`);
}

async function replaceFile(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

function hostText(): string {
  const cores = cpus();
  const memory = Math.round(totalmem() / BYTES_PER_GIB);
  const system = `${process.platform} ${release()}`;
  return `${cores.length} × ${cores[0]?.model ?? "unknown"}, ${memory} GiB, ${system}, Node ${process.version}`;
}
