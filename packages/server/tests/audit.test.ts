// The audit trail: every procedure that changes something writes to it, and whoever changes the trail itself is found out.

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "@connectrpc/connect";
import { adminV1, alertsV1, peopleV1 } from "@truechimer/api";
import { createUlid, systemClock, systemRandom } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { afterAll, describe, expect, test } from "vitest";
import { ADMIN_PERMISSIONS } from "../src/people/admin-permissions.ts";
import { ALERTS_PERMISSIONS } from "../src/people/alerts-permissions.ts";
import { oneTimePassword } from "../src/people/one-time-password.ts";
import { PEOPLE_PERMISSIONS } from "../src/people/people-permissions.ts";
import { RULES_PERMISSIONS } from "../src/people/rules-permissions.ts";
import { alertsClient } from "./_alerts.ts";
import { MASTER_KEY } from "./_master-key.ts";
import { makePasskey } from "./_passkey.ts";
import { ip, useServer } from "./_test-server.ts";
import {
  bytesOfBase32,
  createUser,
  PASSWORD,
  peopleClient,
  rulesClient,
  sessionCookie,
} from "./_users.ts";

const folder = await mkdtemp(join(tmpdir(), "audit-"));
afterAll(() => rm(folder, { recursive: true, force: true }));
const auditHeadFile = join(folder, "audit-head.json");
const database = await useDatabase();
const { server, admin, adminKey } = await useServer(database, {
  masterKey: MASTER_KEY,
  auditHeadFile,
});
const people = peopleClient(server.url, { authorization: `Bearer ${adminKey}` });
const alerts = alertsClient(server.url, adminKey);

const rules = rulesClient(server.url, adminKey);

async function trialId(): Promise<string> {
  for await (const { event } of rules.tryRuleSet({ ruleSetId: "ntp_pool_every/1" })) {
    if (event.case === "result") return event.value.trialId;
  }
  return "";
}

async function registration(): Promise<string> {
  const id = createUlid(systemClock, systemRandom);
  await database.pool.query(
    `insert into registrations (id, registration_id_hash, hostname, ipv4, source, tls_name)
     values ($1::text, sha256(convert_to($1::text, 'UTF8')), 'host', '192.0.2.7', '192.0.2.7', lower($1::text) || '.test')`,
    [id],
  );
  return id;
}

const { addedIds } = await server.addServers([{ name: "a", address: ip("10.0.0.1"), port: 123 }]);
const ids = [addedIds[0] ?? 0n];
const { monitorId } = await server.createMonitor({ name: "old", address: ip("10.0.1.1") });

const user = await createUser(database, { name: "margaret", role: "viewer" });

/** One call for each procedure that changes something, in an order in which each finds what it changes. */
const CHANGES: readonly (readonly [string, () => Promise<unknown>])[] = [
  ["addServers", () => admin.addServers({ targets: ["10.0.0.2"] })],
  ["pauseServers", () => admin.pauseServers({ ids })],
  ["resumeServers", () => admin.resumeServers({ ids })],
  ["removeServers", () => admin.removeServers({ ids })],
  ["restoreServers", () => admin.restoreServers({ ids })],
  ["setServerTracing", () => admin.setServerTracing({ ids, traced: true })],
  ["runLoop", () => admin.runLoop({ name: "clean_up" })],
  ["createLogin", () => admin.createLogin({})],
  ["createMonitor", () => admin.createMonitor({ name: "new", address: "10.0.1.2" })],
  [
    "setMonitorStatus",
    () => admin.setMonitorStatus({ ids: [monitorId], status: adminV1.MonitorStatus.PAUSED }),
  ],
  ["updateAgent", async () => admin.updateAgent({ id: await agentId(), network: "AS64500" })],
  ["removeAgent", async () => admin.removeAgent({ id: await agentId() })],
  [
    "approveRegistration",
    async () =>
      admin.approveRegistration({
        id: await registration(),
        status: adminV1.MonitorStatus.TESTING,
      }),
  ],
  [
    "rejectRegistration",
    async () => admin.rejectRegistration({ id: await registration(), reason: "no" }),
  ],
  ["createEnrolmentToken", () => admin.createEnrolmentToken({ name: "one" })],
  [
    "revokeEnrolmentToken",
    async () => {
      const { tokens } = await admin.listEnrolmentTokens({});
      return admin.revokeEnrolmentToken({ id: tokens[0]?.id ?? "" });
    },
  ],
  ["createKey", () => people.createKey({ name: "script", role: peopleV1.Role.VIEWER })],
  [
    "revokeKey",
    async () => people.revokeKey({ id: (await people.listKeys({})).keys[0]?.id ?? 0n }),
  ],
  ["inviteUser", () => people.inviteUser({ name: "ada", role: peopleV1.Role.VIEWER })],
  [
    "setUserRole",
    async () => people.setUserRole({ id: await userId(), role: peopleV1.Role.OPERATOR }),
  ],
  ["resetUser", async () => people.resetUser({ id: await userId() })],
  ["setUserDisabled", async () => people.setUserDisabled({ id: await userId(), disabled: true })],
  [
    "endSession",
    async () => {
      await sessionCookie(database, user.id);
      const { sessions } = await people.listSessions({ userId: user.idToken });
      return people.endSession({ id: sessions[0]?.id ?? "" });
    },
  ],
  ["endOtherSessions", async () => (await asUser()).endOtherSessions({})],
  [
    "beginSecondFactor",
    async () => {
      const begun = await (await asUser()).beginSecondFactor({ password: PASSWORD });
      secret = bytesOfBase32(begun.secret);
    },
  ],
  ["confirmSecondFactor", async () => (await asUser()).confirmSecondFactor({ code: code(0n) })],
  [
    "renewRecoveryCodes",
    async () => {
      const me = await asUser();
      const { recoveryCodes } = await me.renewRecoveryCodes({ password: PASSWORD, code: code(1n) });
      recoveryCode = recoveryCodes[0] ?? "";
    },
  ],
  [
    "removeSecondFactor",
    async () => (await asUser()).removeSecondFactor({ password: PASSWORD, code: recoveryCode }),
  ],
  [
    "beginPasskey",
    async () => {
      passkeyOptions = (await (await asUser()).beginPasskey({ password: PASSWORD })).optionsJson;
    },
  ],
  [
    "addPasskey",
    async () => {
      const { json } = makePasskey(passkeyOptions, server.url.replace("127.0.0.1", "localhost"));
      const added = await (await asUser()).addPasskey({ name: "phone", passkeyJson: json });
      passkeyId = added.passkey?.id ?? "";
      recoveryCode = added.recoveryCodes[0] ?? "";
    },
  ],
  ["renamePasskey", async () => (await asUser()).renamePasskey({ id: passkeyId, name: "tablet" })],
  [
    "removePasskey",
    async () =>
      (await asUser()).removePasskey({ id: passkeyId, password: PASSWORD, code: recoveryCode }),
  ],
  ["removeUserFactors", () => people.removeUserFactors({ id: user.idToken })],
  [
    "changePassword",
    async () =>
      (await asUser()).changePassword({
        currentPassword: PASSWORD,
        newPassword: "another horse, another battery",
      }),
  ],
  ["activateRuleSet", async () => rules.activateRuleSet({ trialId: await trialId() })],
  ["signOut", async () => (await asUser()).signOut({})],
  ["createAccount", () => people.createAccount({ name: "Lab" })],
  [
    "setUserAccounts",
    async () =>
      people.setUserAccounts({ id: user.idToken, accountIds: ["default", await labId()] }),
  ],
  ["chooseAccount", async () => (await asUser()).chooseAccount({ accountId: await labId() })],
  ["renameAccount", () => people.renameAccount({ id: "default", name: "Home" })],
  [
    "saveAlertChannel",
    async () => {
      const { channel } = await alerts.saveAlertChannel({
        channel: {
          name: "mail",
          way: {
            case: "email",
            value: { host: "192.0.2.1", from: "a@b.example", to: ["c@d.example"], password: "x" },
          },
        },
      });
      channelId = channel?.id ?? 0n;
    },
  ],
  ["testAlertChannel", () => alerts.testAlertChannel({ id: channelId })],
  [
    "saveAlertRule",
    async () => {
      const { rule } = await alerts.saveAlertRule({
        rule: {
          name: "lies",
          enabled: true,
          subject: alertsV1.AlertSubject.SERVERS,
          filter: "verdict:falseticker",
          severity: alertsV1.AlertSeverity.CRITICAL,
        },
      });
      ruleId = rule?.id ?? 0n;
    },
  ],
  [
    "createAlertSilence",
    async () => {
      const { silence } = await alerts.createAlertSilence({
        subject: alertsV1.AlertSubject.SERVERS,
        lasts: { seconds: 60n, nanos: 0 },
      });
      silenceId = silence?.id ?? 0n;
    },
  ],
  ["endAlertSilence", () => alerts.endAlertSilence({ id: silenceId })],
  [
    "sendAlertMessageAgain",
    async () => {
      const { rows } = await database.pool.query<{ id: bigint }>(
        "update alert_messages set dead_at = now() returning id",
      );
      return alerts.sendAlertMessageAgain({ id: rows[0]?.id ?? 0n });
    },
  ],
  ["removeAlertRule", () => alerts.removeAlertRule({ id: ruleId })],
  ["removeAlertChannel", () => alerts.removeAlertChannel({ id: channelId })],
  [
    "acknowledgeIncident",
    async () => {
      const { rows } = await database.pool.query<{ id: bigint }>(
        `insert into incidents (id_token, cause, title, severity)
         values ('01ARZ3NDEKTSV4RRFFQ69G5FAV', 'server:1', 'a', 'info') returning id`,
      );
      return alerts.acknowledgeIncident({ id: rows[0]?.id ?? 0n });
    },
  ],
  ["moveToAccount", () => people.moveToAccount({ accountId: "default", serverIds: ids })],
];

let channelId = 0n;
let ruleId = 0n;
let silenceId = 0n;

async function agentId(): Promise<string> {
  const { agents } = await admin.listAgents({});
  return agents.find(({ name }) => name === "old")?.id ?? "";
}

/** No key has a session: a user calls these. */
const OF_SESSIONS: ReadonlySet<string> = new Set([
  "endOtherSessions",
  "beginSecondFactor",
  "confirmSecondFactor",
  "removeSecondFactor",
  "renewRecoveryCodes",
  "beginPasskey",
  "addPasskey",
  "renamePasskey",
  "removePasskey",
  "changePassword",
  "chooseAccount",
  "signOut",
]);

let secret: Uint8Array = new Uint8Array();
let recoveryCode = "";
let passkeyOptions = "";
let passkeyId = "";

/** Of so many steps from now. */
function code(aside: bigint): string {
  return oneTimePassword(secret, systemClock.nowNs() / 30_000_000_000n + aside);
}

async function labId(): Promise<string> {
  const { accounts } = await people.listAccounts({});
  return accounts.find(({ name }) => name === "Lab")?.id ?? "";
}

async function userId(): Promise<string> {
  const { users } = await people.listUsers({});
  return users.find(({ name }) => name === "ada")?.id ?? "";
}

async function asUser(): Promise<Client<typeof peopleV1.PeopleService>> {
  return peopleClient(server.url, { cookie: await sessionCookie(database, user.id) });
}

async function sequence(): Promise<bigint> {
  const { entries } = await people.listAuditEntries({ pageSize: 1 });
  return entries[0]?.sequence ?? 0n;
}

describe("each procedure that changes something", () => {
  test("is tried here", () => {
    const permissions = Object.entries({
      ...ADMIN_PERMISSIONS,
      ...PEOPLE_PERMISSIONS,
      ...ALERTS_PERMISSIONS,
      ...RULES_PERMISSIONS,
    });
    const changing = permissions.flatMap(([name, { changes }]) => (changes ? [name] : []));
    expect(CHANGES.map(([name]) => name).toSorted()).toEqual(changing.toSorted());
  });

  test.each(CHANGES)("%s leaves one entry, and its end is kept outside", async (name, change) => {
    const actorKind = OF_SESSIONS.has(name) ? "user" : "command_line";
    const before = await sequence();
    await change();
    const { entries } = await people.listAuditEntries({ pageSize: 1 });
    expect(entries[0]).toMatchObject({ sequence: before + 1n, actorKind });
    const kept = JSON.parse(await readFile(auditHeadFile, "utf8")) as Record<string, string>;
    expect(kept).toMatchObject({ sequence: String(before + 1n), hash: entries[0]?.hash });
    expect(await people.verifyAudit({})).toMatchObject({
      whole: true,
      entries: before + 1n,
      vouchedFor: before + 1n,
      problems: [],
      remarks: [],
    });
  });

  test("says what was there before and what is since", async () => {
    const { entries } = await people.listAuditEntries({ pageSize: 1_000 });
    const paused = entries.find(({ act }) => act === "servers_paused");
    expect(paused).toMatchObject({
      object: `server ${ids[0]}`,
      beforeJson: `{"${ids[0]}":"watched"}`,
      afterJson: `{"${ids[0]}":"paused"}`,
    });
  });

  test("names an account by the id that everybody knows it by", async () => {
    const { account } = await people.createAccount({ name: "North" });
    await people.createKey({
      name: "northern",
      role: peopleV1.Role.VIEWER,
      ...(account === undefined ? {} : { accountId: account.id }),
    });
    const { entries } = await people.listAuditEntries({ pageSize: 1 });
    expect(entries[0]?.act).toBe("key_created");
    expect(JSON.parse(entries[0]?.afterJson ?? "{}")).toMatchObject({ account: account?.id });
  });

  test("says which accounts a user has by their ids", async () => {
    const { accounts } = await people.listAccounts({});
    const idOf = (of: string): string => accounts.find(({ name }) => name === of)?.id ?? "";
    const accountIds = [idOf("North"), idOf("Lab")];
    const { user: grace } = await people.inviteUser({
      name: "grace",
      role: peopleV1.Role.VIEWER,
      accountIds,
    });
    await people.setUserAccounts({ id: grace?.id ?? "", accountIds: [idOf("Lab")] });
    const { entries } = await people.listAuditEntries({ pageSize: 2 });
    expect(entries.map(({ act }) => act)).toEqual(["user_accounts_set", "user_invited"]);
    const [set, invited] = entries.map(({ beforeJson, afterJson }) => ({
      before: JSON.parse(beforeJson || "{}") as unknown,
      after: JSON.parse(afterJson) as unknown,
    }));
    expect(invited?.after).toMatchObject({ accounts: accountIds });
    expect(set?.before).toMatchObject({ accounts: accountIds });
    expect(set?.after).toMatchObject({ accounts: [idOf("Lab")] });
  });

  test("says whose each server and agent was by the ids of the accounts", async () => {
    const { accounts } = await people.listAccounts({});
    const from = accounts.find(({ name }) => name === "North")?.id ?? "";
    const to = accounts.find(({ name }) => name === "Lab")?.id ?? "";
    const { agents } = await admin.listAgents({});
    const agentIds = agents.map(({ id }) => id);
    expect(agentIds.length).toBeGreaterThan(0);
    await people.moveToAccount({ accountId: from, serverIds: ids, agentIds });
    await people.moveToAccount({ accountId: to, serverIds: ids, agentIds });
    const { entries } = await people.listAuditEntries({ pageSize: 1 });
    expect(entries[0]).toMatchObject({ act: "moved_to_account", object: `account ${to}` });
    expect(JSON.parse(entries[0]?.beforeJson ?? "{}")).toEqual({
      servers: Object.fromEntries(ids.map((id) => [String(id), from])),
      agents: Object.fromEntries(agentIds.map((id) => [id, from])),
    });
  });
});

describe("the trail is searched", () => {
  const sequences = async (
    search: Parameters<typeof people.listAuditEntries>[0],
  ): Promise<readonly string[]> => {
    const { entries } = await people.listAuditEntries({ pageSize: 1_000, ...search });
    return entries.map(({ act, actorName }) => `${act} by ${actorName}`);
  };

  test("by who, in any case", async () => {
    const found = await sequences({ who: "MARGA" });
    expect(found).toContain("password_changed by margaret");
    expect(found.every((each) => each.endsWith("by margaret"))).toBe(true);
  });

  test("by what, as words or as the code, and by the object", async () => {
    const paused = ["servers_paused by the command line"];
    for (const what of ["servers paused", "servers_paused", "Paused server"])
      expect(await sequences({ what })).toEqual(paused);
    expect(await sequences({ what: `server ${ids[0]}`, who: "line" })).toContain(paused[0]);
    expect(await sequences({ what: "%" })).toEqual([]);
  });

  test("by time, page by page", async () => {
    const { entries } = await people.listAuditEntries({ pageSize: 5 });
    const [newest, , , , fifth] = entries;
    const within = { from: fifth?.at, to: newest?.at } as Parameters<
      typeof people.listAuditEntries
    >[0];
    const first = await people.listAuditEntries({ ...within, pageSize: 3 });
    const numbers = (of: readonly peopleV1.AuditEntry[]): readonly bigint[] =>
      of.map((entry) => entry.sequence);
    expect(numbers(first.entries)).toEqual(numbers(entries.slice(1, 4)));
    const rest = await people.listAuditEntries({ ...within, pageToken: first.nextPageToken });
    expect(numbers(rest.entries)).toEqual([fifth?.sequence]);
  });

  test("but not for what nobody is called", async () => {
    await expect(people.listAuditEntries({ who: "x".repeat(101) })).rejects.toThrow(
      "who has 101 characters: expected at most 100",
    );
  });
});

test("a change that fails leaves no entry", async () => {
  const before = await sequence();
  await expect(admin.pauseServers({ ids: [...ids, 987_654n] })).rejects.toThrow("no server");
  expect(await sequence()).toBe(before);
});

test("fifty acts at once make one chain", async () => {
  const before = await sequence();
  await Promise.all(
    Array.from({ length: 50 }, (_, index) => people.createAccount({ name: `a${index}` })),
  );
  expect(await sequence()).toBe(before + 50n);
  expect(await people.verifyAudit({})).toMatchObject({ whole: true, vouchedFor: before + 50n });
});

describe("the stored trail", () => {
  test.each([
    "update audit_entries set object = 'x'",
    "delete from audit_entries",
    "truncate audit_entries",
  ])("refuses %s", async (statement) => {
    await expect(database.pool.query(statement)).rejects.toThrow("append-only");
  });

  /** As whoever may switch the triggers off. Undone afterwards, so that each mischief is found alone. */
  async function problemsAfter(...statements: readonly string[]): Promise<readonly string[]> {
    await database.pool.query("create table kept_entries as table audit_entries");
    await database.pool.query("create table kept_head as table audit_head");
    await database.pool.query("alter table audit_entries disable trigger user");
    try {
      for (const statement of statements) await database.pool.query(statement);
      const { whole, problems } = await people.verifyAudit({});
      expect(whole).toBe(problems.length === 0);
      return problems;
    } finally {
      await database.pool.query("truncate audit_entries");
      await database.pool.query("insert into audit_entries table kept_entries");
      await database.pool.query("delete from audit_head");
      await database.pool.query("insert into audit_head table kept_head");
      await database.pool.query("alter table audit_entries enable trigger user");
      await database.pool.query("drop table kept_entries, kept_head");
    }
  }

  test.each([
    ["object = 'server 9'"],
    ["actor_name = 'somebody else'"],
    ["at = at + interval '1 us'"],
    ["after = null"],
    ["account_id = 1"],
    ["hash = sha256('x')"],
  ])("an entry with %s is found", async (change) => {
    const problems = await problemsAfter(`update audit_entries set ${change} where sequence = 3`);
    expect(problems).toContain("entry 3 was altered");
  });

  test("an entry that was taken out is found", async () => {
    expect(await problemsAfter("delete from audit_entries where sequence = 5")).toContain(
      "entry 5 is missing",
    );
    expect(await problemsAfter("delete from audit_entries where sequence <= 2")).toContain(
      "entries 1 to 2 are missing",
    );
  });

  test("two entries that changed places are found", async () => {
    const problems = await problemsAfter(
      "update audit_entries set sequence = case sequence when 4 then 1000004 else 1000005 end where sequence in (4, 5)",
      "update audit_entries set sequence = case sequence when 1000004 then 5 else 4 end where sequence > 1000000",
    );
    expect(problems).toContain("entry 4 was altered");
  });

  const CUT = [
    "delete from audit_entries where sequence > 10",
    "update audit_head set sequence = 10, hash = (select hash from audit_entries where sequence = 10)",
  ];

  test("a tail that was cut off, and the head with it, is found by the head outside", async () => {
    const last = await sequence();
    expect(await problemsAfter(...CUT)).toEqual([
      `entries 11 to ${last} were cut off: the head that was kept outside is of entry ${last}`,
    ]);
  });

  test("a tail that was cut off and overgrown is still found", async () => {
    const last = await sequence();
    await database.pool.query("create table kept_entries as table audit_entries");
    await database.pool.query("create table kept_head as table audit_head");
    await database.pool.query("alter table audit_entries disable trigger user");
    for (const statement of CUT) await database.pool.query(statement);
    // The head outside names an entry that is gone: it is not written over.
    for (let count = 10n; count < last + 2n; count += 1n)
      await people.createAccount({ name: `again ${count}` });
    const { whole, problems } = await people.verifyAudit({});
    expect({ whole, problems }).toEqual({
      whole: false,
      problems: [
        `entry ${last} is not the one that the head that was kept outside names: the trail was written anew`,
      ],
    });
    await database.pool.query("truncate audit_entries");
    await database.pool.query("insert into audit_entries table kept_entries");
    await database.pool.query("delete from audit_head");
    await database.pool.query("insert into audit_head table kept_head");
    await database.pool.query("alter table audit_entries enable trigger user");
    await database.pool.query("drop table kept_entries, kept_head");
  });

  test("a head with a forged signature, or of another key, vouches for nothing", async () => {
    const kept = JSON.parse(await readFile(auditHeadFile, "utf8")) as Record<string, string>;
    const forged = await people.verifyAudit({
      headJson: JSON.stringify({ ...kept, sequence: "1" }),
    });
    expect(forged).toMatchObject({ whole: false, vouchedFor: 0n });
    const foreign = await people.verifyAudit({
      headJson: JSON.stringify({ ...kept, key: "0123456789abcdef" }),
    });
    expect(foreign).toMatchObject({ whole: true, vouchedFor: 0n });
    expect(foreign.remarks).toEqual([expect.stringContaining("vouches for nothing here")]);
    await expect(people.verifyAudit({ headJson: "{}" })).rejects.toThrow("no head");
  });

  test("what lies in the place of the head and is none is told, and never written over", async () => {
    const kept = await readFile(auditHeadFile, "utf8");
    await writeFile(auditHeadFile, kept.slice(0, 40));
    await people.createAccount({ name: "meanwhile" });
    expect(await readFile(auditHeadFile, "utf8")).toBe(kept.slice(0, 40));
    const { whole, problems, remarks } = await people.verifyAudit({});
    expect({ whole, problems, remarks }).toEqual({
      whole: false,
      problems: [
        `${auditHeadFile} holds no head of an audit trail: move it aside, and the next act writes a new one`,
      ],
      remarks: [],
    });
    await rm(auditHeadFile);
    await people.createAccount({ name: "afterwards" });
    expect(await people.verifyAudit({})).toMatchObject({ whole: true, problems: [] });
  });
});
