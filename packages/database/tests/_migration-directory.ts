// Directories of migrations, made up for a test.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** File name → SQL after the header line. The directory goes when the test has finished. */
export function useMigrationDirectory(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), "migrations "));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  writeMigrations(directory, files);
  return directory;
}

export function writeMigrations(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [name, sql] of Object.entries(files)) {
    writeFileSync(join(directory, name), `-- expand\n${sql}\n`);
  }
}
