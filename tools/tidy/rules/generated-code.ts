// The generated messages are what the contract in proto/ gives today, and the contract itself passes buf's rules.

import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import type { Repository } from "../repository.ts";
import type { Finding, Rule } from "../rule.ts";

const GENERATED = "packages/api/src/gen";

export const generatedCode: Rule = { name: "generated-code", findings: compareGenerated };

async function compareGenerated(repository: Repository): Promise<readonly Finding[]> {
  const { root } = repository;
  if (root === undefined) return [];
  const folder = await mkdtemp(join(tmpdir(), "truechimer-proto-"));
  try {
    await runBuf(root, ["lint"]);
    await runBuf(root, ["generate", "--output", folder]);
    return await compareFolders(repository, join(folder, GENERATED));
  } catch (error) {
    return [{ path: "proto", text: error instanceof Error ? error.message : String(error) }];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runBuf(root: string, args: readonly string[]): Promise<void> {
  const bin = join(root, "node_modules", ".bin");
  const path = `${bin}${delimiter}${process.env["PATH"] ?? ""}`;
  const buf = join(root, "node_modules", "@bufbuild", "buf", "bin", "buf");
  await promisify(execFile)(process.execPath, [buf, ...args], {
    cwd: root,
    env: { ...process.env, PATH: path },
  });
}

async function compareFolders(repository: Repository, fresh: string): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const entries = await readdir(fresh, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((one) => one.isFile())) {
    const file = join(entry.parentPath, entry.name);
    const path = `${GENERATED}${file.slice(fresh.length)}`;
    if (repository.files.get(path) === (await readFile(file, "utf8"))) continue;
    findings.push({
      path,
      text: "is not what proto/ gives: run `npx buf generate` and commit the result",
    });
  }
  return findings;
}
