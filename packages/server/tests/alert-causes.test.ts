// What is told of a world in which much goes wrong at once: one message for one cause, none in quiet hours, none of servers
// while our own side is broken, and another one when nobody takes it on.

import { alertsV1 } from "@truechimer/api";
import { type Clock, systemClock } from "@truechimer/base";
import { useDatabase } from "@truechimer/testing-postgres";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { LOCAL_POLICY } from "../src/index.ts";
import { alertsClient, emailChannel, QUICK_LOOPS, startMailbox } from "./_alerts.ts";
import { useServer } from "./_test-server.ts";

const WAIT_MS = 20_000;
const SERVERS_OF_ONE = 200;

const database = await useDatabase({ poolSize: 10 });
const { kysely } = database;
const mailbox = await startMailbox();
afterAll(() => mailbox[Symbol.asyncDispose]());
let aheadNs = 0n;
const clock: Clock = { ...systemClock, nowNs: () => systemClock.nowNs() + aheadNs };
const { server, adminKey } = await useServer(database, {
  roles: ["api", "worker"],
  clock,
  loops: QUICK_LOOPS.filter(({ name }) => name.startsWith("alert_")),
  jobTiming: { pollMs: 50 },
  policy: LOCAL_POLICY,
});
const alerts = alertsClient(server.url, adminKey);
let mail = 0n;
let night = 0n;

const RULE = {
  name: "not well",
  enabled: true,
  subject: alertsV1.AlertSubject.SERVERS,
  filter: "verdict:unreachable,unsure,falseticker",
  severity: alertsV1.AlertSeverity.WARNING,
};

beforeAll(async () => {
  for (const name of ["mail", "night"]) {
    const to = [`${name}@clocks.example`];
    const { channel } = await alerts.saveAlertChannel({
      channel: emailChannel(mailbox.port, { name, to }),
    });
    if (name === "mail") mail = channel?.id ?? 0n;
    else night = channel?.id ?? 0n;
  }
  await sql`
    insert into monitors (id_token, hostname, ip, ip_version, status, online) values
      ('01ARZ3NDEKTSV4RRFFQ69G5FA1', 'zurich', '10.0.0.1', 'v4', 'active', true),
      ('01ARZ3NDEKTSV4RRFFQ69G5FA2', 'oslo', '10.0.0.2', 'v4', 'active', true)`.execute(kysely);
  // Those of zurich alone, each in a network of its own; three of one network and one lonely one, watched by both.
  await sql`
    insert into servers (name, ip, ip_version, verdict, verdict_reason)
    select 'z' || n, ('10.1.' || n || '.1')::inet, 'v4', 'truechimer', 'within_limit'
    from generate_series(1, ${SERVERS_OF_ONE}::int) n
    union all
    select 'net' || n, ('192.0.2.' || n)::inet, 'v4', 'truechimer', 'within_limit' from generate_series(1, 3) n
    union all
    select 'alone', '198.51.100.1', 'v4', 'truechimer', 'within_limit'`.execute(kysely);
  await sql`
    insert into server_scores (server_id, monitor_id, status)
    select s.id, m.id, 'active' from servers s join monitors m on m.type = 'monitor'
      and (m.hostname = 'zurich' or s.name not like 'z%')`.execute(kysely);
});

/** All well, and forgotten. */
afterEach(async () => {
  aheadNs = 0n;
  const { rules } = await alerts.listAlertRules({});
  for (const { id } of rules) await alerts.removeAlertRule({ id });
  await setVerdict("%", "truechimer", "within_limit");
  await sql`update servers set faults = '[]', fault = '', fault_cause = ''`.execute(kysely);
  await sql`update monitors set online = true`.execute(kysely);
  await vi.waitFor(async () => {
    const { incidents } = await alerts.listIncidents({});
    if (incidents.length > 0) throw new Error("an incident goes on");
    const { messages } = await alerts.listAlertMessages({});
    const isSent = ({ state }: alertsV1.AlertMessage): boolean =>
      state === alertsV1.AlertMessageState.SENT;
    if (!messages.every(isSent)) throw new Error("a message waits");
  }, WAIT_MS);
});

async function setVerdict(name: string, verdict: string, reason: string): Promise<void> {
  await sql`update servers set verdict = ${verdict}, verdict_reason = ${reason} where name like ${name}`.execute(
    kysely,
  );
}

interface Inbox {
  readonly subjects: () => readonly string[];
}

/** What has come since now. */
function inbox(): Inbox {
  const from = mailbox.mails.length;
  return {
    subjects: () => mailbox.mails.slice(from).map(({ subject, to }) => `${to}: ${subject}`),
  };
}

/** One more look at the rules, and one more at the outbox. */
async function looks(count: number): Promise<void> {
  const runs = async (): Promise<readonly number[]> => {
    const { rows } = await sql<{ readonly runs: bigint }>`
      select runs_total as runs from loop_runs where name like 'alert_%' order by name`.execute(
      kysely,
    );
    return rows.map((row) => Number(row.runs));
  };
  const before = await runs();
  await vi.waitFor(async () => {
    const now = await runs();
    for (const [loop, was] of before.entries()) expect(now[loop]).toBeGreaterThan(was + count);
  }, WAIT_MS);
}

/** As if what has been found and told had been so a while ago. */
async function age(seconds: number): Promise<void> {
  const by = sql`make_interval(secs => ${seconds}::float8)`;
  await sql`update incidents set opened_at = opened_at - ${by} where recovered_at is null`.execute(
    kysely,
  );
  await sql`update alert_messages set created_at = created_at - ${by}`.execute(kysely);
  await sql`update alert_evaluation set held_since = held_since - ${by}`.execute(kysely);
}

test("the outage of a monitor is one message, and not one for each of two hundred servers", async () => {
  await alerts.saveAlertRule({ rule: { ...RULE, channelIds: [mail] } });
  const { subjects } = inbox();
  await sql`update monitors set online = false where hostname = 'zurich'`.execute(kysely);
  await setVerdict("z%", "unsure", "no_witness");
  await vi.waitFor(() => expect(subjects()).toHaveLength(1), WAIT_MS);
  expect(subjects()).toEqual(["mail@clocks.example: [warning] agent zurich: not well"]);
  const { incidents } = await alerts.listIncidents({});
  expect(incidents.map(({ cause, alertsTotal }) => [cause, alertsTotal])).toEqual([
    ["agent:zurich", SERVERS_OF_ONE],
  ]);
  await sql`update monitors set online = true`.execute(kysely);
  await setVerdict("z%", "truechimer", "within_limit");
  await vi.waitFor(() => expect(subjects()).toHaveLength(2), WAIT_MS);
  expect(subjects()[1]).toContain("[recovered] agent zurich");
});

test("servers of one network that fall silent are one message; another one that lies is its own", async () => {
  await alerts.saveAlertRule({ rule: { ...RULE, channelIds: [mail] } });
  const { subjects } = inbox();
  await setVerdict("net%", "unreachable", "no_answer");
  await setVerdict("alone", "falseticker", "offset_outside_limit");
  await vi.waitFor(() => expect(subjects()).toHaveLength(2), WAIT_MS);
  expect(subjects().toSorted()).toEqual([
    "mail@clocks.example: [warning] alone: not well",
    "mail@clocks.example: [warning] network 192.0.2.0/24: not well",
  ]);
});

interface Judged {
  readonly fault: string;
  readonly cause: string;
  readonly kind: string;
  readonly from: string;
  readonly to: string;
  readonly shown?: number;
}

/** As the judge stores it. */
async function judge(name: string, faults: readonly Judged[]): Promise<void> {
  const stored = faults.map(({ fault, cause, kind, from, to, shown = 6 }) => ({
    fault,
    cause,
    reach: { kind, from, to },
    shown,
  }));
  await sql`update servers set faults = ${JSON.stringify(stored)}::jsonb where name like ${name}`.execute(
    kysely,
  );
}

const LOSS = {
  fault: "path",
  cause: "loss",
  kind: "part",
  from: "AS64500",
  to: "prefix 192.0.2.0/24",
};

test("what is judged to reach beyond a server is one message, also for what it takes with it later", async () => {
  await alerts.saveAlertRule({
    rule: { ...RULE, name: "paths", filter: "seen_faults:*path/*", channelIds: [mail] },
  });
  const { subjects } = inbox();
  await judge("net1", [{ ...LOSS, kind: "pair", from: "1", to: "201" }]);
  await vi.waitFor(() => expect(subjects()).toHaveLength(1), WAIT_MS);
  expect(subjects()[0]).toMatch(/path from \S+ to (net1|201): paths$/);
  await judge("net1", [LOSS]);
  await judge("net2", [
    { fault: "server", cause: "clock_step", kind: "server", from: "202", to: "" },
    LOSS,
  ]);
  await vi.waitFor(async () => {
    const { incidents } = await alerts.listIncidents({});
    expect(incidents.map(({ alertsTotal }) => alertsTotal)).toEqual([2]);
  }, WAIT_MS);
  // After a while it is news again.
  await age(600);
  await judge("net3", [LOSS]);
  await vi.waitFor(() => expect(subjects()).toHaveLength(2), WAIT_MS);
  expect(subjects()[1]).toBe(
    "mail@clocks.example: [warning] path through AS64500 to 192.0.2.0/24: paths",
  );
});

test("a way that has changed for a few pairs alone is no news", async () => {
  await alerts.saveAlertRule({
    rule: { ...RULE, name: "paths", filter: "seen_faults:*", channelIds: [mail] },
  });
  const { subjects } = inbox();
  await judge("net1", [{ ...LOSS, cause: "path_change", shown: 5 }]);
  await looks(3);
  expect((await alerts.listIncidents({})).incidents).toEqual([]);
  await judge("net1", [{ ...LOSS, cause: "path_change" }]);
  await vi.waitFor(() => expect(subjects()).toHaveLength(1), WAIT_MS);
});

test("a rule that everything passes is one message", async () => {
  await alerts.saveAlertRule({
    rule: { ...RULE, name: "all", filter: "server:*", channelIds: [mail] },
  });
  const { subjects } = inbox();
  await vi.waitFor(
    () => expect(subjects()).toEqual(["mail@clocks.example: [warning] many servers: all"]),
    WAIT_MS,
  );
  const { incidents } = await alerts.listIncidents({});
  expect(incidents.map(({ alertsTotal }) => alertsTotal)).toEqual([SERVERS_OF_ONE + 4]);
  // While the next look is at it: nothing that it finds stays behind.
  const { rules } = await alerts.listAlertRules({});
  await alerts.removeAlertRule({ id: rules[0]?.id ?? 0n });
});

test("what is over before anybody was told is told to nobody", async () => {
  const recovers = { seconds: 3_600n };
  await alerts.saveAlertRule({ rule: { ...RULE, recovers, channelIds: [mail] } });
  const { subjects } = inbox();
  await setVerdict("alone", "falseticker", "offset_outside_limit");
  await vi.waitFor(
    async () => expect((await alerts.listIncidents({})).incidents).toHaveLength(1),
    WAIT_MS,
  );
  await setVerdict("alone", "truechimer", "within_limit");
  await looks(1);
  await age(60);
  await looks(3);
  expect(subjects()).toEqual([]);
  await setVerdict("alone", "falseticker", "offset_outside_limit");
  await vi.waitFor(() => expect(subjects()).toHaveLength(1), WAIT_MS);
});

test("in quiet hours nobody is told, and afterwards of what still goes on", async () => {
  const always = { fromMinute: 0, toMinute: 0, zone: "UTC" };
  const { rule } = await alerts.saveAlertRule({
    rule: { ...RULE, channelIds: [mail], quietHours: always },
  });
  const { subjects } = inbox();
  await setVerdict("alone", "falseticker", "offset_outside_limit");
  await vi.waitFor(
    async () => expect((await alerts.listIncidents({})).incidents).toHaveLength(1),
    WAIT_MS,
  );
  await age(60);
  await looks(3);
  expect(subjects()).toEqual([]);
  await alerts.saveAlertRule({ rule: { ...RULE, id: rule?.id ?? 0n, channelIds: [mail] } });
  await vi.waitFor(
    () => expect(subjects()).toEqual(["mail@clocks.example: [warning] alone: not well"]),
    WAIT_MS,
  );
});

test("without an acknowledgement others are told, once; with one they are not", async () => {
  await alerts.saveAlertRule({
    rule: {
      ...RULE,
      channelIds: [mail],
      escalateAfter: { seconds: 900n },
      escalationChannelIds: [night],
    },
  });
  const { subjects } = inbox();
  await setVerdict("alone", "falseticker", "offset_outside_limit");
  await vi.waitFor(() => expect(subjects()).toHaveLength(1), WAIT_MS);
  await age(800);
  await looks(2);
  expect(subjects()).toHaveLength(1);
  await age(200);
  await vi.waitFor(() => expect(subjects()).toHaveLength(2), WAIT_MS);
  expect(subjects()[1]).toBe(
    "night@clocks.example: [warning, nobody has taken it on] alone: not well",
  );
  await setVerdict("alone", "truechimer", "within_limit");
  await vi.waitFor(() => expect(subjects()).toHaveLength(4), WAIT_MS);

  await setVerdict("net1", "falseticker", "offset_outside_limit");
  await vi.waitFor(() => expect(subjects()).toHaveLength(5), WAIT_MS);
  const { incidents } = await alerts.listIncidents({});
  await alerts.acknowledgeIncident({ id: incidents[0]?.id ?? 0n });
  await age(2_000);
  await looks(3);
  expect(subjects()).toHaveLength(5);
});

test("while our own clock is wrong nothing is told of servers, and that is told", async () => {
  await alerts.saveAlertRule({ rule: { ...RULE, channelIds: [mail] } });
  const { subjects } = inbox();
  aheadNs = 30_000_000_000n;
  await vi.waitFor(async () => {
    expect((await alerts.listIncidents({})).heldReason).toContain("ahead of the database's");
  }, WAIT_MS);
  await setVerdict("alone", "falseticker", "offset_outside_limit");
  await looks(3);
  expect(subjects()).toEqual([]);
  await age(60);
  await vi.waitFor(
    () =>
      expect(subjects()).toEqual([
        "mail@clocks.example: [critical] Truechimer itself: alerts are held",
      ]),
    WAIT_MS,
  );
  aheadNs = 0n;
  await vi.waitFor(() => expect(subjects()).toHaveLength(3), WAIT_MS);
  expect(subjects().slice(1)).toEqual([
    "mail@clocks.example: [recovered] Truechimer itself: alerts go on",
    "mail@clocks.example: [warning] alone: not well",
  ]);
  expect((await alerts.listIncidents({})).heldReason).toBe("");
});

/** One result came five minutes ago, and none of them has read it. */
async function lagScorers(): Promise<void> {
  await sql`
    insert into result_commits (cluster, transaction_id, first_id, monitor_id, accepted_at, results, first_ts, last_ts, ids, tss, server_ids)
    select system_identifier, pg_current_xact_id(), 1, (select min(id) from monitors where type = 'monitor'),
      now() - interval '5 minutes', 1, now(), now(), array[1], array[now()], array[1]
    from pg_control_system()`.execute(kysely);
}

test("while the scorers lag nothing is told of servers", async () => {
  await alerts.saveAlertRule({ rule: { ...RULE, channelIds: [mail] } });
  const { subjects } = inbox();
  await lagScorers();
  await vi.waitFor(async () => {
    expect((await alerts.listIncidents({})).heldReason).toMatch(
      /scorers are \d+ s and 1 results behind/,
    );
  }, WAIT_MS);
  await setVerdict("alone", "falseticker", "offset_outside_limit");
  await looks(3);
  expect(subjects()).toEqual([]);
  await sql`delete from result_commits`.execute(kysely);
  await vi.waitFor(
    () => expect(subjects()).toEqual(["mail@clocks.example: [warning] alone: not well"]),
    WAIT_MS,
  );
});
