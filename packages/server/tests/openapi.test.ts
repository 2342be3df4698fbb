// The description for plain HTTP clients, held against the server that runs: every path is there, what it answers is what is
// described, and nothing is left out.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import * as api from "@truechimer/api";
import { useDatabase } from "@truechimer/testing-postgres";
import { beforeAll, describe, expect, test } from "vitest";
import { DESCRIBED_SERVICES } from "../src/openapi/procedure-paths.ts";
import { insertFilterRows } from "./_filter-rows.ts";
import { useServer } from "./_test-server.ts";

type Json = Readonly<Record<string, unknown>>;

interface Operation {
  readonly operationId: string;
  readonly description?: string;
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
): Promise<Response> => {
  const type = isStream(described.paths[path]?.[method]) ? STREAM_TYPE : "application/json";
  const body = type === STREAM_TYPE ? framed("{}") : "{}";
  return fetch(`${server.url}${path.replace("{server}", "1")}`, {
    method: method.toUpperCase(),
    signal: AbortSignal.timeout(20_000),
    ...(method === "post" ? { body, headers: { ...headers, "content-type": type } } : { headers }),
  });
};

const STREAM_TYPE = "application/connect+json";

function isStream(operation: Operation | undefined): boolean {
  return STREAM_TYPE in (operation?.responses["200"]?.content ?? {});
}

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

  test("has every service of people and their programs, and every procedure of theirs", () => {
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
      for (const { name } of service.methods)
        expect(described.paths).toHaveProperty([`/${service.typeName}/${name}`]);
  });
});

describe("what the contract says", () => {
  const schema = (name: string): Json =>
    described.components.schemas[`truechimer.admin.v1.${name}`] ?? {};

  test("stands with each procedure, message, field and value, word by word", async () => {
    const contract = await readFile(
      new URL("../../../proto/truechimer/admin/v1/admin.proto", import.meta.url),
      "utf8",
    );
    const method = described.paths["/truechimer.admin.v1.AdminService/RemoveServers"]?.["post"];
    const said =
      "Removes servers from watch. Their history stays readable; RestoreServers undoes it.";
    expect(contract).toContain(`  // ${said}\n  rpc RemoveServers`);
    expect(method?.description).toMatch(new RegExp(`^${said}\n\nNeeds the role`));
    expect(contract).toContain("// What the fleet holds of a server.\nenum Verdict {");
    expect(schema("Verdict")["description"]).toBe("What the fleet holds of a server.");
    // All of it: no comment above something of an rpc, a message or a field is left out.
    const text = JSON.stringify(described);
    const above = [
      ...contract.matchAll(/^ *\/\/ (.+)\n +(?:rpc|optional|repeated|[\w.]+ \w+ =)/gm),
    ];
    expect(above.length).toBeGreaterThan(200);
    for (const [, last = ""] of above) expect(text).toContain(JSON.stringify(last).slice(1, -1));
  });

  test("of which only one can be there is said of each of them", () => {
    const fields = Object.values(described.components.schemas).flatMap((each) =>
      Object.values((each["properties"] ?? {}) as Readonly<Record<string, Json>>),
    );
    const choices = fields.filter(({ description }) =>
      /At most one of \w+(?:, \w+)+ is there\.$/.test(String(description)),
    );
    expect(choices.length).toBeGreaterThan(4);
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
    else await answer.body?.cancel();
  }
  expect((await ask("/truechimer.admin.v1.AdminService/NoSuch", "post", KEY)).status).toBe(404);
});

test("what the procedures answer is what is described, to the last field", async () => {
  let answered = 0;
  for (const { path, method, operation } of operations()) {
    if (
      method !== "post" ||
      isStream(operation) ||
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

describe("a stream", () => {
  const streams = (): readonly string[] =>
    operations().flatMap(({ path, operation }) => (isStream(operation) ? [path] : []));

  /** As the description says, by plain means. */
  async function opened(path: string, question: Json, signal: AbortSignal): Promise<Response> {
    return await fetch(`${server.url}${path}`, {
      method: "POST",
      headers: { ...KEY, "content-type": STREAM_TYPE },
      body: framed(JSON.stringify(question)),
      signal,
    });
  }

  test("is described for each procedure that has one, with how to read it", () => {
    expect(streams().map((path) => path.slice(path.lastIndexOf("/") + 1))).toEqual([
      "CheckNow",
      "WatchResults",
      "TryRuleSet",
    ]);
    for (const path of streams()) {
      const operation = described.paths[path]?.["post"];
      expect(operation?.description).toMatch(/A frame with flag 2 is the last one/);
      expect(itemSchema(operation?.requestBody)).toMatchObject({
        $ref: expect.stringMatching(/Request$/),
      });
    }
  });

  test("answers frames of what is described, and a last one", async () => {
    const ending = new AbortController();
    const [path = ""] = streams().filter((each) => each.endsWith("WatchResults"));
    const answer = await opened(path, {}, ending.signal);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, STREAM_TYPE]);
    const schema = itemSchema(described.paths[path]?.["post"]?.responses["200"]);
    for await (const { flags, text } of frames(answer)) {
      expect(flags).toBe(0);
      expect(problems(JSON.parse(text), schema)).toEqual([]);
      break;
    }
    ending.abort();
  });

  test("is read by the program that the reference has", async () => {
    const reference = new URL("../../../docs/reference/api.md", import.meta.url);
    const [, program = ""] = /```js\n(.*?)```/s.exec(await readFile(reference, "utf8")) ?? [];
    const given = { API: `${server.url}/truechimer.admin.v1.AdminService`, KEY: adminKey };
    const constants = Object.entries(given).map(
      ([name, value]) => `const ${name} = ${JSON.stringify(value)};`,
    );
    const child = spawn(
      process.execPath,
      ["--input-type=module", "-e", [...constants, program].join("\n")],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const schema = { $ref: "#/components/schemas/truechimer.admin.v1.WatchResultsResponse" };
    for await (const line of createInterface({ input: child.stdout })) {
      expect(JSON.parse(line)).toHaveProperty("sequence");
      expect(problems(JSON.parse(line), schema)).toEqual([]);
      break;
    }
    child.kill();
    await once(child, "exit");
  });

  test("of one question ends by itself, and says what was wrong in its last frame", async () => {
    const [path = ""] = streams().filter((each) => each.endsWith("TryRuleSet"));
    const all = [];
    for await (const frame of frames(
      await opened(path, { documentJson: "no rules" }, AbortSignal.timeout(20_000)),
    ))
      all.push(frame);
    expect(all.map(({ flags }) => flags)).toEqual([2]);
    const { error } = JSON.parse(all[0]?.text ?? "") as { readonly error: Json };
    expect(error).toMatchObject({ code: "invalid_argument" });
    expect(problems(error, REFUSAL)).toEqual([]);
  });
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

/** A byte of flags, four of length, and what is framed. */
function framed(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(text);
  const frame = new Uint8Array(5 + bytes.length);
  new DataView(frame.buffer).setUint32(1, bytes.length);
  frame.set(bytes, 5);
  return frame;
}

async function* frames(
  answer: Response,
): AsyncGenerator<{ readonly flags: number; readonly text: string }, void> {
  let waiting = Buffer.alloc(0);
  for await (const chunk of answer.body ?? []) {
    waiting = Buffer.concat([waiting, chunk]);
    while (waiting.length >= 5 && waiting.length >= 5 + waiting.readUInt32BE(1)) {
      const end = 5 + waiting.readUInt32BE(1);
      yield { flags: waiting.readUInt8(0), text: waiting.toString("utf8", 5, end) };
      waiting = waiting.subarray(end);
    }
  }
  expect(waiting.length).toBe(0);
}

/** What each frame of a body is. */
function itemSchema(body: unknown): Json {
  const { content } = body as {
    readonly content: Readonly<Record<string, { readonly "x-itemSchema"?: Json }>>;
  };
  return content[STREAM_TYPE]?.["x-itemSchema"] ?? {};
}

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
