// `truechimer agents …` against a control plane in this process.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createUlid, systemClock, systemRandom } from "@truechimer/base";
import { createServer, createToken } from "@truechimer/server";
import { useDatabase } from "@truechimer/testing-postgres";
import { afterAll, describe, expect, test } from "vitest";
import { type CommandOutcome, runWords } from "./_run-words.ts";

const database = await useDatabase();
const adminKey = createToken("tca_", systemRandom);
const directory = await mkdtemp(join(tmpdir(), "truechimer-agents-"));
const keyFile = join(directory, "admin.key");
await writeFile(keyFile, adminKey, { mode: 0o600 });
const server = await createServer({
  database,
  clock: systemClock,
  random: systemRandom,
  version: "0.0.0-test",
  listen: { host: "127.0.0.1", port: 0 },
  adminKeys: [adminKey],
  roles: ["api"],
  masterKey: new Uint8Array(32).fill(9),
});
await server.start();
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

interface Outcome extends CommandOutcome {
  /** What a program reads: one object a line. */
  readonly rows: readonly Record<string, unknown>[];
}

async function agents(...words: readonly string[]): Promise<Outcome> {
  const args = ["agents", ...words, "--url", server.url, "--key-file", keyFile];
  const outcome = await runWords(args);
  return { ...outcome, rows: words.includes("--json") ? outcome.json() : [] };
}

/** As an agent asks to be let in. */
async function register(hostname: string, registrationId = newUlid()): Promise<Response> {
  return fetch(`${server.url}/monitor/api/registration`, {
    method: "POST",
    headers: {
      "registration-id": registrationId,
      "user-agent": "ntppool-agent/v4.1.5/truechimer-0.1.0 (node v26.10.0)",
    },
    body: new URLSearchParams({ hostname }),
  });
}

function newUlid(): string {
  return createUlid(systemClock, systemRandom);
}

describe("an agent that registered", () => {
  test("is listed, approved, shown, paused and removed by its name", async () => {
    await register("lima.example.net");
    expect((await agents()).out).toMatch(/1 more asks to be let in/);
    const { rows } = await agents("registrations", "--json");
    expect(rows).toEqual([
      expect.objectContaining({
        hostname: "lima.example.net",
        status: "pending",
        addresses: ["127.0.0.1"],
        account: "default",
      }),
    ]);
    const facts = ["--country", "pe", "--status", "active", "--network", "AS64500 Example"];
    const approved = await agents("approve", "lima.example.net", "--name", "lima", ...facts);
    expect(approved.out).toMatch(/^approved: it becomes lima-[0-9a-z]{7}\.prod\./);
    expect((await agents("list")).out).toMatch(/^lima +no +v4 active +– +/m);
    const shown = await agents("show", "lima");
    expect(shown.out).toMatch(/country +PE\n/);
    expect(shown.out).toMatch(/network +AS64500 Example\n/);
    expect(shown.out).toMatch(/it watches nothing yet/);
    const edited = await agents("edit", "lima", "--location", "Callao", "--network", "");
    expect(edited.out).toBe("lima: Callao, PE\n");
    expect((await agents("edit", "lima", "--name", "callao", "--json")).rows[0]).toMatchObject({
      name: "callao",
      country: "PE",
      network: "",
      location: "Callao",
    });
    await agents("edit", "callao", "--name", "lima");
    const paused = await agents("set-status", "lima", "paused", "--family", "v4");
    expect(paused.out).toBe("lima (127.0.0.1) is paused\n");
    expect((await agents("list", "--json")).rows[0]).toMatchObject({
      name: "lima",
      country: "PE",
      monitors: [{ family: "v4", status: "paused" }],
    });
    expect((await agents("remove", "lima")).out).toBe("removed lima\n");
    expect((await agents("show", "lima")).code).toBe(1);
  });

  test("is rejected with a reason, which it is told", async () => {
    const id = newUlid();
    await register("quito", id);
    const rejected = await agents("reject", "quito", "--reason", "not ours");
    expect(rejected.out).toBe("rejected the registration of quito\n");
    expect(await (await register("quito", id)).json()).toMatchObject({
      Status: "rejected",
      Reason: "not ours",
    });
    const { out } = await agents("registrations", "--all");
    expect(out).toMatch(/^quito +127\.0\.0\.1 +rejected /m);
    expect((await agents("registrations")).out).toBe("nobody asks to be let in\n");
  });

  test("that shares its name with another is named by its id", async () => {
    await register("twin");
    await register("twin");
    const { code, err } = await agents("approve", "twin");
    expect([code, err]).toEqual([
      2,
      expect.stringMatching(/"twin" is 2 of them: name one by its id/),
    ]);
    const { rows } = await agents("registrations", "--json");
    const id = String(rows[0]?.["id"]);
    expect((await agents("approve", id, "--json")).rows[0]).toMatchObject({
      id,
      change: "approved",
    });
    await agents("reject", "twin");
  });
});

describe("a token", () => {
  test("is made with its command, listed without its secret, and revoked", async () => {
    const made = await agents(
      "token",
      "create",
      "--name",
      "the roof",
      "--lifetime",
      "2h",
      "--json",
    );
    const [row] = made.rows;
    const secret = String(row?.["secret"]);
    expect(row?.["command"]).toBe(
      `truechimer agent enroll --server ${server.url} --token ${secret}`,
    );
    const listed = await agents("token");
    expect(listed.out).toMatch(/^the roof +good +/m);
    expect(listed.out).not.toContain(secret);
    expect((await agents("token", "create")).out).toMatch(
      /\n {2}truechimer agent enroll --server /,
    );
    await agents("token", "revoke", String(row?.["id"]));
    expect((await agents("token", "list")).out).toMatch(/^the roof +revoked +/m);
  });
});

test.each([
  {
    words: ["show", "nobody"],
    code: 1,
    says: /no agent "nobody" is known: see "truechimer agents"/,
  },
  { words: ["approve", "nobody"], code: 1, says: /no waiting registration "nobody"/ },
  { words: ["lits"], code: 2, says: /unknown command 'lits' of agents: did you mean list\?/ },
  { words: ["token", "creat"], code: 2, says: /unknown command 'creat' of token/ },
  { words: ["token", "create", "--lifetime", "soon"], code: 2, says: /--lifetime: "soon"/ },
  { words: ["token", "create", "--lifetime", "1s"], code: 1, says: /lifetime 1 s: expected 60 s/ },
  { words: ["token", "create", "--country", "Peru"], code: 1, says: /two letters/ },
  { words: ["token", "create", "--status", "activ"], code: 2, says: /did you mean active\?/ },
  { words: ["token", "revoke", "x"], code: 1, says: /no enrolment token with the id x/ },
])("$words is refused: $says", async ({ words, code, says }) => {
  const outcome = await agents(...words);
  expect(outcome.err).toMatch(says);
  expect(outcome.code).toBe(code);
});
