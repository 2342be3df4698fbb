// From a server that lies to a mailbox, and from one that tells the truth again.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type Duration,
  DurationSchema,
  type Timestamp,
  timestampFromMs,
} from "@bufbuild/protobuf/wkt";
import { alertsV1, type monitorV2 } from "@truechimer/api";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { afterAll, describe, expect, test, vi } from "vitest";
import { LOCAL_POLICY } from "../src/index.ts";
import { alertsClient, emailChannel, QUICK_LOOPS, startMailbox } from "./_alerts.ts";
import { MASTER_KEY } from "./_master-key.ts";
import { goodStatus, makeDue, newSubmissionId, refusalOf } from "./_results.ts";
import { ip, useServer } from "./_test-server.ts";

const database = await useDatabase({ poolSize: 20 });
const mailbox = await startMailbox();
afterAll(() => mailbox[Symbol.asyncDispose]());
const { server, admin, adminKey, monitorClient } = await useServer(database, {
  masterKey: MASTER_KEY,
  roles: ["api", "scorer", "worker"],
  loops: QUICK_LOOPS,
  jobTiming: { pollMs: 50 },
  policy: { ...LOCAL_POLICY, probe: { ...LOCAL_POLICY.probe, checkIntervalMs: 60_000 } },
});
const alerts = alertsClient(server.url, adminKey);
const { token } = await server.createMonitor({ name: "zurich", address: ip("10.0.0.1") });
const agent = monitorClient(token);
await admin.addServers({ targets: ["10.1.0.1", "10.1.0.2"] });

/** One check of each server by the agent: `seconds` ahead. */
async function check(offsets: Readonly<Record<string, bigint>>): Promise<void> {
  await makeDue(database.kysely);
  const batch = await vi.waitFor(async () => {
    const answer = await agent.getServers({ monId: "10.0.0.1", submissionVersionMax: 5 });
    expect(answer.servers).toHaveLength(2);
    return answer;
  }, 10_000);
  await agent.submitResults({
    version: 5,
    monId: "10.0.0.1",
    batchId: batch.batchId,
    submissionId: newSubmissionId(),
    list: batch.servers.map((each: monitorV2.Server) => {
      const seconds = offsets[each.ipBytes.join(".")] ?? 0n;
      return goodStatus(each, seconds === 0n ? {} : { offset: { seconds, nanos: 0 } });
    }),
  });
}

const RULE = {
  name: "liars",
  enabled: true,
  subject: alertsV1.AlertSubject.SERVERS,
  filter: "verdict:falseticker",
  severity: alertsV1.AlertSeverity.CRITICAL,
};

describe("a rule, a channel and a server that lies", () => {
  test("come to a mail when it begins, one when it is over, and no other", async () => {
    const { channel } = await alerts.saveAlertChannel({ channel: emailChannel(mailbox.port) });
    const channelId = channel?.id ?? 0n;
    await alerts.saveAlertRule({ rule: { ...RULE, channelIds: [channelId] } });
    const second = { ...RULE, name: "offset", filter: "abs_offset>1s", channelIds: [channelId] };
    await alerts.saveAlertRule({ rule: second });

    await check({});
    await check({ "10.1.0.2": 2n });
    await vi.waitFor(() => expect(mailbox.mails).toHaveLength(1), 20_000);
    const [opened] = mailbox.mails;
    expect(opened?.subject).toBe("[critical] 10.1.0.2: liars, offset");
    expect(opened?.to).toBe("ops@clocks.example");
    expect(opened?.messageId).toMatch(/^<[0-9A-Z]{26}\.opened\.\d+@clocks\.example>$/);
    expect(opened?.body).toContain("offset +2.");

    const { incidents, heldReason } = await alerts.listIncidents({});
    expect(heldReason).toBe("");
    expect(incidents).toHaveLength(1);
    const [incident] = incidents;
    expect(incident?.alerts.map(({ ruleName }) => ruleName).toSorted()).toEqual([
      "liars",
      "offset",
    ]);
    const acknowledged = await alerts.acknowledgeIncident({
      id: incident?.id ?? 0n,
      note: "on it",
    });
    expect(acknowledged.incident?.note).toBe("on it");

    await check({});
    await vi.waitFor(() => expect(mailbox.mails).toHaveLength(2), 20_000);
    expect(mailbox.mails[1]?.subject).toBe("[recovered] 10.1.0.2: liars, offset");
    expect(mailbox.mails[1]?.inReplyTo).toBe(opened?.messageId);
    expect((await alerts.listIncidents({})).incidents).toEqual([]);
    const { messages } = await alerts.listAlertMessages({});
    expect(messages.map(({ kind, state }) => [kind, state])).toEqual([
      ["recovered", alertsV1.AlertMessageState.SENT],
      ["opened", alertsV1.AlertMessageState.SENT],
    ]);
  }, 60_000);

  test("the dashboard's own certificate is told of when it ends soon or is not renewed, and when it is replaced", async () => {
    const { channels } = await alerts.listAlertChannels({});
    const before = mailbox.mails.length;
    const rule = {
      ...RULE,
      name: "dashboard's certificate",
      subject: alertsV1.AlertSubject.CERTIFICATES,
      filter: "left<2d or (left<10d not source:own) or renewal_failing:yes",
      channelIds: [channels[0]?.id ?? 0n],
    };
    await alerts.saveAlertRule({ rule });
    const present = (left: string, error: string): Promise<unknown> =>
      sql`insert into dashboard_certificates (source, names, issuer, not_after, last_error, replica_id)
        values ('acme', 'clocks.example', 'R11', now() + ${left}::interval, ${error}, 'a')
        on conflict (source, names) do update set not_after = excluded.not_after, last_error = excluded.last_error,
          seen_at = now()`.execute(database.kysely);
    await present("60 days", "");
    await present("29 days", "certificate_refused: the name leads elsewhere");
    await vi.waitFor(() => expect(mailbox.mails).toHaveLength(before + 1), 20_000);
    const opened = mailbox.mails.at(-1);
    expect(opened?.subject).toBe(
      "[critical] the dashboard's certificate for clocks.example: dashboard's certificate",
    );
    expect(opened?.body).toContain("failed: certificate_refused: the name leads elsewhere");
    await present("90 days", "");
    await vi.waitFor(() => expect(mailbox.mails).toHaveLength(before + 2), 20_000);
    expect(mailbox.mails.at(-1)?.subject).toMatch(/^\[recovered\] the dashboard's certificate/);

    await alerts.createAlertSilence({
      subject: alertsV1.AlertSubject.CERTIFICATES,
      filter: "certificate:clocks.*",
      lasts: { seconds: 600n },
    });
    await present("9 days", "");
    await vi.waitFor(async () => {
      const { incidents } = await alerts.listIncidents({});
      expect(incidents.map(({ title }) => title)).toEqual([
        "the dashboard's certificate for clocks.example",
      ]);
    }, 20_000);
    expect(mailbox.mails).toHaveLength(before + 2);
    await present("90 days", "");
    await vi.waitFor(
      async () => expect((await alerts.listIncidents({})).incidents).toEqual([]),
      20_000,
    );
    expect(await refusalOf(alerts.tryAlertRule({ rule }))).toBe("bad_request");
    const { rules } = await alerts.listAlertRules({});
    const made = rules.find(({ name }) => name === rule.name);
    await alerts.removeAlertRule({ id: made?.id ?? 0n });
  }, 60_000);

  test("a channel can be tried", async () => {
    const { channels } = await alerts.listAlertChannels({});
    const before = mailbox.mails.length;
    await alerts.testAlertChannel({ id: channels[0]?.id ?? 0n });
    await vi.waitFor(() => expect(mailbox.mails.length).toBe(before + 1), 10_000);
    expect(mailbox.mails.at(-1)?.subject).toBe("[test] mail");
  });
});

describe("a rule is tried against the past", () => {
  const ids = async (): Promise<readonly bigint[]> => {
    const { servers } = await admin.listServers({});
    return servers.toSorted((a, b) => (a.address < b.address ? -1 : 1)).map((each) => each.id);
  };
  const found = ({ incidents }: alertsV1.TryAlertRuleResponse): readonly unknown[] =>
    incidents.map(({ title, beganAt, endedAt, messages }) => {
      const seconds =
        endedAt === undefined ? null : Number(endedAt.seconds - (beganAt?.seconds ?? 0n));
      return [title, seconds, messages];
    });
  const tried = (
    filter: string,
    more: MessageInitShape<typeof alertsV1.AlertRuleSchema> = {},
    to?: Timestamp,
  ): Promise<alertsV1.TryAlertRuleResponse> =>
    alerts.tryAlertRule({
      rule: { ...RULE, name: "", filter, channelIds: [1n], ...more },
      ...(to === undefined ? {} : { to }),
    });

  test("and finds what was really told", async () => {
    const { incidents } = await alerts.listIncidents({ includeRecovered: true });
    const trial = await tried("verdict:falseticker");
    expect(trial.incidents.map(({ title, messages }) => [title, messages])).toEqual([
      ["10.1.0.2", 2],
    ]);
    const told = incidents.find(({ title }) => title === "10.1.0.2");
    const apart = Number(
      (trial.incidents[0]?.beganAt?.seconds ?? 0n) - (told?.openedAt?.seconds ?? 0n),
    );
    expect(Math.abs(apart)).toBeLessThanOrEqual(2);
    expect(trial).toMatchObject({ subjectsTotal: 2, messagesTotal: 2 });
  });

  test("by verdicts, faults, states, scores and presence, as far as they are kept", async () => {
    const { kysely } = database;
    const [first = 0n] = await ids();
    await sql`update servers set created_on = now() - interval '20 days'`.execute(kysely);
    await sql`update monitors set created_on = now() - interval '20 days'`.execute(kysely);
    await sql`
      insert into events (at, kind, server_id, verdict_before, verdict_after, fault_before, fault_after, reason, text)
      select now() - make_interval(hours => hours_ago), kind, ${first}::bigint, before, after, fault_before, fault_after, reason, ''
      from (values
        (120, 'verdict_changed', 'truechimer', 'unreachable', null, null, 'no_answer'),
        (119, 'fault_changed', null, null, '', 'server', 'outage'),
        (117, 'fault_changed', null, null, 'server', '', ''),
        (116, 'verdict_changed', 'unreachable', 'truechimer', null, null, 'agreement'),
        (80, 'verdict_changed', 'truechimer', 'unreachable', null, null, 'no_answer'),
        (78, 'server_paused', null, null, null, null, ''),
        (76, 'server_resumed', null, null, null, null, ''),
        (75, 'verdict_changed', 'unreachable', 'truechimer', null, null, 'agreement')
      ) as t (hours_ago, kind, before, after, fault_before, fault_after, reason)`.execute(kysely);
    await sql`
      insert into log_scores (ts, server_id, monitor_id, step, score)
      select now() - make_interval(mins => minutes_ago), ${first}::bigint, m.id, 1, score
      from (values (50, 12), (40, 9), (30, 3), (20, 10), (10, 15)) as t (minutes_ago, score), monitors m
      where m.type = 'score' and m.hostname = 'recentmedian'`.execute(kysely);
    await sql`
      insert into events (at, kind, monitor_id, text)
      select now() - make_interval(hours => hours_ago), kind, m.id, ''
      from (values (50, 'monitor_offline'), (47, 'monitor_online')) as t (hours_ago, kind), monitors m
      where m.type = 'monitor'`.execute(kysely);

    expect(found(await tried("verdict:unreachable"))).toEqual([
      ["10.1.0.1", 4 * 3_600, 2],
      ["10.1.0.1", 2 * 3_600, 2],
      ["10.1.0.1", 3_600, 2],
    ]);
    const patient = { holds: length(7_200n), recovers: length(600n), channelIds: [] };
    expect(found(await tried("verdict:unreachable", patient))).toEqual([
      ["10.1.0.1", 2 * 3_600 + 600, 0],
    ]);
    expect(found(await tried("fault:server fault_cause:outage name:*.1"))).toEqual([
      ["10.1.0.1", 2 * 3_600, 2],
    ]);
    // The test's own checks are younger.
    const to = timestampFromMs(Date.now() - 300_000);
    expect(found(await tried("score<10 name:10.1.0.1", {}, to))).toEqual([
      ["10.1.0.1", 20 * 60, 2],
    ]);
    const monitors = { subject: alertsV1.AlertSubject.MONITORS };
    expect(found(await tried("online:no", monitors))).toEqual([["agent zurich", 3 * 3_600, 2]]);
  });

  test("what a network or a lost agent causes is one incident", async () => {
    const { kysely } = database;
    await sql`
      with made as (
        insert into servers (name, ip, port, ip_version, state, created_on)
        select ip, ip::inet, 123, 'v4', 'watched', now() - interval '20 days'
        from (values ('198.51.100.1'), ('198.51.100.2'), ('198.51.100.3')) as t (ip) returning id
      ), watched as (
        insert into server_scores (server_id, monitor_id, status)
        select made.id, m.id, 'active' from made, monitors m where m.type = 'monitor'
      )
      insert into events (at, kind, server_id, verdict_before, verdict_after, reason, text)
      select now() - make_interval(hours => hours_ago), 'verdict_changed', made.id, before, after, reason, '' from made, (values
        (49, 'truechimer', 'unsure', 'no_witness'), (46, 'unsure', 'truechimer', 'agreement'),
        (30, 'truechimer', 'unreachable', 'no_answer'), (29, 'unreachable', 'truechimer', 'agreement')
      ) as t (hours_ago, before, after, reason)
      order by hours_ago desc`.execute(kysely);
    const network = "address:198.51.100.* verdict:unreachable,unsure";
    const to = timestampFromMs(Date.now() - 20 * 3_600_000);
    const { incidents } = await tried(network, {}, to);
    expect(
      incidents.map(({ cause, subjectsTotal, messages }) => [cause, subjectsTotal, messages]),
    ).toEqual([
      ["agent:zurich", 3, 2],
      ["network:198.51.100.0/24", 3, 2],
    ]);
    const each = await tried(network, { grouping: alertsV1.AlertGrouping.NONE }, to);
    expect([each.incidentsTotal, each.messagesTotal]).toEqual([6, 12]);
  });

  test.each([
    ["abs_offset>5ms bound<1ms", "bad_filter", /abs_offset is not kept.*try verdict:falseticker/],
    ["verdict:falseticker or stale:yes", "bad_filter", /stale is not kept/],
    ["lab", "bad_filter", /a word without a field/],
    ["verdikt:x", "bad_filter", /verdikt/],
    ["", "bad_request", /filter is empty/],
  ])("and is refused with what nothing is kept of: %s", async (filter, code, words) => {
    expect(await refusalOf(tried(filter))).toBe(code);
    await expect(tried(filter)).rejects.toThrow(words);
  });

  test("and over too long a past", async () => {
    const rule = { ...RULE, name: "" };
    const day = BigInt(Math.floor(Date.now() / 1_000)) - 31n * 86_400n;
    await expect(alerts.tryAlertRule({ rule, from: { seconds: day } })).rejects.toThrow(
      "from is 31.0 days before to: expected at most 30",
    );
    await expect(alerts.tryAlertRule({ rule, from: { seconds: day * 2n } })).rejects.toThrow(
      /expected an earlier instant/,
    );
  });
});

const quiet = (fromMinute: number, zone: string): alertsV1.QuietHours =>
  create(alertsV1.QuietHoursSchema, { fromMinute, zone });
const length = (seconds: bigint): Duration => create(DurationSchema, { seconds });

describe("bad input", () => {
  const RULES: readonly (readonly [string, string, Partial<alertsV1.AlertRule>])[] = [
    ["an unknown field", "bad_filter", { filter: "verdikt:x" }],
    ["an empty filter", "bad_request", { filter: " " }],
    ["no severity", "bad_request", { severity: alertsV1.AlertSeverity.UNSPECIFIED }],
    ["no name", "bad_request", { name: "" }],
    ["a minute after the day", "bad_request", { quietHours: quiet(1_440, "") }],
    ["a zone of another planet", "bad_request", { quietHours: quiet(0, "Mars/Olympus") }],
    ["an escalation to nobody", "bad_request", { escalateAfter: length(60n) }],
    ["a negative length", "bad_request", { holds: length(-1n) }],
    ["a channel that is not there", "not_found", { channelIds: [4_711n] }],
    ["a rule that is not there", "not_found", { id: 4_711n }],
    ["a name that is taken", "conflict", { name: "liars" }],
  ];

  test.each(RULES)("of a rule is refused: %s, %s", async (_name, code, fields) => {
    const rule = Object.assign(create(alertsV1.AlertRuleSchema, RULE), { name: "another" }, fields);
    expect(await refusalOf(alerts.saveAlertRule({ rule }))).toBe(code);
  });

  test.each([
    ["host", { host: "a b" }],
    ["port", { port: 65_536 }],
    ["from", { from: "nobody" }],
    ["to", { to: [] }],
    ["to", { to: ["a@b\r\nBcc: c@d"] }],
    ["username", { username: "a\nb" }],
  ])("of a mail channel is refused by its field: %s %j", async (field, settings) => {
    const channel = emailChannel(25, { name: "bad", ...(settings as object) });
    await expect(alerts.saveAlertChannel({ channel })).rejects.toThrow(`email.${field}`);
  });
});
