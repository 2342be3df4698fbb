import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "@truechimer/base";
import { sql } from "kysely";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { findPlatformBinaries } from "../src/embedded/platform-binaries.ts";
import { createDatabase, createEmbeddedPostgres, type EmbeddedPostgres } from "../src/index.ts";
import { useChild } from "./_child.ts";

const HOLDER = new URL("./_holder.ts", import.meta.url);
const isLinux = process.platform === "linux";

/** A directory with a space in its name, gone after the test. */
function useDirectory(): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "embedded postgres ")));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const silent = (): void => undefined;

let master = "";
beforeAll(async () => {
  master = realpathSync(mkdtempSync(join(tmpdir(), "embedded postgres ")));
  await (await start(master))[Symbol.asyncDispose]();
});
afterAll(() => rmSync(master, { recursive: true, force: true }));

/** A directory whose database has been made and stopped: a copy costs a tenth of making one. */
function useMadeDatabase(): string {
  const directory = useDirectory();
  execFileSync("cp", ["-a", `${master}/.`, directory]);
  return directory;
}

async function start(preferredDir: string, port = 0): Promise<EmbeddedPostgres> {
  return await createEmbeddedPostgres({ preferredDir, say: silent, port });
}

async function query(url: string, text: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

async function failure(promise: Promise<unknown>): Promise<AppError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(AppError);
  return error as AppError;
}

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

describe("a database in a directory", () => {
  test("keeps its data and its port over restarts", async () => {
    const directory = useDirectory();
    const said: string[] = [];
    const first = await createEmbeddedPostgres({
      preferredDir: directory,
      say: (text) => said.push(text),
    });
    expect(said).toEqual([`making a new PostgreSQL database in ${directory}`]);
    await query(first.url, "create table notes as select 'kept' as text");
    await first[Symbol.asyncDispose]();

    await using second = await createEmbeddedPostgres({
      preferredDir: directory,
      say: (text) => said.push(text),
    });
    expect(await query(second.url, "select text from notes")).toEqual([{ text: "kept" }]);
    expect(second.url).toBe(first.url);
    expect(said).toHaveLength(1);
  });

  test("lets nobody in without its password, which only its owner can read", async () => {
    const directory = useMadeDatabase();
    await using postgres = await start(directory);
    for (const password of ["", "wrong"]) {
      const url = new URL(postgres.url);
      url.password = password;
      await expect(query(url.href, "select 1")).rejects.toThrow(/password|SASL/);
    }
    expect(statSync(join(directory, "credentials.json")).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, "data")).mode & 0o777).toBe(0o700);
    expect(statSync(postgres.logFile).mode & 0o777).toBe(0o600);
    expect(readFileSync(postgres.logFile, "utf8")).not.toContain(new URL(postgres.url).password);
  });

  test("listens on loopback alone", async () => {
    await using postgres = await start(useMadeDatabase());
    expect(await query(postgres.url, "show listen_addresses")).toEqual([
      { listen_addresses: "127.0.0.1" },
    ]);
    expect(await query(postgres.url, "show unix_socket_directories")).toEqual([
      { unix_socket_directories: "" },
    ]);
  });

  test("is started again when it was killed from outside, on the same address", async () => {
    const said: string[] = [];
    await using postgres = await createEmbeddedPostgres({
      preferredDir: useMadeDatabase(),
      say: (text) => said.push(text),
    });
    await query(postgres.url, "create table notes as select 'kept' as text");
    const killed = postgres.pid;
    process.kill(killed, "SIGKILL");
    await expect
      .poll(async () => await query(postgres.url, "select text from notes").catch(String), {
        timeout: 20_000,
      })
      .toEqual([{ text: "kept" }]);
    expect(postgres.pid).not.toBe(killed);
    expect(said[0]).toBe("PostgreSQL ended by itself: starting it again");
  });

  test("is left alone when it does not stay, and says so", async () => {
    const said: string[] = [];
    const postgres = await createEmbeddedPostgres({
      preferredDir: useMadeDatabase(),
      say: (text) => said.push(text),
    });
    for (let kills = 0; kills < 4; kills += 1) {
      const { pid } = postgres;
      process.kill(pid, "SIGKILL");
      if (kills < 3) await expect.poll(() => postgres.pid, { timeout: 20_000 }).not.toBe(pid);
    }
    await postgres.ended;
    expect(said.at(-1)).toMatch(/is not started any more$/);
    await postgres[Symbol.asyncDispose]();
  });

  test("stops while sessions are open", async () => {
    const postgres = await start(useMadeDatabase());
    const client = new pg.Client({ connectionString: postgres.url });
    // One error for the shutdown, one for the connection that it closes.
    const lost = new Promise((resolve) => client.on("error", resolve));
    await client.connect();
    await postgres[Symbol.asyncDispose]();
    await expect(lost).resolves.toBeInstanceOf(Error);
    await client.end();
  });
});

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
    expect(second.url).toBe(first.url);
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

describe("the port", () => {
  async function usePort(port = 0): Promise<number> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    onTestFinished(async () => {
      await new Promise((resolve) => server.close(resolve));
    });
    const address = server.address();
    return typeof address === "object" ? (address?.port ?? 0) : 0;
  }

  test("that was asked for and is taken is an error that names it", async () => {
    const port = await usePort();
    const error = await failure(start(useMadeDatabase(), port));
    expect(error).toMatchObject({
      code: "port_in_use",
      message: expect.stringContaining(`port ${port} of 127.0.0.1`) as string,
    });
  });

  test("of the last run, when it is taken, gives way to another", async () => {
    const directory = useMadeDatabase();
    const first = await start(directory);
    await first[Symbol.asyncDispose]();
    await usePort(first.port);
    await using second = await start(directory);
    expect(second.port).not.toBe(first.port);
    expect(await query(second.url, "select 1 as one")).toEqual([{ one: 1 }]);
  });
});

describe("a directory that cannot be used", () => {
  test("because a file is in the way", async () => {
    const file = join(useDirectory(), "file");
    writeFileSync(file, "");
    const error = await failure(start(join(file, "data")));
    expect(error).toMatchObject({
      code: "directory_unwritable",
      message: expect.stringMatching(
        /cannot be written \(ENOTDIR\): .*choose another data directory/,
      ) as string,
    });
  });

  test("because it may not be written", async () => {
    const error = await failure(start(isLinux ? "/proc/1/truechimer" : "/System/truechimer"));
    expect(error.code).toBe("directory_unwritable");
  });

  test("because another major version made the database in it", async () => {
    const directory = useMadeDatabase();
    await (await start(directory))[Symbol.asyncDispose]();
    writeFileSync(join(directory, "data", "PG_VERSION"), "12\n");
    const error = await failure(start(directory));
    expect(error).toMatchObject({
      code: "database_start_failed",
      message: expect.stringMatching(/was made by PostgreSQL 12, and this is \d+/) as string,
    });
  });

  test("because something else is called data there, which stays as it is", async () => {
    const directory = useDirectory();
    mkdirSync(join(directory, "data"));
    writeFileSync(join(directory, "data", "thesis.txt"), "precious");
    const error = await failure(start(directory));
    expect(error.code).toBe("directory_unwritable");
    expect(readFileSync(join(directory, "data", "thesis.txt"), "utf8")).toBe("precious");
  });

  test("because PostgreSQL refuses its own settings: the reason and the log are named", async () => {
    const directory = useMadeDatabase();
    const error = await failure(
      createEmbeddedPostgres({
        preferredDir: directory,
        say: silent,
        settings: { shared_buffers: "many" },
      }),
    );
    expect(error).toMatchObject({
      code: "database_start_failed",
      message: expect.stringMatching(
        /invalid value for parameter "shared_buffers".*postgres\.log/,
      ) as string,
    });
    // And it holds nothing back from the next try.
    await (await start(directory))[Symbol.asyncDispose]();
  });
});

describe("the password's file", () => {
  test("when it is lost, is made anew, and the data stay", async () => {
    const directory = useMadeDatabase();
    const first = await start(directory);
    await query(first.url, "create table notes as select 'kept' as text");
    await first[Symbol.asyncDispose]();
    rmSync(join(directory, "credentials.json"));
    const said: string[] = [];
    await using second = await createEmbeddedPostgres({
      preferredDir: directory,
      say: (text) => said.push(text),
    });
    expect(said[0]).toMatch(/^setting a new password/);
    expect(await query(second.url, "select text from notes")).toEqual([{ text: "kept" }]);
    const withOldPassword = new URL(second.url);
    withOldPassword.password = new URL(first.url).password;
    await expect(query(withOldPassword.href, "select 1")).rejects.toThrow(/password/);
  });

  test("when it is garbage, is an error that says what to do", async () => {
    const directory = useDirectory();
    writeFileSync(join(directory, "credentials.json"), "{");
    const error = await failure(start(directory));
    expect(error).toMatchObject({
      code: "database_start_failed",
      message: expect.stringMatching(/does not hold the database's password: remove it/) as string,
    });
  });
});

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

describe("a platform without a prebuilt PostgreSQL", () => {
  test("is told to bring its own", () => {
    let error: unknown;
    try {
      findPlatformBinaries("sunos", "x64");
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({
      code: "database_platform_unsupported",
      message: expect.stringMatching(
        /no prebuilt PostgreSQL for sunos-x64: .* set DATABASE_URL=/,
      ) as string,
    });
  });
});
