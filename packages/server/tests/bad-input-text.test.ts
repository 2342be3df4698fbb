// Hostile text in every field that takes text, of every procedure, found by the descriptors: it is refused with a code or
// kept as it is, and never reaches the database as anything but a value. A new field is tried with the rest.

import {
  clone,
  create,
  type DescMessage,
  type DescMethod,
  type Message,
  ScalarType,
  toJsonString,
} from "@bufbuild/protobuf";
import { adminV1, agentV1, monitorV2 } from "@truechimer/api";
import { createLogger } from "@truechimer/telemetry";
import { useDatabase } from "@truechimer/testing-postgres";
import { beforeAll, describe, expect, test } from "vitest";
import { askHttp, newCsr, newUlid } from "./_agents.ts";
import { registeredAgent } from "./_enrolled.ts";
import { MASTER_KEY } from "./_master-key.ts";
import { goodStatus, makeDue, newSubmissionId } from "./_results.ts";
import { useServer } from "./_test-server.ts";

const database = await useDatabase({ poolSize: 20 });
const failures: string[] = [];
const { server, admin, adminKey, monitorClient } = await useServer(database, {
  masterKey: MASTER_KEY,
  logger: createLogger({
    level: "error",
    output: { isTTY: false, write: (line: string) => void failures.push(line) },
  }),
  onDemandTiming: { ntpAnswerMs: 20, tracerouteAnswerMs: 20 },
  resolveName: () => Promise.reject(new Error("no names here")),
  rateLimits: {
    login_failures: { max: 1_000_000 },
    check_now: { max: 1_000_000 },
    check_now_target: { max: 1_000_000 },
    certificates: { max: 1_000_000 },
    registrations: { max: 1_000_000 },
    registrations_waiting: { max: 1_000_000 },
    registrations_waiting_of_source: { max: 1_000_000 },
  },
});

const HOSTILE: readonly { readonly name: string; readonly text: string }[] = [
  { name: "a quote and a statement", text: "'; drop table servers cascade; --" },
  { name: "a tautology", text: "' or '1'='1" },
  { name: "a dollar quote", text: "$$; delete from monitors; $$" },
  { name: "a parameter", text: "$1::text" },
  { name: "a backslash", text: "\\'; delete from accounts; --" },
  { name: "an identifier's quote", text: '"; drop schema public cascade; --' },
  { name: "wildcards", text: "%_%" },
  { name: "an array and a cast", text: "{1,2}'::int[]" },
  { name: "NUL", text: "zu\u0000rich" },
  { name: "half a surrogate pair", text: "\ud800" },
  { name: "controls and a line feed", text: "a\r\nb\u001b[31m\u0007" },
  { name: "right to left", text: "\u202eabc" },
  { name: "a long one", text: "'".repeat(20_000) },
];

/** In the place of the hostile text while the message is still well formed. */
const MARK = "MARKMARKMARK";
const MARK_BASE64: string = Buffer.from(MARK).toString("base64");

interface Variant {
  readonly field: string;
  /** JSON, with the mark where the text belongs. */
  readonly json: string;
}

type Fields = Record<string, unknown>;

/** The base with one field of text changed, once for each that can be reached. */
function variantsOf(desc: DescMessage, base: Message): readonly Variant[] {
  return [...changes(desc, base, 0)].map(({ field, message }) => ({
    field,
    json: toJsonString(desc, message),
  }));
}

/** Deeper is nowhere in the contract. */
const DEPTH_MAX = 5;

function* changes(
  desc: DescMessage,
  base: Message,
  depth: number,
): Generator<{ readonly field: string; readonly message: Message }> {
  if (depth > DEPTH_MAX || desc.typeName.startsWith("google.protobuf.")) return;
  for (const field of desc.fields) {
    const put = (value: unknown): Message => {
      const message = clone(desc, base);
      const target = message as unknown as Fields;
      if (field.oneof === undefined) target[field.localName] = value;
      else target[field.oneof.localName] = { case: field.localName, value };
      return message;
    };
    const isText = field.scalar === ScalarType.STRING || field.scalar === ScalarType.BYTES;
    const text = field.scalar === ScalarType.BYTES ? Buffer.from(MARK) : MARK;
    if (isText) {
      yield { field: field.name, message: put(field.fieldKind === "list" ? [text] : text) };
    } else if (field.message !== undefined && field.fieldKind !== "map") {
      const held = (base as unknown as Fields)[field.localName];
      const list = Array.isArray(held) ? (held as Message[]) : undefined;
      const inner = list?.[0] ?? (list === undefined ? held : undefined);
      const start = (inner as Message | undefined) ?? create(field.message);
      for (const change of changes(field.message, start, depth + 1)) {
        const value =
          field.fieldKind === "list" ? [change.message, ...(list ?? []).slice(1)] : change.message;
        yield { field: `${field.name}.${change.field}`, message: put(value) };
      }
    }
  }
}

interface Procedure {
  readonly path: string;
  readonly method: DescMethod;
}

const procedures: readonly Procedure[] = [
  adminV1.AdminService,
  agentV1.AgentService,
  monitorV2.MonitorService,
].flatMap((service) =>
  service.methods.map((method) => ({ path: `/${service.typeName}/${method.name}`, method })),
);

const bases = new Map<DescMessage, () => Promise<Message> | Message>();
let agentKey = "";

beforeAll(async () => {
  const agent = await registeredAgent(admin, server.url, { name: "zurich" });
  agentKey = agent.key;
  await admin.addServers({ targets: ["127.0.0.9:1123", "127.0.0.9:1124"] });
  const csrDer = await newCsr();
  const { servers } = await admin.listServers({});
  const serverId = servers[0]?.id ?? 0n;
  const set = <Desc extends DescMessage>(desc: Desc, init: Parameters<typeof create<Desc>>[1]) =>
    bases.set(desc, () => create(desc, init));
  set(monitorV2.GetConfigRequestSchema, { monId: "127.0.0.1" });
  set(monitorV2.GetServersRequestSchema, { monId: "127.0.0.1", submissionVersionMax: 5 });
  bases.set(monitorV2.SubmitResultsRequestSchema, async () => {
    await makeDue(database.kysely);
    const client = monitorClient(agentKey);
    const batch = await client.getServers({ monId: "127.0.0.1", submissionVersionMax: 5 });
    return create(monitorV2.SubmitResultsRequestSchema, {
      version: 5,
      monId: "127.0.0.1",
      batchId: batch.batchId,
      submissionId: newSubmissionId(),
      list: batch.servers.map((one) => goodStatus(one, { reason: "timeout", noResponse: true })),
    });
  });
  set(adminV1.AddServersRequestSchema, { targets: ["127.0.0.9"] });
  set(adminV1.CreateMonitorRequestSchema, { name: "vienna", address: "127.0.0.7" });
  set(adminV1.CreateEnrolmentTokenRequestSchema, { name: "roof", country: "CH" });
  set(adminV1.ListChecksRequestSchema, { serverId });
  set(adminV1.ListEventsRequestSchema, { serverId });
  set(adminV1.CheckNowRequestSchema, {});
  set(agentV1.EnrollRequestSchema, {
    token: `tce_${"x".repeat(43)}`,
    hostname: "bern",
    csrDer,
    addresses: ["192.0.2.1"],
    enrolmentId: newUlid(),
  });
  set(agentV1.RenewCertificateRequestSchema, { csrDer });
  set(agentV1.WatchRequestSchema, { sessionId: newUlid(), version: "truechimer-agent/0.1.0" });
  set(agentV1.AnswerRequestSchema, { requestId: newUlid() });
});

/** As JSON, so that also half a surrogate pair gets out of here. */
function withText(json: string, text: string): string {
  const base64 = Buffer.from(text).toString("base64");
  return json
    .replaceAll(JSON.stringify(MARK), JSON.stringify(text))
    .replaceAll(JSON.stringify(MARK_BASE64), JSON.stringify(base64));
}

interface Told {
  readonly status: number;
  readonly code: string | null;
  readonly body: string;
}

async function send({ path, method }: Procedure, json: string): Promise<Told> {
  const streaming = method.methodKind !== "unary";
  const patience = new AbortController();
  const answer = await fetch(`${server.url}${path}`, {
    method: "POST",
    signal: patience.signal,
    headers: {
      "content-type": streaming ? "application/connect+json" : "application/json",
      authorization: `Bearer ${path.includes("AdminService") ? adminKey : agentKey}`,
    },
    body: streaming ? enveloped(json) : json,
  });
  const code = answer.headers.get("truechimer-error-code");
  if (!streaming) return { status: answer.status, code, body: await answer.text() };
  // The first piece tells: of a stream that lives for minutes there is no end to wait for.
  const reader = answer.body?.getReader();
  const piece = await reader?.read();
  await reader?.cancel().catch(() => undefined);
  return { status: answer.status, code, body: Buffer.from(piece?.value ?? []).toString() };
}

function enveloped(json: string): Uint8Array<ArrayBuffer> {
  const body = Buffer.from(json);
  const envelope = Buffer.alloc(5 + body.length);
  envelope.writeUInt32BE(body.length, 1);
  body.copy(envelope, 5);
  return new Uint8Array(envelope);
}

describe("in every field of text", () => {
  test.each(procedures)("$path", { timeout: 120_000 }, async (procedure) => {
    const problems: string[] = [];
    for (const hostile of HOSTILE) problems.push(...(await problemsWith(procedure, hostile)));
    expect(problems).toEqual([]);
    // Nobody has reached beyond a value: what was there is there, and no account came by a sentence.
    const { servers } = await admin.listServers({ includeRemoved: true });
    expect(servers.length).toBeGreaterThanOrEqual(2);
    expect(await database.kysely.selectFrom("accounts").select("id").execute()).toHaveLength(1);
  });

  async function problemsWith(
    procedure: Procedure,
    { name, text }: (typeof HOSTILE)[number],
  ): Promise<readonly string[]> {
    const { input } = procedure.method;
    const base = (await bases.get(input)?.()) ?? create(input);
    const problems: string[] = [];
    for (const { field, json } of variantsOf(input, base)) {
      failures.length = 0;
      const { status, code, body } = await send(procedure, withText(json, text));
      const coded = status === 200 || code !== null;
      const ours = status === 500 || body.includes('"internal"') || failures.length > 0;
      if (coded && !ours) continue;
      problems.push(
        `${field}, ${name}: ${status} ${code} ${body.slice(0, 300)} ${failures.join("")}`,
      );
    }
    return problems;
  }

  test("every procedure of ours is among them, and most have some", () => {
    const withSome = procedures.filter(
      ({ method }) => variantsOf(method.input, create(method.input)).length > 0,
    );
    expect(procedures.length).toBeGreaterThan(30);
    expect(withSome.length).toBeGreaterThan(12);
    const fields = variantsOf(
      monitorV2.SubmitResultsRequestSchema,
      create(monitorV2.SubmitResultsRequestSchema),
    ).map(({ field }) => field);
    expect(fields).toContain("list.responses.reason");
    expect(fields).toContain("list.traceroute.hops.answers.ip_bytes");
  });
});

describe("in what comes by plain HTTP", () => {
  const calm = async (work: () => Promise<{ readonly status: number }>, where: string) => {
    failures.length = 0;
    const { status } = await work();
    expect({ where, failures, internal: status === 500 }).toEqual({
      where,
      failures: [],
      internal: false,
    });
  };

  test.each(HOSTILE)("$name", async ({ text }) => {
    const inHeader = Buffer.from(
      text.slice(0, 2_000).replaceAll(/[\u0000-\u001f\u007f]/g, "?"),
    ).toString("latin1");
    const inPath = encodeURIComponent(text.toWellFormed().slice(0, 1_000));
    const form = { "content-type": "application/x-www-form-urlencoded" };
    const post = (path: string, headers: Record<string, string>, body: string) =>
      askHttp(`${server.url}${path}`, { method: "POST", headers, body });
    const wanted = (fields: Record<string, string>): string =>
      new URLSearchParams(
        Object.fromEntries(
          Object.entries(fields).map(([key, value]) => [key, value.slice(0, 900)]),
        ),
      ).toString();
    for (const field of ["hostname", "a"]) {
      await calm(
        () =>
          post(
            "/monitor/api/registration",
            { ...form, "registration-id": newUlid() },
            wanted({ [field]: text }),
          ),
        `registration ${field}`,
      );
    }
    for (const header of ["registration-id", "user-agent", "x-forwarded-for", "authorization"]) {
      await calm(
        () =>
          post(
            "/monitor/api/registration",
            { ...form, "registration-id": newUlid(), [header]: inHeader },
            "hostname=x",
          ),
        `header ${header}`,
      );
    }
    const admins = { authorization: `Bearer ${adminKey}` };
    await calm(() => post(`/check/ntp/${inPath}`, admins, ""), "check");
    await calm(() => post(`/check/ntp/127.0.0.9?all=${inPath}`, admins, ""), "check all");
    await calm(() => askHttp(`${server.url}/?key=${inPath}`), "one-time key");
    await calm(() => askHttp(`${server.url}/${inPath}`), "path");
    await calm(
      () => askHttp(`${server.url}/`, { headers: { cookie: `truechimer_x=${inHeader}` } }),
      "cookie",
    );
    for (const header of ["user-agent", "traceparent"]) {
      await calm(
        () =>
          post(
            "/monitor.v2.MonitorService/GetConfig",
            {
              "content-type": "application/json",
              authorization: `Bearer ${agentKey}`,
              [header]: inHeader,
            },
            '{"monId":"127.0.0.1"}',
          ),
        `GetConfig ${header}`,
      );
    }
    await calm(
      () =>
        post(
          "/api/oidc/token",
          { "content-type": "application/json", authorization: `Bearer ${agentKey}` },
          JSON.stringify({ expires_in: text }).slice(0, 4_000),
        ),
      "token",
    );
  });
});
