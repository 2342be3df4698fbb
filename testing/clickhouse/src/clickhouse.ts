// Debian's ClickHouse as a real server for tests.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { AppError } from "@truechimer/base";
import { clickHouseProgram } from "./clickhouse-available.ts";

export interface ClickHouseOptions {
  /** Of the account "default". Default: none. */
  readonly password?: string;
}

/** A running server. Disposing ends it and removes its directory. */
export interface ClickHouse extends AsyncDisposable {
  /** Of its HTTP interface: "http://127.0.0.1:port". */
  readonly url: string;
  /** What it answers to a statement, as text with tabs. Rejects with what it says. */
  ask(statement: string): Promise<string>;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again, on the same port, with what it had. */
  restart(): Promise<void>;
}

const START_ATTEMPTS_MAX = 3;
const START_TIMEOUT_MS = 20_000;
const POLL_MS = 20;
const LOG_BYTES_MAX = 16_384;

/** Resolves when it answers. Rejects with `peer_unreachable` and what the server said when it does not. */
export async function startClickHouse({
  password = "",
}: ClickHouseOptions = {}): Promise<ClickHouse> {
  let failure: unknown;
  for (let attempt = 0; attempt < START_ATTEMPTS_MAX; attempt += 1) {
    const directory = await mkdtemp(join(tmpdir(), "truechimer-clickhouse-"));
    try {
      return await startIn(directory, { password, port: await freePort() });
    } catch (error) {
      failure = error; // A port that was free a moment ago may be taken by now.
      await rm(directory, { recursive: true, force: true });
    }
  }
  throw failure;
}

interface StartParts {
  readonly password: string;
  readonly port: number;
}

async function startIn(directory: string, parts: StartParts): Promise<ClickHouse> {
  await writeFiles(directory, parts);
  const { port, password } = parts;
  let run = await startRun(directory, port);
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    ask: async (statement) => {
      const answer = await fetch(`${url}/?database=default`, {
        method: "POST",
        headers: { "x-clickhouse-user": "default", "x-clickhouse-key": password },
        body: statement,
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(text);
      return text.trimEnd();
    },
    kill: () => run.end("SIGKILL"),
    restart: async () => {
      run = await startRun(directory, port);
    },
    [Symbol.asyncDispose]: async () => {
      await run.end("SIGKILL");
      await rm(directory, { recursive: true, force: true });
    },
  };
}

interface Run {
  end(signal: NodeJS.Signals): Promise<void>;
}

async function startRun(directory: string, port: number): Promise<Run> {
  const child: ChildProcess = spawn(
    clickHouseProgram(),
    [`--config-file=${join(directory, "config.xml")}`],
    { stdio: ["ignore", "pipe", "pipe"], cwd: directory },
  );
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-LOG_BYTES_MAX);
    });
  }
  const kill = (): void => void child.kill("SIGKILL");
  process.on("exit", kill);
  const ended = Promise.race([once(child, "exit"), once(child, "error")]).catch(() => undefined);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    process.off("exit", kill);
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await ended;
  };
  const deadlineMs = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadlineMs && child.exitCode === null) {
    if (await answers(port)) return { end };
    await delay(POLL_MS);
  }
  await end("SIGKILL");
  throw new AppError(
    "peer_unreachable",
    `clickhouse-server did not answer on port ${port}; it said:\n${log}`,
  );
}

async function answers(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/ping`)).ok;
  } catch {
    return false;
  }
}

/** No native protocol, little memory, nothing logged but what goes wrong. */
async function writeFiles(directory: string, { password, port }: StartParts): Promise<void> {
  const file = (name: string): string => join(directory, name);
  await mkdir(file("data"));
  await mkdir(file("tmp"));
  await writeFile(
    file("config.xml"),
    `<yandex>
  <logger><level>warning</level><console>1</console></logger>
  <listen_host>127.0.0.1</listen_host>
  <http_port>${port}</http_port>
  <path>${file("data")}/</path>
  <tmp_path>${file("tmp")}/</tmp_path>
  <users_config>users.xml</users_config>
  <mark_cache_size>8388608</mark_cache_size>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
</yandex>
`,
    { mode: 0o600 },
  );
  await writeFile(
    file("users.xml"),
    `<yandex>
  <profiles><default><max_threads>1</max_threads></default></profiles>
  <quotas><default /></quotas>
  <users>
    <default>
      <password>${password}</password>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
    </default>
  </users>
</yandex>
`,
    { mode: 0o600 },
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
