// Directories with an embedded PostgreSQL, and what the tests ask of one.

import { execFileSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "@truechimer/base";
import pg from "pg";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import { createEmbeddedPostgres, type EmbeddedPostgres } from "../src/index.ts";

export const silent = (): void => undefined;

/** With a space in its name, gone after the test. */
export function useDirectory(): string {
  const directory = makeDirectory();
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/**
 * Gives directories whose database has been made and stopped: copies of one that is made for the test file, because a
 * copy costs a tenth of making one.
 */
export function useMadeDatabases(): () => string {
  let master = "";
  beforeAll(async () => {
    master = makeDirectory();
    await (await start(master))[Symbol.asyncDispose]();
  });
  afterAll(() => rmSync(master, { recursive: true, force: true }));
  return () => {
    const directory = useDirectory();
    execFileSync("cp", ["-a", `${master}/.`, directory]);
    return directory;
  };
}

/** Whoever makes it removes it. */
export function makeDirectory(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), "embedded postgres ")));
}

export async function start(preferredDir: string, port = 0): Promise<EmbeddedPostgres> {
  return await createEmbeddedPostgres({ preferredDir, say: silent, port });
}

export async function query(url: string, text: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

/** The coded error that it fails with. */
export async function failure(promise: Promise<unknown>): Promise<AppError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(AppError);
  return error as AppError;
}
