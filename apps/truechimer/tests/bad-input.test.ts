// What a person gets wrong when starting it: a message that names the thing and the remedy, at once, and nothing lost.

import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CommandOutcome } from "./_run-words.ts";
import { command, createDataHome, type DataHome } from "./_up-program.ts";

const execute = promisify(execFile);

let home: DataHome;
beforeAll(async () => {
  home = await createDataHome();
});
afterAll(() => home[Symbol.asyncDispose]());

interface Disk extends AsyncDisposable {
  readonly path: string;
}

/** A file system of one page more than it needs. */
async function fullDisk(): Promise<Disk> {
  const path = await mkdtemp(join(tmpdir(), "truechimer-full-"));
  const release = async (): Promise<void> => {
    await execute("umount", [path]).catch(() => undefined);
    await rm(path, { recursive: true });
  };
  try {
    await execute("mount", ["-t", "tmpfs", "-o", "size=64k,mode=711", "tmpfs", path]);
    await writeFile(join(path, "fill"), Buffer.alloc(1_048_576)).catch(() => undefined);
    return { path, [Symbol.asyncDispose]: release };
  } catch (error) {
    await release();
    throw error;
  }
}

async function canMountTmpfs(): Promise<boolean> {
  try {
    await (await fullDisk())[Symbol.asyncDispose]();
    return true;
  } catch {
    return false;
  }
}

interface Failure {
  readonly code: string;
  readonly message: string;
}

function failureOf({ err }: CommandOutcome): Failure {
  return (JSON.parse(err) as { error: Failure }).error;
}

describe("`up` that cannot start", () => {
  test("a chosen port that is taken is named, before anything else is started", async () => {
    await using holder = createServer();
    holder.listen(0, "127.0.0.1");
    await once(holder, "listening");
    const { port } = holder.address() as AddressInfo;
    const outcome = await command(home, ["up", "--port", String(port)]);
    expect(outcome.code).toBe(1);
    expect(failureOf(outcome)).toMatchObject({ code: "port_in_use" });
    expect(failureOf(outcome).message).toContain(`port ${port} of 127.0.0.1 is taken`);
  });

  test("an address that is not this host's is named", async () => {
    const outcome = await command(home, ["up", "--host", "192.0.2.1"]);
    expect(failureOf(outcome).message).toContain("192.0.2.1 port 8123 cannot be listened on");
    expect(outcome.code).toBe(2);
  });

  test("a directory that cannot be written is named", async () => {
    const file = `${home.path}-file`;
    await writeFile(file, "");
    const outcome = await command(home, ["up", "--data-dir", `${file}/data`]);
    expect(failureOf(outcome)).toMatchObject({ code: "directory_unwritable" });
    expect(failureOf(outcome).message).toContain(`${file}/data`);
    expect(outcome.code).toBe(1);
  });

  test("a database that does not answer is named, without its password", async () => {
    const url = "postgres://someone:verysecret@127.0.0.1:1/truechimer";
    const outcome = await command(home, ["up", "--port", "0"], { env: { DATABASE_URL: url } });
    expect(failureOf(outcome)).toMatchObject({ code: "database_unreachable" });
    expect(failureOf(outcome).message).toContain("127.0.0.1:1/truechimer");
    expect(outcome.out + outcome.err).not.toContain("verysecret");
  });
});

describe.skipIf(!(await canMountTmpfs()))("a full disk", () => {
  test("is named, and nothing is started on it", async () => {
    await using disk = await fullDisk();
    const outcome = await command(home, ["up", "--data-dir", join(disk.path, "data")]);
    expect(failureOf(outcome)).toMatchObject({ code: "disk_full" });
    expect(failureOf(outcome).message).toContain(disk.path);
    expect(outcome.code).toBe(1);
  });
});

describe("a command with a control plane that is not there", () => {
  test("nothing listens", async () => {
    const key = `${home.path}-key`;
    await writeFile(key, "tca_nothing", { mode: 0o600 });
    const args = ["servers", "--url", "http://127.0.0.1:1", "--key-file", key];
    const outcome = await command(home, args);
    expect(failureOf(outcome)).toMatchObject({ code: "peer_unreachable" });
    expect(outcome.code).toBe(3);
  });

  test("an address without a key", async () => {
    const outcome = await command(home, ["servers", "--url", "http://127.0.0.1:1"]);
    expect(failureOf(outcome).message).toContain("--key-file");
    expect(outcome.code).toBe(2);
  });
});

test("the database's commands say how to name a database", async () => {
  const outcome = await command(home, ["db", "status"]);
  expect(failureOf(outcome).message).toContain("DATABASE_URL");
  expect(outcome.code).toBe(2);
});
