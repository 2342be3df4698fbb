// `truechimer users`, `accounts`, `keys` and `audit` against a control plane, and the key of its configuration that keeps
// the end of the trail.

import { join } from "node:path";
import { LOCAL_POLICY } from "@truechimer/server";
import { useDatabase } from "@truechimer/testing-postgres";
import { describe, expect, test } from "vitest";
import { auditHeadFile } from "../src/audit-head-file.ts";
import { useControlPlane } from "./_control-plane.ts";
import type { CommandOutcome } from "./_run-words.ts";
import { type CommandOptions, command } from "./_up-program.ts";

const database = await useDatabase();
const { server, directory, connection } = await useControlPlane(database, { policy: LOCAL_POLICY });

function run(args: readonly string[], options: CommandOptions = {}): Promise<CommandOutcome> {
  return command({ path: directory }, [...args, ...connection], options);
}

async function one(args: readonly string[]): Promise<Record<string, unknown>> {
  const outcome = await run(args);
  expect(outcome.err).toBe("");
  expect(outcome.code).toBe(0);
  return outcome.json()[0] ?? {};
}

describe("truechimer users", () => {
  test("invites, lists, changes and locks out by name", async () => {
    const invited = await one(["users", "invite", "ada@example.net", "--role", "operator"]);
    expect(invited["url"]).toMatch(/\/welcome#tcl_[A-Za-z0-9_-]{43}$/);
    expect(await one(["users"])).toMatchObject({
      id: invited["id"],
      name: "ada@example.net",
      role: "operator",
      invited: true,
      disabled: false,
      created_by: "the command line",
    });
    await one(["users", "set-role", "ada@example.net", "viewer"]);
    await one(["users", "disable", "ada@example.net"]);
    expect(await one(["users"])).toMatchObject({ role: "viewer", disabled: true });
    await one(["users", "enable", String(invited["id"])]);
    const reset = await one(["users", "reset", "ada@example.net"]);
    expect(reset["url"]).not.toBe(invited["url"]);
    const { out } = await run(["users", "list"], { terminal: true });
    expect(out).toMatch(/ada@example\.net +viewer +all +invited/);
  });

  test("shows and ends the sessions of a user", async () => {
    const { url } = await one(["users", "invite", "grace", "--role", "viewer"]);
    const opened = await fetch(`${server.url}/truechimer.admin.v1.SignInService/UseLink`, {
      method: "POST",
      headers: { "content-type": "application/json", "user-agent": "a browser" },
      body: JSON.stringify({
        secret: new URL(String(url)).hash.slice(1),
        password: "correct horse battery staple",
      }),
    });
    expect(opened.status).toBe(200);
    const session = await one(["users", "sessions", "grace"]);
    expect(session).toMatchObject({ opened_from: "127.0.0.1", user_agent: "a browser" });
    await one(["users", "end-session", String(session["id"])]);
    expect((await run(["users", "sessions", "grace"])).json()).toEqual([]);
  });

  test("sets the accounts between which a user chooses", async () => {
    const [first, second] = [
      await one(["accounts", "create", "First"]),
      await one(["accounts", "create", "Second"]),
    ];
    const ids = [String(first["id"]), String(second["id"])];
    const both = ids.flatMap((id) => ["--account", id]);
    await one(["users", "invite", "joan", ...both]);
    const listed = async (): Promise<unknown> => {
      const rows = (await run(["users"])).json();
      return rows.find(({ name }) => name === "joan")?.["account_ids"];
    };
    expect(await listed()).toEqual(ids);
    await one(["users", "set-accounts", "joan", "--account", ids[1] ?? ""]);
    expect(await listed()).toEqual([ids[1]]);
    await one(["users", "set-accounts", "joan", "--all"]);
    expect(await listed()).toEqual([]);
    expect((await run(["users", "set-accounts", "joan"])).err).toContain("names no account");
  });

  test("takes second factors away, and lists who has which", async () => {
    await database.pool.query(
      `insert into user_passkeys (id_token, user_id, credential_id, public_key, rp_id, name)
       select 'one', id, 'x', 'x', 'localhost', 'phone' from users where name = 'grace'`,
    );
    const before = (await run(["users"])).json();
    expect(before.find(({ name }) => name === "grace")).toMatchObject({ passkeys: 1 });
    expect(await one(["users", "remove-factors", "grace"])).toMatchObject({
      change: "factors_removed",
    });
    const after = (await run(["users"])).json();
    expect(after.find(({ name }) => name === "grace")).toMatchObject({ passkeys: 0 });
  });

  test.each([
    { args: ["users", "disable", "adb@example.net"], says: 'did you mean \\"ada@example.net\\"' },
    {
      args: ["users", "invite", "x", "--role", "boss"],
      says: "is invalid: allowed choices are viewer, operator, admin. See",
    },
    { args: ["users", "lst"], says: "did you mean list?" },
    { args: ["users", "invite", "Ada@example.net"], says: "choose another name" },
  ])("$args says what is wrong", async ({ args, says }) => {
    const { code, err } = await run(args);
    expect(err).toContain(says);
    expect(code).not.toBe(0);
  });
});

test("truechimer accounts creates, renames, and moves what is named", async () => {
  const { addedIds } = await server.addServers([
    {
      name: "ntp1.lab",
      address: { family: "v4", text: "10.0.0.7", bytes: Uint8Array.of(10, 0, 0, 7) },
      port: 123,
    },
  ]);
  expect(addedIds).toHaveLength(1);
  const created = await one(["accounts", "create", "Lab"]);
  await one(["accounts", "rename", "Lab", "Laboratory"]);
  const moved = await one(["accounts", "move", "Laboratory", "--servers", "ntp1.lab"]);
  expect(moved).toEqual({
    change: "moved",
    id: created["id"],
    name: "Laboratory",
    servers: 1,
    agents: 0,
  });
  const listed = (await run(["accounts"])).json();
  expect(listed).toContainEqual({ id: created["id"], name: "Laboratory", servers: 1, agents: 0 });
  expect((await run(["accounts", "move", "Laboratory"])).err).toContain("add --servers or");
  const key = await one(["keys", "create", "lab", "--account", String(created["id"])]);
  expect(key["secret"]).toMatch(/^tca_/);
});

test("truechimer audit tells all of it", async () => {
  const acts = (await run(["audit"])).json().map(({ act }) => act);
  for (const act of ["user_invited", "user_role_set", "user_disabled", "account_created"])
    expect(acts).toContain(act);
  const found = await run(["audit", "--what", "user disabled", "--who", "line", "--since", "1h"]);
  expect(found.json().map(({ act }) => act)).toEqual(["user_disabled"]);
});

describe("audit.head_file", () => {
  const configured = (
    headFile: string | undefined,
  ): { audit: { headFile: string | undefined } } => ({
    audit: { headFile },
  });

  test("outranks the data directory's", async () => {
    const file = join(directory, "kept.json");
    expect(await auditHeadFile(configured(file), "/data")).toEqual({ auditHeadFile: file });
    expect(await auditHeadFile(configured(undefined), "/data")).toEqual({
      auditHeadFile: "/data/audit-head.json",
    });
    expect(await auditHeadFile(configured(undefined))).toEqual({});
  });

  test("in a directory that is not there keeps the program from starting", async () => {
    await expect(auditHeadFile(configured("/nowhere/at/all.json"))).rejects.toMatchObject({
      code: "directory_unwritable",
      message: expect.stringContaining("audit.head_file: the directory /nowhere/at is not there"),
    });
  });
});
