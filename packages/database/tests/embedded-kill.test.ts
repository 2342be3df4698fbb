import { execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createEmbeddedPostgres } from "../src/index.ts";
import { useChild } from "./_child.ts";
import { failure, query, start, useDirectory, useMadeDatabases } from "./_embedded.ts";

const HOLDER = new URL("./_holder.ts", import.meta.url);
const isLinux = process.platform === "linux";
const useMadeDatabase = useMadeDatabases();

describe("a second program on the same directory", () => {
  test("is refused, and told who has it", async () => {
    const directory = useMadeDatabase();
    await using postgres = await start(directory);
    const error = await failure(start(directory));
    expect(error).toMatchObject({
      code: "directory_in_use",
      message: expect.stringMatching(
        new RegExp(`is in use by process ${process.pid} since`),
      ) as string,
    });
    const other = useChild(HOLDER, [directory]);
    expect(await other.line((line) => line.startsWith("{"))).toContain('"directory_in_use"');
    await other.exited;
    expect(await query(postgres.url, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  test("comes in as soon as the first is gone", async () => {
    const directory = useMadeDatabase();
    const first = await start(directory);
    await first[Symbol.asyncDispose]();
    const second = await start(directory);
    expect(second.dataDir).toBe(first.dataDir);
    await second[Symbol.asyncDispose]();
  });
});

describe.runIf(isLinux)("after kill -9", () => {
  test("of the program, PostgreSQL ends by itself and nothing is lost", async () => {
    const directory = useMadeDatabase();
    const holder = await useHolder(directory);
    await query(holder.url, "insert into notes values ('committed')");
    holder.child.process.kill("SIGKILL");
    await expect.poll(() => clusterProcesses(directory), { timeout: 10_000 }).toEqual([]);
    expect(existsSync(join(directory, "data", "postmaster.pid"))).toBe(false);
    await using postgres = await start(directory);
    expect(await query(postgres.url, "select text from notes")).toEqual([{ text: "committed" }]);
  });

  test("of everything at once, the next start recovers", async () => {
    const directory = useMadeDatabase();
    const holder = await useHolder(directory);
    await query(holder.url, "insert into notes values ('committed')");
    for (const pid of [...watcherProcesses(directory), ...clusterProcesses(directory)]) {
      process.kill(pid, "SIGKILL");
    }
    holder.child.process.kill("SIGKILL");
    await holder.child.exited;
    expect(existsSync(join(directory, "data", "postmaster.pid"))).toBe(true);
    await using postgres = await start(directory);
    expect(await query(postgres.url, "select text from notes")).toEqual([{ text: "committed" }]);
  });

  test("of the program and its watcher, the next start stops the orphan first", async () => {
    const directory = useMadeDatabase();
    const holder = await useHolder(directory);
    const watchers = watcherProcesses(directory);
    expect(watchers).toHaveLength(1);
    for (const pid of watchers) process.kill(pid, "SIGKILL");
    holder.child.process.kill("SIGKILL");
    await holder.child.exited;
    expect(clusterProcesses(directory)).toContain(holder.pid);
    const said: string[] = [];
    await using postgres = await createEmbeddedPostgres({
      preferredDir: directory,
      say: (text) => said.push(text),
    });
    expect(said).toEqual([
      `stopping a PostgreSQL that a killed program left running in ${join(directory, "data")}`,
    ]);
    expect(clusterProcesses(directory)).not.toContain(holder.pid);
    expect(await query(postgres.url, "select text from notes")).toEqual([]);
  });

  test("a stranger's process that works in the directory is left alone", async () => {
    const directory = useMadeDatabase();
    const stranger = spawn(process.execPath, ["-e", "process.stdin.resume()"], {
      cwd: join(directory, "data"),
      stdio: ["pipe", "ignore", "ignore"],
    });
    const ended = new Promise<unknown>((resolve) => {
      stranger.once("exit", (code, signal) => resolve(signal ?? code));
    });
    await expect.poll(() => clusterProcesses(directory)).toEqual([stranger.pid]);
    const said: string[] = [];
    const postgres = await createEmbeddedPostgres({
      preferredDir: directory,
      say: (text) => said.push(text),
    });
    await postgres[Symbol.asyncDispose]();
    expect(said).toEqual([]);
    stranger.stdin.end();
    expect(await ended).toBe(0);
  });

  test("a pid file that names a stranger's process is no obstacle", async () => {
    const directory = useMadeDatabase();
    await (await start(directory))[Symbol.asyncDispose]();
    const pidFile = join(directory, "data", "postmaster.pid");
    writeFileSync(
      pidFile,
      `${process.ppid}\n${join(directory, "data")}\n1\n5432\n\n127.0.0.1\n\nready\n`,
    );
    await using postgres = await start(directory);
    expect(postgres.pid).not.toBe(process.ppid);
  });

  test("in the middle of making the database, the next start makes it", async () => {
    const directory = useDirectory();
    mkdirSync(join(directory, "data.new", "data"), { recursive: true });
    writeFileSync(join(directory, "data.new", "data", "PG_VERSION"), "18\n");
    await using postgres = await start(directory);
    expect(await query(postgres.url, "select 1 as one")).toEqual([{ one: 1 }]);
    expect(existsSync(join(directory, "data.new"))).toBe(false);
  });
});

test("a signal to the whole process group leaves the program time for its last words", async () => {
  const directory = useMadeDatabase();
  const holder = await useHolder(directory);
  const session = Number(
    execFileSync("ps", ["-o", "sess=", "-p", String(holder.pid)], { encoding: "utf8" }),
  );
  // PostgreSQL leads a session of its own, so no signal to the program's group reaches it.
  expect(session).toBe(holder.pid);
  holder.child.process.kill("SIGTERM");
  expect(await holder.child.exited).toBe(0);
  await using postgres = await start(directory);
  expect(await query(postgres.url, "select text from notes")).toEqual([{ text: "last words" }]);
});

interface Holder {
  readonly child: ReturnType<typeof useChild>;
  readonly pid: number;
  readonly url: string;
}

async function useHolder(directory: string): Promise<Holder> {
  const child = useChild(HOLDER, [directory]);
  const line = await child.line((text) => text.startsWith("{"));
  return { child, ...(JSON.parse(line) as { pid: number; url: string }) };
}

/** Every process of the cluster in `directory`. */
function clusterProcesses(directory: string): readonly number[] {
  const dataDir = join(directory, "data");
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readlinkSync(`/proc/${name}/cwd`) === dataDir;
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** The shell that waits for our end: by its command line, which names the cluster. */
function watcherProcesses(directory: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const line = readFileSync(`/proc/${name}/cmdline`, "utf8");
        return line.startsWith("/bin/sh") && line.includes(join(directory, "data"));
      } catch {
        return false;
      }
    })
    .map(Number);
}
