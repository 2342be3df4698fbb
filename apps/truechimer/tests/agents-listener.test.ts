// The master key and the agents' listener of the real programs, on a PostgreSQL that outlives them.

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile, rename, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { connect, type DetailedPeerCertificate } from "node:tls";
import { useDatabase } from "@truechimer/testing-postgres";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import {
  createDataHome,
  type DataHome,
  type ProgressLine,
  spawnProgram,
  spawnUp,
  startUp,
  type UpProgram,
} from "./_up-program.ts";

// Each start takes seconds; the limits are for a host that is busy with other tests.
const LIMIT_MS = 120_000;
vi.setConfig({ testTimeout: LIMIT_MS });

const database = await useDatabase();
const bare = await useDatabase();
const OPTIONS = { env: { DATABASE_URL: database.url }, args: ["--no-lab"] };

let home: DataHome;
beforeAll(async () => {
  home = await createDataHome();
});
afterAll(() => home[Symbol.asyncDispose]());

function agentsLine(up: UpProgram): ProgressLine {
  const line = up.lines.find(({ event, url }) => event === "agents" && url !== undefined);
  if (line === undefined) throw new Error("up says nothing of agents");
  return line;
}

test("up makes a master key for this account alone, and its agents' listener shows the root that it printed", async () => {
  await using up = await startUp(home, OPTIONS);
  expect((await stat(join(home.path, "master.key"))).mode & 0o777).toBe(0o600);
  const { url, root_fingerprint: printed } = agentsLine(up);
  expect(await rootFingerprintAt(String(url))).toBe(printed);
  expect(up.errors()).toBe("");
});

test("the next start has the same key and the same root", async () => {
  const before = await readFile(join(home.path, "master.key"), "utf8");
  await using up = await startUp(home, OPTIONS);
  const { url, root_fingerprint: printed } = agentsLine(up);
  expect(await rootFingerprintAt(String(url))).toBe(printed);
  expect(await readFile(join(home.path, "master.key"), "utf8")).toBe(before);
});

test("a master key that is gone is asked for and not replaced", async () => {
  const key = join(home.path, "master.key");
  await rename(key, `${key}.away`);
  const program = spawnUp(home, OPTIONS);
  const { code, errors } = await outcomeOf(program);
  expect(code).toBe(1);
  expect(errors).toContain("master_key_wrong");
  expect(errors).toMatch(/master\.key is missing.*--master-key-file/);
  await expect(stat(key)).rejects.toThrow();
  await rename(`${key}.away`, key);
});

test("a server with another master key does not start, and says which is which", async () => {
  const file = join(dirname(home.path), "other.key");
  await writeFile(file, Buffer.alloc(32, 1).toString("base64"), { mode: 0o600 });
  const program = spawnProgram(["server", "--port", "0", "--master-key-file", file], {
    DATABASE_URL: database.url,
  });
  const { code, errors } = await outcomeOf(program);
  expect(code).toBe(1);
  expect(errors).toMatch(/sealed with the master key [0-9a-f]{8}, and [0-9a-f]{8} was given/);
});

test("a server without a master key says what is off and how to turn it on", async () => {
  const program = spawnProgram(["server", "--port", "0"], { DATABASE_URL: bare.url });
  try {
    const line = await lineOf(program, "agents");
    expect(String(line["text"])).toMatch(/no certificates.*--master-key-file.*openssl rand/);
  } finally {
    program.kill("SIGTERM");
    await once(program, "exit");
  }
});

/** The last certificate of the chain that the listener sends. */
function rootFingerprintAt(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(
      { host: hostname, port: Number(port), rejectUnauthorized: false },
      () => {
        let last: DetailedPeerCertificate = socket.getPeerCertificate(true);
        while (last.issuerCertificate.fingerprint256 !== last.fingerprint256) {
          last = last.issuerCertificate;
        }
        socket.destroy();
        resolve(last.fingerprint256.replaceAll(":", "").toLowerCase());
      },
    );
    socket.once("error", reject);
  });
}

async function outcomeOf(
  program: ChildProcess,
): Promise<{ readonly code: number | null; readonly errors: string }> {
  let errors = "";
  program.stderr?.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const [code] = (await once(program, "exit")) as [number | null];
  return { code, errors };
}

async function lineOf(program: ChildProcess, event: string): Promise<ProgressLine> {
  if (program.stdout === null) throw new Error("no output");
  for await (const text of createInterface({ input: program.stdout })) {
    const line = JSON.parse(text) as ProgressLine;
    if (line.event === event) return line;
  }
  throw new Error(`it ended without a word of ${event}`);
}
