// Everything in one file while it runs, destroyed, and back: a restored installation answers as the old one did, and goes on.

import { once } from "node:events";
import { appendFile, copyFile, open, readdir, stat, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { connect } from "node:tls";
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { signInV1 } from "@truechimer/api";
import { createDatabase, reachEmbeddedPostgres } from "@truechimer/database";
import { useDatabase, withTemplateDatabase } from "@truechimer/testing-postgres";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { readAdminAddress } from "../src/data-directory.ts";
import type { CommandOutcome } from "./_run-words.ts";
import {
  type CommandOptions,
  command,
  createDataHome,
  type DataHome,
  startUp,
  type UpProgram,
} from "./_up-program.ts";

// Each step takes seconds; the limits are for a host that is busy with other tests.
const LIMIT_MS = 120_000;
vi.setConfig({ testTimeout: LIMIT_MS, hookTimeout: LIMIT_MS });

const PASSWORD = "correct horse battery staple";
const ownDatabase = await useDatabase({ migrated: false });

let home: DataHome;
let target: DataHome;
let file: string;
let before: Facts;
let madeLines: readonly Record<string, unknown>[];

beforeAll(async () => {
  home = await createDataHome();
  target = await createDataHome();
  const directory = dirname(home.path);
  file = join(directory, "full.tar.zst");
  await using up = await startUp(home);
  const { url } = one(await good(home, ["users", "invite", "ada@example.net"]));
  const door = await signInClient(home);
  await door.useLink({ secret: String(url).split("#")[1] ?? "", password: PASSWORD });
  await scoredSince(up, new Date(), 5);
  before = await factsOf(home);
  const options = ["--with-master-key", "--config", home.configFile];
  madeLines = (await good(home, ["backup", file, ...options])).json();
});

afterAll(async () => {
  await home[Symbol.asyncDispose]();
  await target[Symbol.asyncDispose]();
});

async function good(
  of: DataHome,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandOutcome> {
  const outcome = await command(of, args, options);
  expect(outcome.err).toBe("");
  expect(outcome.code).toBe(0);
  return outcome;
}

function one(outcome: CommandOutcome): Record<string, unknown> {
  return outcome.json()[0] ?? {};
}

async function signInClient(of: DataHome): Promise<Client<typeof signInV1.SignInService>> {
  const baseUrl = (await readAdminAddress(of.path))?.url ?? "";
  const transport = createConnectTransport({
    baseUrl,
    httpVersion: "1.1",
    interceptors: [
      (next) => (request) => {
        request.header.set("Origin", baseUrl);
        return next(request);
      },
    ],
  });
  return createClient(signInV1.SignInService, transport);
}

/** Resolves when each of so many servers has a score of a result after that instant. */
async function scoredSince(up: UpProgram, since: Date, count: number): Promise<void> {
  const scored = async (): Promise<number> => {
    const { servers } = await up.admin.listServers({});
    const scoreTimes = servers.map(({ scoreAt }) => Number(scoreAt?.seconds ?? 0n) * 1_000);
    return scoreTimes.filter((at) => at > since.getTime()).length;
  };
  await vi.waitFor(async () => expect(await scored()).toBeGreaterThanOrEqual(count), {
    timeout: LIMIT_MS,
    interval: 200,
  });
}

/** What an installation says of itself. */
interface Facts {
  readonly servers: readonly unknown[];
  readonly users: readonly unknown[];
  readonly accounts: readonly unknown[];
  readonly authorities: readonly unknown[];
  readonly audit: readonly unknown[];
  readonly results: readonly string[];
}

async function factsOf(of: DataHome): Promise<Facts> {
  const rows = async (...args: string[]): Promise<readonly Record<string, unknown>[]> =>
    (await good(of, args)).json();
  const kept = ({ id, name, address, port, added_at }: Record<string, unknown>): unknown => ({
    id,
    name,
    address,
    port,
    added_at,
  });
  const results = await good(of, ["results", "--format", "ndjson"]);
  return {
    servers: (await rows("servers")).map(kept),
    users: (await rows("users")).map(({ signed_in_at: _at, sessions: _ended, ...user }) => user),
    accounts: await rows("accounts"),
    authorities: await authoritiesOf(of),
    audit: await rows("audit", "list"),
    results: results.out.trim().split("\n"),
  };
}

async function rootPemOf(of: DataHome): Promise<string> {
  const rows = await askDatabase(
    of,
    "select encode(certificate, 'base64') as der from certificate_authorities where tier = 'root'",
  );
  return `-----BEGIN CERTIFICATE-----\n${String(rows[0]?.["der"])}\n-----END CERTIFICATE-----\n`;
}

async function authoritiesOf(of: DataHome): Promise<readonly unknown[]> {
  return await askDatabase(
    of,
    "select tier, encode(fingerprint, 'hex') as fingerprint from certificate_authorities order by id",
  );
}

/** The database of a program that runs. */
async function askDatabase(
  of: DataHome,
  text: string,
): Promise<readonly Record<string, unknown>[]> {
  await using reached = await reachEmbeddedPostgres({
    preferredDir: join(of.path, "postgres"),
    say: () => undefined,
  });
  expect(reached.isStarted).toBe(false);
  await using database = await createDatabase({ url: reached.url, applicationName: "test" });
  const { rows } = await database.pool.query<Record<string, unknown>>(text);
  return rows;
}

test("the file is its owner's alone, any tar opens it, and the key's place is said", async () => {
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(madeLines.find(({ event }) => event === "master key")).toMatchObject({
    in_backup: true,
    text: expect.stringContaining(`it is IN ${file}`),
  });
  expect(await readdir(dirname(file))).not.toContain("full.tar.zst.partial");
  const checked = await good(home, ["restore", file, "--check"]);
  expect(one(checked)).toMatchObject({ event: "backup", rows: expect.any(Number) });
});

test("a backup is never overwritten, and one without a place is refused", async () => {
  const again = await command(home, ["backup", file]);
  expect(again.code).toBe(1);
  expect(again.err).toContain(`${file} is there already`);
  const lost = await command(home, ["backup", join(dirname(file), "no", "such", "place.tar.zst")]);
  expect(lost.err).toContain("directory_unwritable");
});

describe("destroyed and restored into an empty directory", () => {
  let restored: UpProgram;
  let after: Facts;
  let toldAtLast: unknown;
  beforeAll(async () => {
    await appendFile(target.configFile, '\n[listen]\ntls = "own"\n');
    toldAtLast = (await good(target, ["restore", file])).json().at(-1);
    restored = await startUp(target);
    after = await factsOf(target);
  });
  afterAll(() => restored[Symbol.asyncDispose]());

  test("it answers the same", () => {
    expect(toldAtLast).toMatchObject({ event: "restored", data_dir: target.path });
    const { audit, results, ...same } = after;
    const { audit: auditBefore, results: resultsBefore, ...sameBefore } = before;
    expect(same).toEqual(sameBefore);
    expect(before.servers.length).toBeGreaterThan(5);
    expect(before.authorities).toHaveLength(2);
    // Newest first: what was done since is before it.
    expect(audit.slice(-auditBefore.length)).toEqual(auditBefore);
    expect(audit[0]).toMatchObject({ act: "backup_restored" });
    const found = new Set(results);
    expect(resultsBefore.length).toBeGreaterThan(20);
    expect(resultsBefore.filter((line) => !found.has(line))).toEqual([]);
  });

  test("the audit trail is whole, up to the end that was kept outside", async () => {
    const report = one(await good(target, ["audit", "verify"]));
    expect(report).toMatchObject({ whole: true, problems: [] });
    expect(BigInt(String(report["vouched_for"]))).toBeGreaterThan(0n);
  });

  test("people sign in with their passwords, and old sessions and keys of the process are gone", async () => {
    const door = await signInClient(target);
    await door.signIn({ name: "ada@example.net", password: PASSWORD, code: "" });
    const sessions = (await good(target, ["users", "sessions", "ada@example.net"])).json();
    expect(sessions).toHaveLength(1);
  });

  test("its authority issues: the dashboard is served by TLS under the old root", async () => {
    expect(new URL(restored.dashboardUrl).protocol).toBe("https:");
    const socket = connect({
      host: "127.0.0.1",
      port: Number(new URL(restored.dashboardUrl).port),
      ca: await rootPemOf(target),
    });
    await once(socket, "secureConnect");
    expect(socket.authorized).toBe(true);
    socket.destroy();
  });

  test("scores go on", async () => {
    await scoredSince(restored, new Date(), 5);
    const { scorerShards, serversSetAside } = await restored.admin.getSystem({});
    expect(serversSetAside).toBe(0);
    expect(scorerShards.every(({ replicaId }) => replicaId !== "")).toBe(true);
  });

  test("the doctor finds nothing wrong with it", async () => {
    const { code, json } = await command(target, ["doctor", "--json"]);
    const found = json();
    expect(found.filter(({ health }) => health !== "ok").map(({ check }) => check)).toEqual([
      "clock",
    ]);
    expect(code).toBe(0);
    expect(found.map(({ check }) => check)).toContain("loops");
  });

  test("a directory that is in use is refused", async () => {
    const outcome = await command(target, ["restore", file]);
    expect(outcome.code).toBe(1);
    expect(outcome.err).toContain("restore_target_not_empty");
    expect(outcome.err).toContain(`data directory ${target.path} is in use already`);
  });
});

describe("a PostgreSQL of one's own", () => {
  const env = { DATABASE_URL: ownDatabase.url };

  test("is restored into once, and backed up in turn", async () => {
    const restored = await good(home, ["restore", file], { env });
    expect(restored.json().at(-1)?.["text"]).toContain("none is written");
    const again = await command(home, ["restore", file], { env });
    expect(again.err).toContain("restore_target_not_empty");
    const second = join(dirname(file), "second.tar.zst");
    await good(home, ["backup", second], { env });
    const { out } = await good(home, ["restore", second, "--check"]);
    expect(out).toContain("is whole");
    const { rows } = await ownDatabase.pool.query<{ value: unknown }>(
      "select value from system_settings where key = 'last_backup'",
    );
    expect(rows[0]?.value).toMatchObject({ file: second, withMasterKey: false });
  });
});

describe("a backup that is not whole is refused, and nothing is written", () => {
  async function refusal(of: string): Promise<string> {
    await withTemplateDatabase(
      async (database) => {
        const outcome = await command(home, ["restore", of], {
          env: { DATABASE_URL: database.url },
        });
        expect(outcome.code).toBe(1);
        lastError = outcome.err;
        const { rows } = await database.pool.query(
          "select 1 from pg_class where relnamespace = 'public'::regnamespace",
        );
        expect(rows).toEqual([]);
      },
      { migrated: false },
    );
    return lastError;
  }
  let lastError = "";

  async function copyOf(name: string): Promise<string> {
    const copy = join(dirname(file), name);
    await copyFile(file, copy);
    return copy;
  }

  test.each([0.3, 0.5, 0.9, 0.999])("cut short at %d of its length", async (share) => {
    const copy = await copyOf(`cut-${share}.tar.zst`);
    await truncate(copy, Math.floor((await stat(file)).size * share));
    const err = await refusal(copy);
    expect(err).toContain("backup_broken");
    expect(err).toContain(`${copy} is cut short: it ends `);
    expect(err).toMatch(/are missing; nothing of it is restored. Copy it again/);
  });

  test("a byte of it is another one", async () => {
    const copy = await copyOf("damaged.tar.zst");
    const handle = await open(copy, "r+");
    const { size } = await handle.stat();
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, Math.floor(size / 2));
    await handle.write(Buffer.from([(byte[0] ?? 0) ^ 0x55]), 0, 1, Math.floor(size / 2));
    await handle.close();
    expect(await refusal(copy)).toMatch(
      /backup_broken.*damaged\.tar\.zst (was changed after it was made: .* in|is cut short: it ends in) /,
    );
  });

  test("it is something else, empty, or not there", async () => {
    const other = join(dirname(file), "other");
    await writeFile(other, "hello");
    expect(await refusal(other)).toContain(`${other} is no backup`);
    await writeFile(other, "");
    expect(await refusal(other)).toContain(`${other} is no backup`);
    const outcome = await command(home, ["restore", join(dirname(file), "nowhere")]);
    expect(outcome.code).toBe(2);
    expect(outcome.err).toContain("nowhere cannot be read (ENOENT)");
  });
});
