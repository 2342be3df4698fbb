// The description for plain HTTP clients, held against the server that runs: every path is there, what it answers is what is
// described, and nothing is left out.

import * as api from "@truechimer/api";
import { useDatabase } from "@truechimer/testing-postgres";
import { beforeAll, describe, expect, test } from "vitest";
import { DESCRIBED_SERVICES } from "../src/openapi/procedure-paths.ts";
import { insertFilterRows } from "./_filter-rows.ts";
import { useServer } from "./_test-server.ts";

type Json = Readonly<Record<string, unknown>>;

interface Operation {
  readonly operationId: string;
  readonly security?: readonly unknown[];
  readonly parameters?: readonly { readonly name: string }[];
  readonly requestBody?: unknown;
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: Json }>> }>
  >;
}

interface OpenApi {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Json>> };
}

const database = await useDatabase();
await insertFilterRows(database);
await database.pool.query(
  "insert into monitors (id_token, type, hostname, status) values ('s1', 'score', 'recentmedian', 'active')",
);
const { server, adminKey } = await useServer(database);
let described: OpenApi;

beforeAll(async () => {
  const answer = await fetch(`${server.url}/openapi.json`);
  described = (await answer.json()) as OpenApi;
});

const operations = (): readonly {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}[] =>
  Object.entries(described.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

const ask = (
  path: string,
  method: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> =>
  fetch(`${server.url}${path.replace("{server}", "1")}`, {
    method: method.toUpperCase(),
    signal: AbortSignal.timeout(20_000),
    ...(method === "post"
      ? { body: "{}", headers: { ...headers, "content-type": "application/json" } }
      : { headers }),
  });

const KEY = { authorization: `Bearer ${adminKey}` };

describe("the document", () => {
  test("is JSON for whoever asks", async () => {
    const answer = await fetch(`${server.url}/openapi.json`);
    expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
  });

  test("names this server, and every reference in it leads somewhere", () => {
    expect(described).toMatchObject({ openapi: "3.1.0", info: { version: "0.0.0-test" } });
    expect(described.servers).toEqual([{ url: server.url }]);
    const text = JSON.stringify(described);
    const references = [...text.matchAll(/"\$ref":"#\/components\/(\w+)\/([^"]+)"/g)];
    expect(references.length).toBeGreaterThan(200);
    for (const [, kind = "", name = ""] of references)
      expect(described.components).toHaveProperty([kind, name]);
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("has every service of people and their programs, and every procedure that a plain POST can call", () => {
    const ours = Object.values(api).flatMap((module) =>
      Object.values(module as object).filter(
        (each): each is { readonly kind: "service"; readonly typeName: string } =>
          (each as { readonly kind?: unknown } | null)?.kind === "service" &&
          String((each as { readonly typeName: unknown }).typeName).startsWith(
            "truechimer.admin.v1.",
          ),
      ),
    );
    expect(DESCRIBED_SERVICES.map(({ service }) => service.typeName).toSorted()).toEqual(
      ours.map(({ typeName }) => typeName).toSorted(),
    );
    for (const { service } of DESCRIBED_SERVICES)
      for (const { name, methodKind } of service.methods)
        expect(`/${service.typeName}/${name}` in described.paths).toBe(methodKind === "unary");
  });
});

test("every path is there, and those that need a key refuse a stranger in the form that is described", async () => {
  for (const { path, method, operation } of operations()) {
    const answer = await ask(path, method);
    const isOpen = operation.security?.length === 0;
    expect([path, isOpen ? answer.status !== 404 : answer.status]).toEqual([
      path,
      isOpen ? true : 401,
    ]);
    if (!answer.ok)
      expect({ path, problems: problems(await answer.json(), REFUSAL) }).toEqual({
        path,
        problems: [],
      });
  }
  expect((await ask("/truechimer.admin.v1.AdminService/NoSuch", "post", KEY)).status).toBe(404);
});

test("what the procedures answer is what is described, to the last field", async () => {
  let answered = 0;
  for (const { path, method, operation } of operations()) {
    if (
      method !== "post" ||
      /\/(Create|Invite|Sign|End|Change|Begin|Confirm|Remove|Use)/.test(path)
    )
      continue;
    const body = /\/Get(Server|ServerHistory|Check)$/.test(path) ? { id: "1", serverId: "1" } : {};
    const wanted = Object.fromEntries(
      Object.entries(body).filter(([name]) => name in propertiesOf(operation.requestBody)),
    );
    const answer = await fetch(`${server.url}${path}`, {
      method: "POST",
      headers: { ...KEY, "content-type": "application/json" },
      body: JSON.stringify(wanted),
    });
    const told: unknown = await answer.json();
    const schema = answer.ok
      ? operation.responses["200"]?.content?.["application/json"]?.schema
      : REFUSAL;
    expect({ path, problems: problems(told, schema ?? {}) }).toEqual({ path, problems: [] });
    if (answer.ok) answered += 1;
  }
  expect(answered).toBeGreaterThan(20);
});

test("files have the type that is described, and know the parameters that are, and no others", async () => {
  for (const { path, method, operation } of operations()) {
    if (method !== "get") continue;
    const query = path.startsWith("/export/") ? "?to=now-300d" : "";
    const answer = await ask(path + query, method, KEY);
    expect([path, answer.status]).toEqual([path, 200]);
    expect(Object.keys(operation.responses["200"]?.content ?? {})).toEqual([
      answer.headers.get("content-type"),
    ]);
    if (query === "") continue;
    const refused = (await (await ask(`${path}?no=1`, method, KEY)).json()) as {
      readonly message: string;
    };
    for (const { name } of operation.parameters ?? []) expect(refused.message).toContain(name);
  }
});

test("what is not described is found out", () => {
  const schema = { $ref: "#/components/schemas/truechimer.admin.v1.ListServersResponse" };
  expect(problems({ servers: [{ id: "1", score: 5 }] }, schema)).toEqual([]);
  expect(problems({ servers: [{ id: 1 }] }, schema)).toEqual(["servers.0.id: 1 is no string"]);
  expect(problems({ servers: {} }, schema)).toEqual(["servers: no array"]);
  expect(problems({ servers: [], others: 1 }, schema)).toEqual(["others: not described"]);
});

const REFUSAL: Json = { $ref: "#/components/schemas/Refusal" };

function resolved(schema: Json): Json {
  const { $ref: reference } = schema;
  if (typeof reference !== "string") return schema;
  return described.components.schemas[reference.replace("#/components/schemas/", "")] ?? {};
}

function propertiesOf(body: unknown): Json {
  const { content } = body as {
    readonly content: Readonly<Record<string, { readonly schema: Json }>>;
  };
  return (resolved(content["application/json"]?.schema ?? {})["properties"] ?? {}) as Json;
}

/** Of JSON Schema, what the document uses. */
function problems(value: unknown, given: Json, place = ""): readonly string[] {
  const schema = resolved(given);
  const at = place === "" ? "" : `${place}: `;
  const inside = (name: string): string => (place === "" ? name : `${place}.${name}`);
  if (Array.isArray(schema["oneOf"])) {
    const found = schema["oneOf"].map((each) => problems(value, each as Json, place));
    return found.some((each) => each.length === 0) ? [] : (found[0] ?? []);
  }
  switch (schema["type"]) {
    case "object": {
      if (typeof value !== "object" || value === null || Array.isArray(value))
        return [`${at}no object`];
      const properties = (schema["properties"] ?? {}) as Readonly<Record<string, Json>>;
      const others = schema["additionalProperties"];
      return Object.entries(value).flatMap(([name, each]) => {
        const own = properties[name] ?? (typeof others === "object" ? (others as Json) : undefined);
        if (own !== undefined) return problems(each, own, inside(name));
        return others === false ? [`${inside(name)}: not described`] : [];
      });
    }
    case "array":
      if (!Array.isArray(value)) return [`${at}no array`];
      return value.flatMap((each, index) =>
        problems(each, (schema["items"] ?? {}) as Json, inside(String(index))),
      );
    case "integer":
      return Number.isInteger(value) ? [] : [`${at}${JSON.stringify(value)} is no integer`];
    case undefined:
      return [];
    default: {
      const {
        type,
        pattern,
        enum: values,
      } = schema as {
        readonly type: string;
        readonly pattern?: string;
        readonly enum?: readonly unknown[];
      };
      if (typeof value !== type) return [`${at}${JSON.stringify(value)} is no ${type}`];
      const fits =
        (pattern === undefined || new RegExp(pattern).test(String(value))) &&
        (values === undefined || values.includes(value));
      return fits ? [] : [`${at}${JSON.stringify(value)} does not fit`];
    }
  }
}
