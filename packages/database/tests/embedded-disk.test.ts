import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { sql } from "kysely";
import { describe, expect, onTestFinished, test } from "vitest";
import { createDatabase } from "../src/index.ts";
import { failure, query, start, useDirectory } from "./_embedded.ts";

describe("a full disk", () => {
  /** A file system of its own, as small as that. Undefined where we may not mount one. */
  function useSmallDisk(size: string): string | undefined {
    const directory = useDirectory();
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size},mode=755`, "tmpfs", directory], {
        stdio: "ignore",
      });
    } catch {
      process.stderr.write("SKIPPED: the tests of a full disk need the right to mount a tmpfs\n");
      return undefined;
    }
    onTestFinished(() => {
      execFileSync("umount", ["-l", directory]);
    });
    return directory;
  }

  test("is found before a database is made", async ({ skip }) => {
    const disk = useSmallDisk("16m");
    if (disk === undefined) return skip();
    const error = await failure(start(join(disk, "db")));
    expect(error).toMatchObject({
      code: "disk_full",
      message: expect.stringContaining(join(disk, "db")) as string,
    });
  });

  test("keeps a database from starting, and nothing is lost", async ({ skip }) => {
    const disk = useSmallDisk("160m");
    if (disk === undefined) return skip();
    const directory = join(disk, "db");
    const first = await start(directory);
    await query(first.url, "create table notes as select 'kept' as text");
    await first[Symbol.asyncDispose]();
    const ballast = join(disk, "ballast");
    fill(ballast);
    expect((await failure(start(directory))).code).toBe("disk_full");
    rmSync(ballast);
    await using second = await start(directory);
    expect(await query(second.url, "select text from notes")).toEqual([{ text: "kept" }]);
  });

  test("while running is a coded error, and work goes on when there is space again", async ({
    skip,
  }) => {
    const disk = useSmallDisk("160m");
    if (disk === undefined) return skip();
    await using postgres = await start(join(disk, "db"));
    await using database = await createDatabase({ url: postgres.url, applicationName: "test" });
    await database.pool.query("create table notes as select 'kept' as text");
    const ballast = join(disk, "ballast");
    fill(ballast);
    const error = await failure(
      sql`insert into notes select repeat(md5(n::text), 50) from generate_series(1, 100000) n`.execute(
        database.kysely,
      ),
    );
    expect(error.code).toBe("disk_full");
    expect(await query(postgres.url, "select text from notes")).toEqual([{ text: "kept" }]);
    rmSync(ballast);
    await query(postgres.url, "insert into notes values ('more')");
  });

  function fill(file: string): void {
    try {
      execFileSync("dd", ["if=/dev/zero", `of=${file}`, "bs=64k"], { stdio: "ignore" });
    } catch {
      // Ends when the disk is full.
    }
  }
});
