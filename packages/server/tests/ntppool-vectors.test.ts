// The JSON endpoints against the vectors: each request exactly as it is there, each answer field by field, no field more.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { useDatabase } from "@truechimer/testing-postgres";
import { beforeEach, describe, expect, test } from "vitest";
import { askHttp, newUlid, registered, registrationIdIn } from "./_agents.ts";
import { registeredAgent } from "./_enrolled.ts";
import { MASTER_KEY } from "./_master-key.ts";
import { useServer } from "./_test-server.ts";

const FOLDER = join(import.meta.dirname, "..", "..", "..", "vectors", "ntppool", "http");
const CASES = 23;

interface Vector {
  readonly given: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | null;
  };
  readonly response: {
    readonly status: number;
    readonly mediaType: string;
    readonly fields?: Fields;
    readonly bodyPattern?: string;
  };
}

type Fields = Readonly<Record<string, Field>>;

interface Field {
  readonly type: "string" | "number" | "object" | "array";
  readonly equals?: unknown;
  readonly pattern?: string;
  readonly fields?: Fields;
  readonly items?: Fields;
}

const database = await useDatabase();
const { server, admin } = await useServer(database, {
  masterKey: MASTER_KEY,
  agents: { serverMadeKeys: true },
});
const { url } = server;

interface World {
  readonly registrationId: string;
  readonly apiKey: string;
}

const nobody = (): World => ({ registrationId: newUlid(), apiKey: "" });

async function registration(): Promise<World & { readonly id: string }> {
  const registrationId = newUlid();
  const id = registrationIdIn(await registered(url, { registrationId }));
  return { registrationId, id, apiKey: "" };
}

async function agent(status: 1 | 3): Promise<World & { readonly id: string }> {
  const { key, id } = await registeredAgent(admin, url, { status });
  return { ...nobody(), apiKey: key, id };
}

const GIVEN: Readonly<Record<string, () => Promise<World>>> = {
  nothing: async () => nobody(),
  "registration pending": registration,
  "registration accepted": async () => {
    const world = await registration();
    await admin.approveRegistration({ id: world.id });
    return world;
  },
  "registration completed": async () => {
    const world = await registration();
    await admin.approveRegistration({ id: world.id });
    const { APIToken: apiKey = "" } = await registered(url, world);
    const headers = { authorization: `Bearer ${apiKey}` };
    await askHttp(`${url}/monitor/api/config`, { headers });
    return { ...world, apiKey };
  },
  "registration rejected": async () => {
    const world = await registration();
    await admin.rejectRegistration({ id: world.id, reason: "not now" });
    return world;
  },
  "registration cancelled": async () => {
    const world = await registration();
    await database.pool.query(
      "update registrations set status = 'cancelled', reason = 'nobody decided', decided_at = now()",
    );
    return world;
  },
  "an active agent": () => agent(3),
  "an active agent, and nothing registered": () => agent(3),
  "a pending agent": () => agent(1),
  "a removed agent": async () => {
    const world = await agent(3);
    await admin.removeAgent({ id: world.id });
    return world;
  },
};

function expectFields(found: Readonly<Record<string, unknown>>, wanted: Fields): void {
  expect(Object.keys(found)).toEqual(Object.keys(wanted));
  for (const [name, field] of Object.entries(wanted)) expectField(found[name], field);
}

function expectField(value: unknown, { type, equals, pattern, fields, items }: Field): void {
  expect(Array.isArray(value) ? "array" : typeof value).toBe(type);
  if (equals !== undefined) expect(value).toBe(equals);
  if (pattern !== undefined) expect(value).toMatch(new RegExp(pattern));
  if (fields !== undefined) expectFields(value as Record<string, unknown>, fields);
  if (items === undefined) return;
  expect((value as readonly unknown[]).length).toBeGreaterThan(0);
  for (const item of value as readonly Record<string, unknown>[]) {
    expectFields(
      Object.fromEntries(Object.entries(item).toSorted(byName)),
      Object.fromEntries(Object.entries(items).toSorted(byName)),
    );
  }
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}

const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));

test("there are as many cases as this test knows", () => {
  expect(files.length).toBe(CASES);
});

describe("the JSON endpoints", () => {
  beforeEach(async () => {
    await database.pool.query("delete from registrations");
  });

  test.each(files)("%s", async (file) => {
    const vector = JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as Vector;
    const given = GIVEN[vector.given];
    if (given === undefined) throw new Error(`"${vector.given}" is not known here`);
    const { registrationId, apiKey } = await given();
    const headers = Object.fromEntries(
      Object.entries(vector.request.headers).map(([name, value]) => [
        name,
        value.replace("{registration_id}", registrationId).replace("{api_key}", apiKey),
      ]),
    );
    const { method, path, body } = vector.request;
    const answer = await askHttp(`${url}${path}`, {
      method,
      headers,
      ...(body === null ? {} : { body }),
    });
    const { status, mediaType, fields, bodyPattern } = vector.response;
    expect(answer.status).toBe(status);
    expect((answer.headers["content-type"] ?? "").split(";")[0]).toBe(mediaType);
    if (fields !== undefined) {
      expectFields(JSON.parse(answer.body) as Record<string, unknown>, fields);
    }
    if (bodyPattern !== undefined) expect(answer.body).toMatch(new RegExp(bodyPattern));
  });
});
