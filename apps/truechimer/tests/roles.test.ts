// The control plane and an agent as programs of their own, with your own PostgreSQL between them.

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { chronyAvailable, startChronyServer } from "@truechimer/testing-chrony";
import { useDatabase } from "@truechimer/testing-postgres";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { CommandOutcome } from "./_run-words.ts";
import { command, createDataHome, type DataHome, spawnProgram } from "./_up-program.ts";

const database = await useDatabase();

// Each step takes seconds; the limits are for a host that is busy with other tests.
const LIMIT_MS = 120_000;
const STOP_MS_MAX = 10_000;
const ADMIN_KEY = "tca_a-key-of-this-test-alone";
const CONFIG = `
[listen]
port = 0

[targets]
private_allowed = true

[checks]
interval = "1s"

[verdict]
witnesses_min = 1
`;

vi.setConfig({ testTimeout: LIMIT_MS });

describe.skipIf(!chronyAvailable())("server and agent apart", () => {
  let home: DataHome;
  let directory: string;
  let server: ChildProcess;
  let headFile: string;
  let url: string;

  const run = (args: readonly string[]): Promise<CommandOutcome> =>
    command(home, [...args, "--url", url, "--key-file", join(directory, "admin.key")]);

  beforeAll(async () => {
    home = await createDataHome();
    directory = dirname(home.path);
    const key = join(directory, "admin.key");
    await writeFile(key, ADMIN_KEY, { mode: 0o600 });
    const config = join(directory, "server.toml");
    const masterKey = join(directory, "master.key");
    await writeFile(masterKey, "ab".repeat(32), { mode: 0o600 });
    headFile = join(directory, "kept-head.json");
    await writeFile(
      config,
      `${CONFIG}
[agents]
port = 0

[admin]
key_file = ${JSON.stringify(key)}

[secrets]
master_key_file = ${JSON.stringify(masterKey)}

[audit]
head_file = ${JSON.stringify(headFile)}
`,
    );
    server = spawnProgram(["server", "--config", config], { DATABASE_URL: database.url });
    url = new URL(await eventText(server, "dashboard")).origin;
  }, LIMIT_MS);

  afterAll(async () => {
    await end(server);
    await home[Symbol.asyncDispose]();
  });

  test("a monitor's token goes into a file that its owner alone may read", async () => {
    const file = join(directory, "v4.token");
    const outcome = await run(["monitors", "add", "here", "127.0.0.1", "--token-file", file]);
    expect(outcome.code).toBe(0);
    expect(outcome.out).not.toContain("tcm_");
    expect(await readFile(file, "utf8")).toMatch(/^tcm_\S{40,}\n$/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test("the end of the audit trail is kept where the configuration says, and vouches for it", async () => {
    expect((await stat(headFile)).mode & 0o777).toBe(0o600);
    const { code, json } = await run(["audit", "verify"]);
    expect({ code, report: json()[0] }).toMatchObject({
      code: 0,
      report: {
        whole: true,
        remarks: [],
        vouched_for: JSON.parse(await readFile(headFile, "utf8")).sequence * 1,
      },
    });
  });

  test(
    "an agent with that token measures what the server watches",
    async () => {
      await using chrony = await startChronyServer({ addresses: ["127.0.0.1"] });
      const target = `127.0.0.1:${chrony.port}`;
      expect((await run(["servers", "add", target])).code).toBe(0);
      const agent = spawnProgram(
        ["agent", "--server", url, "--address", "127.0.0.1"].concat([
          "--token-file",
          join(directory, "v4.token"),
          "--allow-private-targets",
        ]),
      );
      await eventText(agent, "agent");
      await vi.waitFor(
        async () => {
          const [row] = (await run(["servers"])).json();
          expect(row).toMatchObject({ verdict: "truechimer", witnesses_fresh: 1 });
        },
        { timeout: LIMIT_MS - 10_000, interval: 500 },
      );
      // The control plane hangs, so what the agent has just measured cannot be delivered.
      server.kill("SIGSTOP");
      const stoppedAt = performance.now();
      try {
        expect(await end(agent)).toBe(0);
      } finally {
        server.kill("SIGCONT");
      }
      expect(performance.now() - stoppedAt).toBeLessThan(STOP_MS_MAX);
    },
    LIMIT_MS,
  );

  test("a wrong key is refused", async () => {
    const file = join(directory, "wrong.key");
    await writeFile(file, "tca_wrong", { mode: 0o600 });
    const outcome = await command(home, ["servers", "--url", url, "--key-file", file]);
    expect(outcome.err).toContain('"unauthenticated"');
    expect(outcome.code).toBe(1);
  });

  test("the database's commands tell the state of its schema", async () => {
    const env = { DATABASE_URL: database.url };
    const status = await command(home, ["db", "status"], { env });
    expect(status.json()[0]).toMatchObject({ version: "0001_create_foundation", state: "applied" });
    const migrate = await command(home, ["db", "migrate"], { env, terminal: true });
    expect(migrate.out).toContain("has every migration already");
  });

  test("a signal ends the server in order", async () => {
    expect(await end(server)).toBe(0);
  });
});

/** The text of the first line with this event. */
async function eventText(program: ChildProcess, event: string): Promise<string> {
  let errors = "";
  program.stderr?.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  if (program.stdout === null) throw new Error("no output");
  for await (const line of createInterface({ input: program.stdout })) {
    const told = JSON.parse(line) as { event: string; text: string };
    if (told.event === event) return told.text;
  }
  throw new Error(`the program ended: ${errors}`);
}

async function end(program: ChildProcess): Promise<number | null> {
  if (program.exitCode !== null) return program.exitCode;
  program.kill("SIGTERM");
  await once(program, "exit");
  return program.exitCode;
}
