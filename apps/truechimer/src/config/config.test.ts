import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "@truechimer/base";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ConfigFlags, loadConfig } from "./load-config.ts";

const TESTDATA = new URL("../../testdata/", import.meta.url);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "truechimer-config-"));
});
afterAll(() => rm(directory, { recursive: true }));

async function failureOf(promise: Promise<unknown>): Promise<AppError> {
  const error = await promise.then(
    () => new Error("did not fail"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof AppError)) throw error;
  return error;
}

function up(flags: ConfigFlags, env: Record<string, string> = {}): ReturnType<typeof loadConfig> {
  return loadConfig("up", flags, env);
}

const invalidFiles = (await readdir(TESTDATA)).filter((name) => name.startsWith("invalid-"));

describe("each invalid file gets the message that its first line states", () => {
  test.each(invalidFiles)("%s", async (name) => {
    const file = fileURLToPath(new URL(name, TESTDATA));
    const [code = "", message = ""] = await statedFailure(file);
    const failure = await failureOf(up({ config: file }));
    expect({ code: failure.code, message: failure.message.replaceAll(file, "FILE") }).toEqual({
      code,
      message,
    });
  });

  /** "# code: message" */
  async function statedFailure(file: string): Promise<readonly string[]> {
    const [first = ""] = (await readFile(file, "utf8")).split("\n");
    const [, code = "", message = ""] = /^# (\w+): (.*)$/.exec(first) ?? [];
    return [code, message];
  }
});

test("every file that is shipped as an example is valid for its role", async () => {
  const names = (await readdir(TESTDATA)).filter((name) => name.startsWith("valid-"));
  expect(names.length).toBeGreaterThanOrEqual(3);
  for (const name of names) {
    const role = name.split(/[-.]/)[1] as "up" | "server" | "agent";
    const file = fileURLToPath(new URL(name, TESTDATA));
    await expect(loadConfig(role, { config: file }, {})).resolves.toBeDefined();
  }
});

test("without a file each key has a default", async () => {
  const { config } = await up({});
  expect(config.listen).toEqual({
    host: "127.0.0.1",
    port: 8123,
    portChosen: false,
    allowedHosts: [],
    stopNoticeMs: 0,
  });
  expect(config.checks).toEqual({
    intervalMs: 60_000,
    samples: 3,
    sampleIntervalMs: 2_000,
    sampleTimeoutMs: 3_000,
  });
  expect(config.verdict).toEqual({ offsetLimitMs: 25, witnessesMin: 1 });
});

test("a pool refuses private targets and wants three witnesses, one host does not", async () => {
  const pool = await loadConfig("server", {}, {});
  const own = await up({});
  expect([pool.config.targets.privateAllowed, pool.config.verdict.witnessesMin]).toEqual([
    false,
    3,
  ]);
  expect([own.config.targets.privateAllowed, own.config.verdict.witnessesMin]).toEqual([true, 1]);
  expect([pool, own].map(({ config }) => config.selection.policy)).toEqual(["pool", "private"]);
});

test("paths are asked for where trouble begins, unless that is switched off", async () => {
  const file = join(directory, "paths.toml");
  const atOnset = async (content: string): Promise<boolean> => {
    await writeFile(file, content);
    return (await loadConfig("server", { config: file }, {})).config.paths.atOnset;
  };
  expect(await atOnset("")).toBe(true);
  expect(await atOnset("[paths]\nat_onset = false\n")).toBe(false);
  await expect(atOnset('[paths]\nat_onset = "no"\n')).rejects.toThrow(/true or false/);
});

test("who may watch whom is a setting, which goes with private targets where it is left out", async () => {
  const file = join(directory, "selection.toml");
  const policyWith = async (content: string): Promise<string> => {
    await writeFile(file, content);
    return (await loadConfig("server", { config: file }, {})).config.selection.policy;
  };
  expect(await policyWith("[targets]\nprivate_allowed = true\n")).toBe("private");
  expect(await policyWith('[selection]\npolicy = "private"\n')).toBe("private");
  await expect(policyWith('[selection]\npolicy = "best"\n')).rejects.toThrow(/"private", "pool"/);
});

test("an archive is ClickHouse's address, and what goes with it", async () => {
  const file = join(directory, "archive.toml");
  const archiveOf = async (content: string): Promise<unknown> => {
    await writeFile(file, `[archive]\n${content}`);
    return (await up({ config: file })).config.archive;
  };
  expect((await up({})).config.archive).toBeUndefined();
  expect(await archiveOf('clickhouse_url = "http://127.0.0.1:8123/"')).toEqual({
    kind: "clickhouse",
    url: "http://127.0.0.1:8123",
    database: "default",
    account: undefined,
    caFile: undefined,
  });
  const url = 'clickhouse_url = "https://clickhouse.example.net:8443"\n';
  await expect(archiveOf('clickhouse_database = "clocks"')).rejects.toThrow(
    "archive.clickhouse_database: there is no archive without archive.clickhouse_url",
  );
  await expect(archiveOf(`${url}clickhouse_username = "clocks"`)).rejects.toThrow(
    "archive.clickhouse_username and archive.clickhouse_password_file belong together",
  );
  await expect(archiveOf('clickhouse_url = "clickhouse.example.net"')).rejects.toThrow(
    /^archive\.clickhouse_url: expected an address/,
  );
  await expect(archiveOf(`${url}clickhouse_pasword_file = "x"`)).rejects.toThrow(
    'did you mean "archive.clickhouse_password_file"?',
  );
  const password = join(directory, "clickhouse-password");
  await writeFile(password, "secret-word\n", { mode: 0o600 });
  await writeFile(
    file,
    `[archive]\n${url}clickhouse_username = "clocks"\nclickhouse_password_file = "${password}"`,
  );
  const { config, secrets } = await up({ config: file });
  expect(secrets.archivePassword).toBe("secret-word");
  expect(JSON.stringify(config)).not.toContain("secret-word");
});

test("an archive is a directory or a bucket as well, and one of them alone", async () => {
  const file = join(directory, "files.toml");
  const archiveOf = async (content: string): Promise<unknown> => {
    await writeFile(file, `[archive]\n${content}`);
    return (await up({ config: file })).config.archive;
  };
  expect(await archiveOf('parquet_directory = "/srv/archive"')).toEqual({
    kind: "directory",
    directory: "/srv/archive",
  });
  const secret = join(directory, "s3-secret-key");
  await writeFile(secret, "secret-word\n", { mode: 0o600 });
  const bucket = `s3_endpoint = "https://s3.example.net/"\ns3_bucket = "clocks"\ns3_access_key_id = "AKIDEXAMPLE"\n`;
  const key = `s3_secret_key_file = "${secret}"\n`;
  expect(await archiveOf(`${bucket}${key}s3_prefix = "ours"`)).toEqual({
    kind: "s3",
    endpoint: "https://s3.example.net",
    bucket: "clocks",
    prefix: "ours/",
    region: "us-east-1",
    accessKeyId: "AKIDEXAMPLE",
    secretKeyFile: secret,
    pathStyle: true,
    caFile: undefined,
  });
  const { config, secrets } = await up({ config: file });
  expect(secrets.archiveSecretKey).toBe("secret-word");
  expect(JSON.stringify(config)).not.toContain("secret-word");
  await expect(archiveOf(bucket)).rejects.toThrow(
    "archive.s3_secret_key_file: needed beside archive.s3_endpoint",
  );
  await expect(archiveOf('s3_bucket = "clocks"')).rejects.toThrow(
    "archive.s3_bucket: there is no archive without archive.s3_endpoint",
  );
  await expect(archiveOf(`${bucket.replace('"clocks"', '"Clocks"')}${key}`)).rejects.toThrow(
    /^archive\.s3_bucket: expected 3 to 63 lower-case letters/,
  );
  await expect(archiveOf(`parquet_directory = "/srv/archive"\n${bucket}${key}`)).rejects.toThrow(
    "archive.parquet_directory and archive.s3_endpoint name two archives",
  );
  await expect(
    archiveOf('parquet_directory = "/srv/archive"\nclickhouse_database = "clocks"'),
  ).rejects.toThrow(
    "archive.clickhouse_database: there is no archive without archive.clickhouse_url",
  );
});

test("the command line outweighs the environment, and that the file", async () => {
  const file = join(directory, "order.toml");
  await writeFile(file, 'data_dir = "/from/file"\n[listen]\nport = 1001\nhost = "127.0.0.9"\n');
  const env = { TRUECHIMER_DATA_DIR: "/from/environment", TRUECHIMER_PORT: "1002" };
  const { config } = await up({ config: file, port: "1003" }, env);
  expect([config.dataDir, config.listen.port, config.listen.host]).toEqual([
    "/from/environment",
    1003,
    "127.0.0.9",
  ]);
});

test("a wrong value says where it was set", async () => {
  const byFlag = await failureOf(up({ port: "80a" }));
  expect(byFlag.message).toBe(
    'listen.port: expected a port number from 0 to 65535, not "80a" (set in --port)',
  );
  const byEnvironment = await failureOf(up({}, { TRUECHIMER_PORT: "99999" }));
  expect(byEnvironment.message).toBe(
    "listen.port: expected a port number from 0 to 65535, not 99999 (set in environment variable TRUECHIMER_PORT)",
  );
});

test("DATABASE_URL outweighs the file that holds one; an empty variable is not set", async () => {
  const secret = join(directory, "database-url");
  await writeFile(secret, "postgres://from-file/x\n", { mode: 0o600 });
  const file = join(directory, "database.toml");
  await writeFile(file, `[database]\nurl_file = "${secret}"\n`);
  const fromFile = await up({ config: file }, { DATABASE_URL: "" });
  expect(fromFile.secrets.databaseUrl).toBe("postgres://from-file/x");
  const fromEnvironment = await up({ config: file }, { DATABASE_URL: "postgres://env/x" });
  expect(fromEnvironment.secrets.databaseUrl).toBe("postgres://env/x");
});

test("a secret that others may read is refused, with the remedy", async () => {
  const secret = join(directory, "open");
  await writeFile(secret, "s3cret", { mode: 0o644 });
  const file = join(directory, "open.toml");
  await writeFile(file, `[database]\nurl_file = "${secret}"\n`);
  const failure = await failureOf(up({ config: file }));
  expect(failure.message).toBe(
    `database.url_file: ${secret} has mode 0644, so others may read the secret: run chmod 600 '${secret}'`,
  );
});

test("the configuration itself holds no secret", async () => {
  const secret = join(directory, "token");
  await writeFile(secret, "tcm_verysecret", { mode: 0o600 });
  const loaded = await loadConfig("agent", { address: "192.0.2.1", tokenFile: secret }, {});
  expect(JSON.stringify(loaded.config)).not.toContain("verysecret");
  expect(loaded.secrets.monitors).toEqual([
    { address: "192.0.2.1", bindAddress: undefined, token: "tcm_verysecret" },
  ]);
});

test("a file that cannot be read is named", async () => {
  const failure = await failureOf(up({ config: "/nowhere/truechimer.toml" }));
  expect([failure.code, failure.message]).toEqual([
    "config_unreadable",
    "configuration file /nowhere/truechimer.toml cannot be read: check the path and that this account may read it",
  ]);
});

test("an agent probes private targets only when it is told to, by file or by flag", async () => {
  const agent = async (flags: ConfigFlags): Promise<boolean> =>
    (await loadConfig("agent", flags, {})).config.targets.privateAllowed;
  const file = join(directory, "private.toml");
  await writeFile(file, "[targets]\nprivate_allowed = true\n");
  expect(await agent({})).toBe(false);
  expect(await agent({ config: file })).toBe(true);
  expect(await agent({ allowPrivateTargets: true })).toBe(true);
});

test("a sample may wait as long as agents will let it, and no longer", async () => {
  const file = join(directory, "timeout.toml");
  await writeFile(file, '[checks]\nsample_timeout = "10s"\n[lab]\nsample_timeout = "10s"\n');
  expect((await up({ config: file })).config.checks.sampleTimeoutMs).toBe(10_000);
  await writeFile(file, '[checks]\nsample_timeout = "11s"\n');
  const failure = await failureOf(up({ config: file }));
  expect(failure.message).toContain("expected at least 100ms and at most 10s");
});
