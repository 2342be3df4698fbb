// One permission for every procedure: each is called with every role, and with the objects of another account.

import {
  create,
  type DescMessage,
  type DescMethod,
  type DescService,
  ScalarType,
} from "@bufbuild/protobuf";
import { adminV1, alertsV1, analyticsV1, peopleV1, rulesV1, signInV1 } from "@truechimer/api";
import { systemRandom } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { describe, expect, test } from "vitest";
import { tokenHash } from "../src/http/token.ts";
import { createToken } from "../src/index.ts";
import { ADMIN_PERMISSIONS } from "../src/people/admin-permissions.ts";
import { ALERTS_PERMISSIONS } from "../src/people/alerts-permissions.ts";
import { ANALYTICS_PERMISSIONS } from "../src/people/analytics-permissions.ts";
import { PEOPLE_PERMISSIONS } from "../src/people/people-permissions.ts";
import type { AnyPermissions } from "../src/people/permission.ts";
import { ROLES, roleReaches } from "../src/people/role.ts";
import { RULES_PERMISSIONS } from "../src/people/rules-permissions.ts";
import { MASTER_KEY } from "./_master-key.ts";
import { ip, useServer } from "./_test-server.ts";
import { createUser, sessionCookie } from "./_users.ts";

const database = await useDatabase();
const { server, admin } = await useServer(database, { masterKey: MASTER_KEY });

const SERVICES: readonly { readonly service: DescService; readonly permissions: AnyPermissions }[] =
  [
    { service: adminV1.AdminService, permissions: ADMIN_PERMISSIONS },
    { service: peopleV1.PeopleService, permissions: PEOPLE_PERMISSIONS },
    { service: analyticsV1.AnalyticsService, permissions: ANALYTICS_PERMISSIONS },
    { service: alertsV1.AlertService, permissions: ALERTS_PERMISSIONS },
    { service: rulesV1.RulesService, permissions: RULES_PERMISSIONS },
  ];
const PROCEDURES = SERVICES.flatMap(({ service, permissions }) =>
  service.methods.map((method) => ({ service, method, permission: permissions[method.localName] })),
);

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** What proves who asks. */
type Proof = { readonly authorization: string } | { readonly cookie: string };

const bearer = (secret: string): Proof => ({ authorization: `Bearer ${secret}` });

/** Over plain HTTP, so that nothing but the answer counts. */
async function ask(proof: Proof, method: DescMethod, body: object = {}): Promise<Refusal> {
  const isStream = method.methodKind !== "unary";
  const json = JSON.stringify(body);
  const response = await fetch(`${server.url}/${method.parent.typeName}/${method.name}`, {
    method: "POST",
    headers: {
      ...proof,
      "content-type": isStream ? "application/connect+json" : "application/json",
    },
    body: isStream ? enveloped(json) : json,
    signal: AbortSignal.timeout(20_000),
  });
  const text = isStream ? await firstMessage(response) : await response.text();
  const { code = "", message = "" } = errorIn(text);
  return { status: response.status, code, message };
}

function enveloped(json: string): Uint8Array<ArrayBuffer> {
  const bytes = Buffer.from(json);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return new Uint8Array(Buffer.concat([head, bytes]));
}

/** What the first envelope, or the refusal before any, says; a stream that goes on is left. */
async function firstMessage(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const first = await reader?.read();
  await reader?.cancel();
  const text = Buffer.from(first?.value ?? []).toString();
  return text.slice(Math.max(0, text.indexOf("{")));
}

function errorIn(text: string): { readonly code?: string; readonly message?: string } {
  try {
    const parsed = JSON.parse(text) as { error?: object; code?: string; message?: string };
    return parsed.error ?? parsed;
  } catch {
    return {};
  }
}

async function key(input: {
  readonly role: (typeof ROLES)[number];
  readonly accountId?: bigint;
  readonly procedures?: readonly string[];
  readonly expired?: boolean;
}): Promise<Proof> {
  const secret = createToken("tca_", systemRandom);
  await database.kysely
    .insertInto("api_keys")
    .values({
      name: input.role,
      token_hash: tokenHash(secret),
      role: input.role,
      account_id: input.accountId ?? null,
      procedures: input.procedures ?? null,
      expires_at: (input.expired === true ? "2001-01-01T00:00:00Z" : null) as never,
    })
    .execute();
  return bearer(secret);
}

/** A session for each call: some procedures end it. */
async function asUser(
  role: (typeof ROLES)[number],
  accountId?: bigint,
): Promise<() => Promise<Proof>> {
  users += 1;
  const user = await createUser(database, {
    name: `user ${users}`,
    role,
    ...(accountId === undefined ? {} : { accountId }),
  });
  return async () => ({ cookie: await sessionCookie(database, user.id) });
}

let users = 0;

/** By a key, and by a user who signed in. */
async function bothWays(
  role: (typeof ROLES)[number],
  accountId?: bigint,
): Promise<readonly (() => Promise<Proof>)[]> {
  const proof = await key({ role, ...(accountId === undefined ? {} : { accountId }) });
  return [() => Promise.resolve(proof), await asUser(role, accountId)];
}

async function account(name: string): Promise<bigint> {
  const row = await database.kysely
    .insertInto("accounts")
    .values({ id_token: name, name })
    .returning("id")
    .executeTakeFirstOrThrow();
  return row.id;
}

/** Fields of a request, and of what is within it, that name something by its id. */
function idFields(
  message: DescMessage,
  within: { readonly path: string; readonly jsonPath: string } = { path: "", jsonPath: "" },
): readonly { readonly path: string; readonly jsonPath: string }[] {
  return message.fields.flatMap((field) => {
    const path = `${within.path}${field.name}`;
    const jsonPath = `${within.jsonPath}${field.jsonName}`;
    if (/(?:^|_)ids?$/.test(field.name)) return [{ path, jsonPath }];
    const inner = field.message;
    if (inner === undefined || inner === message) return [];
    return idFields(inner, { path: `${path}.`, jsonPath: `${jsonPath}.` });
  });
}

describe("every procedure", () => {
  test("has a permission, and every permission a procedure", () => {
    for (const { service, permissions } of SERVICES) {
      const names = service.methods.map(({ localName }) => localName);
      expect(Object.keys(permissions).toSorted()).toEqual(names.toSorted());
    }
    expect(PROCEDURES.length).toBeGreaterThan(40);
  });

  test.each(ROLES)("is refused to the role %s exactly where it needs more", async (role) => {
    for (const proof of await bothWays(role)) {
      for (const { method, permission } of PROCEDURES) {
        const { code, message } = await ask(await proof(), method);
        const isRefused = code === "permission_denied" && message.includes("needs the role");
        expect({ name: method.name, isRefused, code }).toEqual({
          name: method.name,
          isRefused: !roleReaches(role, permission?.least ?? "admin"),
          code: expect.not.stringContaining("unauthenticated"),
        });
      }
    }
  });

  test("that is about all accounts is refused to one", async () => {
    for (const proof of await bothWays("admin", await account("narrow"))) {
      for (const { method, permission } of PROCEDURES) {
        const { code, message } = await ask(await proof(), method);
        const isRefused = code === "permission_denied" && message.includes("about all accounts");
        expect({ name: method.name, isRefused }).toEqual({
          name: method.name,
          isRefused: permission?.accounts === "installation",
        });
      }
    }
  });

  test("but those it names is closed to a key for some", async () => {
    const secret = await key({ role: "admin", procedures: ["GetOverview"] });
    for (const { method } of PROCEDURES) {
      const { code } = await ask(secret, method);
      expect({ name: method.name, open: code !== "permission_denied" }).toEqual({
        name: method.name,
        open: method.name === "GetOverview",
      });
    }
  });

  test("that needs none is one of those by which somebody gets in", () => {
    expect(signInV1.SignInService.methods.map(({ name }) => name)).toEqual([
      "GetSignInOptions",
      "SignIn",
      "BeginPasskeySignIn",
      "SignInWithPasskey",
      "LookUpLink",
      "UseLink",
    ]);
  });

  test("is closed to a key that has ended", async () => {
    const secret = await key({ role: "admin", expired: true });
    for (const { method } of PROCEDURES.slice(0, 3))
      expect((await ask(secret, method)).status).toBe(401);
  });
});

describe("objects of another account", async () => {
  const [theirs, ours] = [await account("theirs"), await account("ours")];
  const { addedIds } = await server.addServers([
    { name: "theirs", address: ip("10.9.9.1"), port: 123 },
    { name: "10.9.9.1:1123", address: ip("10.9.9.1"), port: 1123 },
  ]);
  const serverId = addedIds[0] ?? 0n;
  const { monitorId } = await server.createMonitor({ name: "theirs", address: ip("192.0.2.2") });
  await database.pool.query("update servers set account_id = $1", [theirs]);
  await database.pool.query("update monitors set account_id = $1", [theirs]);
  const { token } = await admin.createEnrolmentToken({ name: "theirs" });
  await database.pool.query("update enrolment_tokens set account_id = $1", [theirs]);
  await key({ role: "viewer", accountId: theirs });
  const them = await createUser(database, { name: "theirs", role: "viewer", accountId: theirs });
  await sessionCookie(database, them.id);
  const { rows: sessions } = await database.pool.query<{ id_token: string }>(
    "select id_token from user_sessions where user_id = $1",
    [them.id],
  );
  const { rows: keys } = await database.pool.query<{ id: bigint }>(
    "select id from api_keys where account_id = $1",
    [theirs],
  );
  const { rows: agents } = await database.pool.query<{ id_token: string }>(
    "select id_token from monitors where id = $1",
    [monitorId],
  );
  const idOf = async (statement: string): Promise<string> => {
    const { rows } = await database.pool.query<{ id: bigint }>(statement, [theirs]);
    return String(rows[0]?.id);
  };
  const alertRule = await idOf(
    `insert into alert_rules (account_id, name, subject, filter, severity, holds_ms, recovers_ms)
     values ($1, 'theirs', 'servers', 'stale:yes', 'info', 0, 0) returning id`,
  );
  const alertChannel = await idOf(
    `insert into alert_channels (account_id, name, kind, settings) values ($1, 'theirs', 'email',
     '{"host": "192.0.2.1", "port": 25, "security": "none", "username": "", "from": "a@b", "to": ["a@b"]}') returning id`,
  );
  const incident = await idOf(
    `insert into incidents (id_token, account_id, cause, title, severity)
     values ('01ARZ3NDEKTSV4RRFFQ69G5FAX', $1, 'server:1', 'theirs', 'info') returning id`,
  );
  const alertSilence = await idOf(
    `insert into alert_silences (account_id, subject, ends_at)
     values ($1, 'servers', now() + interval '1 day') returning id`,
  );
  const alertMessage = await idOf(
    `insert into alert_messages (key, channel_id, kind, subject, body)
     select 'theirs', id, 'test', 'theirs', '' from alert_channels where account_id = $1 returning id`,
  );
  const [ourKey, theirKey] = [
    await key({ role: "admin", accountId: ours }),
    await key({ role: "admin", accountId: theirs }),
  ];
  const ourUser = await asUser("admin", ours);
  /** Of the kinds that a request can name, one that is theirs and one that is nobody's. */
  const IDS: Readonly<Record<string, { readonly real: string; readonly none: string }>> = {
    servers: { real: String(serverId), none: "987654" },
    monitors: { real: String(monitorId), none: "987654" },
    agents: { real: agents[0]?.id_token ?? "", none: "01ARZ3NDEKTSV4RRFFQ69G5FAV" },
    enrolmentTokens: { real: token?.id ?? "", none: "01ARZ3NDEKTSV4RRFFQ69G5FAV" },
    keys: { real: String(keys[0]?.id), none: "987654" },
    accounts: { real: "theirs", none: "nobody" },
    users: { real: them.idToken, none: "01ARZ3NDEKTSV4RRFFQ69G5FAV" },
    sessions: { real: sessions[0]?.id_token ?? "", none: "01ARZ3NDEKTSV4RRFFQ69G5FAV" },
    alertRules: { real: alertRule, none: "987654" },
    alertChannels: { real: alertChannel, none: "987654" },
    incidents: { real: incident, none: "987654" },
    alertSilences: { real: alertSilence, none: "987654" },
    alertMessages: { real: alertMessage, none: "987654" },
    checks: { real: "987653", none: "987654" },
    registrations: { real: "01ARZ3NDEKTSV4RRFFQ69G5FAW", none: "01ARZ3NDEKTSV4RRFFQ69G5FAV" },
  };

  /** Every request that names an object, with the field that does. */
  const naming = PROCEDURES.flatMap(({ method, permission }) => {
    const { accounts } = permission ?? {};
    const objects = typeof accounts === "object" ? accounts.objects : undefined;
    if (objects === undefined) return [];
    return method.input.fields.flatMap((field) => {
      if (!/^(id|ids|server_id|server_ids|account_id|account_ids|user_id)$/.test(field.name))
        return [];
      const isList = field.fieldKind === "list";
      const isNumber = "scalar" in field && field.scalar === ScalarType.INT64;
      const probe = isNumber ? 1n : "x";
      const request = create(method.input, {
        [field.localName]: isList ? [probe] : probe,
      });
      return Object.keys(objects(request as never)).map((kind) => ({
        method,
        kind,
        body: (id: string) => ({ [field.jsonName]: isList ? [id] : id }),
      }));
    });
  });

  test("are looked for in every procedure that names one", () => {
    expect(naming.length).toBeGreaterThanOrEqual(20);
  });

  test.each(naming)("$method.name: $kind look as if they did not exist", async (each) => {
    const { real = "", none = "" } = IDS[each.kind] ?? {};
    for (const proof of [ourKey, await ourUser()]) {
      const refused = await ask(proof, each.method, each.body(real));
      const missing = await ask(proof, each.method, each.body(none));
      expect({ code: refused.code, message: refused.message.replace(real, "ID") }).toEqual({
        code: "not_found",
        message: missing.message.replace(none, "ID"),
      });
    }
  });

  // Their procedures see to these themselves: the request names them within a rule or a channel.
  const { saveAlertRule, tryAlertRule, saveAlertChannel, listAlertMessages } =
    alertsV1.AlertService.method;
  const RULE = {
    name: "another",
    subject: "ALERT_SUBJECT_SERVERS",
    filter: "verdict:falseticker",
    severity: "ALERT_SEVERITY_INFO",
  };
  const EMAIL = { host: "192.0.2.1", from: "a@b.example", to: ["c@d.example"] };
  const withinRules = [
    {
      method: saveAlertRule,
      kind: "alertRules",
      body: (id: string) => ({ rule: { ...RULE, id } }),
    },
    {
      method: saveAlertRule,
      kind: "alertChannels",
      body: (id: string) => ({ rule: { ...RULE, channelIds: [id] } }),
    },
    {
      method: saveAlertRule,
      kind: "alertChannels",
      body: (id: string) => ({
        rule: { ...RULE, escalateAfter: "60s", escalationChannelIds: [id] },
      }),
    },
    {
      method: tryAlertRule,
      kind: "alertChannels",
      body: (id: string) => ({ rule: { ...RULE, channelIds: [id] } }),
    },
    {
      method: saveAlertChannel,
      kind: "alertChannels",
      body: (id: string) => ({ channel: { id, name: "another", email: EMAIL } }),
    },
  ];

  test.each(withinRules)(
    "$method.name: $kind within look as if they did not exist",
    async ({ method, kind, body }) => {
      const { real = "", none = "" } = IDS[kind] ?? {};
      for (const proof of [ourKey, await ourUser()]) {
        const refused = await ask(proof, method, body(real));
        const missing = await ask(proof, method, body(none));
        expect({ code: refused.code, message: refused.message.replace(real, "ID") }).toEqual({
          code: "not_found",
          message: missing.message.replace(none, "ID"),
        });
      }
    },
  );

  test("messages of a channel are told to its own account alone", async () => {
    const messages = async (proof: Proof): Promise<string> => {
      const answer = await fetch(
        `${server.url}/${listAlertMessages.parent.typeName}/${listAlertMessages.name}`,
        {
          method: "POST",
          headers: { ...proof, "content-type": "application/json" },
          body: JSON.stringify({ channelId: alertChannel }),
        },
      );
      return answer.text();
    };
    expect(await messages(ourKey)).toBe("{}");
    expect(await messages(theirKey)).toContain("theirs");
  });

  /** Named by a request, and looked at by the procedure and a test of its own, or no object of an account. */
  const ELSEWHERE = [
    // Monitors that check the account's servers are told with them, whosever they are.
    ...["ListTraceroutes", "ListChecks", "ExplainScore", "ExplainAssignment"].map(
      (name) => `${name}.monitor_id`,
    ),
    ...["GetServerHistory", "CompareSeries", "GetAllanDeviation"].map(
      (name) => `${name}.monitor_ids`,
    ),
    ...["SaveAlertRule", "TryAlertRule"].flatMap((name) =>
      ["id", "channel_ids", "escalation_channel_ids"].map((field) => `${name}.rule.${field}`),
    ),
    "SaveAlertChannel.channel.id",
    "ListAlertMessages.channel_id",
    // passkeys.test.ts, and above.
    "RenamePasskey.id",
    "RemovePasskey.id",
    "ChooseAccount.account_id",
    // Sets of rules are everybody's to read.
    "TryRuleSet.rule_set_id",
    "ReplayServer.rule_set_id",
  ];

  test("are named by no field of a request that is looked at nowhere", () => {
    const found = PROCEDURES.flatMap(({ method, permission }) => {
      if (permission?.accounts === "installation") return [];
      const walked = new Set(
        naming
          .filter((each) => each.method === method)
          .flatMap(({ body }) => Object.keys(body(""))),
      );
      return idFields(method.input)
        .filter(({ jsonPath }) => !walked.has(jsonPath))
        .map(({ path }) => `${method.name}.${path}`);
    });
    expect(found.toSorted()).toEqual(ELSEWHERE.toSorted());
  });

  describe("of which the user has one of several", async () => {
    const both = await createUser(database, { name: "both", role: "admin", accountId: ours });
    await database.pool.query("insert into user_accounts values ($1, $2)", [both.id, theirs]);
    const people = peopleV1.PeopleService.method;

    async function proofIn(accountId: string): Promise<Proof> {
      const proof = { cookie: await sessionCookie(database, both.id) };
      const chosen = await ask(proof, people.chooseAccount, { accountId });
      expect(chosen.status).toBe(200);
      return proof;
    }

    test.each(naming)("$method.name: $kind are the chosen account's alone", async (each) => {
      const { real = "", none = "" } = IDS[each.kind] ?? {};
      const proof = await proofIn("ours");
      const refused = await ask(proof, each.method, each.body(real));
      const missing = await ask(proof, each.method, each.body(none));
      expect({ code: refused.code, message: refused.message.replace(real, "ID") }).toEqual({
        code: "not_found",
        message: missing.message.replace(none, "ID"),
      });
    });

    test("they are seen once that one is chosen, and no longer when it is taken away", async () => {
      const { getServer } = adminV1.AdminService.method;
      const id = String(serverId);
      const proof = await proofIn("theirs");
      expect((await ask(proof, getServer, { id })).status).toBe(200);
      await database.pool.query("delete from user_accounts where user_id = $1", [both.id]);
      expect((await ask(proof, getServer, { id })).code).toBe("not_found");
      const again = await ask(proof, people.chooseAccount, { accountId: "theirs" });
      const missing = await ask(proof, people.chooseAccount, { accountId: "nobody" });
      expect([again.code, again.message.replace("theirs", "nobody")]).toEqual([
        "not_found",
        missing.message,
      ]);
    });
  });

  test("are in no list, and in their own", async () => {
    const { listServers, listMonitors, listAgents, getOverview } = adminV1.AdminService.method;
    const { listUsers } = peopleV1.PeopleService.method;
    const { listIncidents, listAlertRules, listAlertChannels } = alertsV1.AlertService.method;
    const ofAlerts = [listIncidents, listAlertRules, listAlertChannels];
    for (const method of [
      listServers,
      listMonitors,
      listAgents,
      getOverview,
      listUsers,
      ...ofAlerts,
    ]) {
      const text = async (proof: Proof): Promise<string> => {
        const answer = await fetch(`${server.url}/${method.parent.typeName}/${method.name}`, {
          method: "POST",
          headers: { ...proof, "content-type": "application/json" },
          body: "{}",
        });
        return answer.text();
      };
      expect(await text(ourKey)).not.toContain("theirs");
      expect(await text(await ourUser())).not.toContain("theirs");
      expect(await text(theirKey)).toContain("theirs");
    }
  });

  test("are not to be guessed from how a page of events ends, nor from what is missing in a short list", async () => {
    const { listEvents, getOverview } = adminV1.AdminService.method;
    // More of theirs than a short list has, all of them newer than ours.
    await database.pool.query(
      `insert into servers (name, ip, port, ip_version, account_id) values ('of us', '10.9.9.2', 123, 'v4', $1)`,
      [ours],
    );
    await database.pool.query(
      `insert into events (at, kind, server_id, text)
      select now() - interval '1 hour', 'server_paused', id, 'ours ' || n from servers, generate_series(1, 3) n where name = 'of us'`,
    );
    await database.pool.query(
      `insert into events (at, kind, server_id, text)
      select now() - interval '1 minute', 'server_paused', $1, 'theirs ' || n from generate_series(1, 60) n`,
      [serverId],
    );
    await database.pool.query(
      `insert into events (kind, monitor_id, text) values ('monitor_offline', $1, 'theirs'), ('authority_created', null, 'of nobody')`,
      [monitorId],
    );
    const told = async (proof: Proof, method: DescMethod, body: object): Promise<unknown> => {
      const answer = await fetch(`${server.url}/${method.parent.typeName}/${method.name}`, {
        method: "POST",
        headers: { ...proof, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      const { events = [], nextPageToken = "" } = (await answer.json()) as {
        readonly events?: readonly { readonly text: string }[];
        readonly nextPageToken?: string;
      };
      return { texts: events.map(({ text }) => text), isOver: nextPageToken === "" };
    };
    const ofOurs = ["ours 3", "ours 2", "ours 1"];
    for (const proof of [ourKey, await ourUser()]) {
      expect(await told(proof, listEvents, { pageSize: 3 })).toEqual({
        texts: ofOurs,
        isOver: true,
      });
      expect(await told(proof, listEvents, { pageSize: 1, filter: "server:theirs" })).toEqual({
        texts: [],
        isOver: true,
      });
      expect(await told(proof, getOverview, {})).toMatchObject({ texts: ofOurs });
    }
    expect(await told(theirKey, listEvents, { pageSize: 1 })).toEqual({
      texts: ["theirs"],
      isOver: false,
    });
  });

  test("cannot be added, nor taken over by their name", async () => {
    const add = adminV1.AdminService.method.addServers;
    const response = await fetch(`${server.url}/${add.parent.typeName}/AddServers`, {
      method: "POST",
      headers: { ...ourKey, "content-type": "application/json" },
      body: JSON.stringify({ targets: ["10.9.9.1", "10.9.9.1:1123"] }),
    });
    const answer = (await response.json()) as { refused?: readonly { code: string }[] };
    expect(answer).toEqual({
      refused: [
        expect.objectContaining({ code: "conflict", target: "10.9.9.1" }),
        expect.objectContaining({ code: "conflict", target: "10.9.9.1:1123" }),
      ],
    });
    const createMonitor = adminV1.AdminService.method.createMonitor;
    const taken = await ask(ourKey, createMonitor, { name: "theirs", address: "192.0.2.9" });
    expect(taken.code).toBe("already_exists");
  });
});
