// From a server that lies to a mailbox, and from one that tells the truth again.

import { create } from "@bufbuild/protobuf";
import { type Duration, DurationSchema } from "@bufbuild/protobuf/wkt";
import { alertsV1, type monitorV2 } from "@truechimer/api";
import { useDatabase } from "@truechimer/testing-postgres";
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

  test("a channel can be tried", async () => {
    const { channels } = await alerts.listAlertChannels({});
    const before = mailbox.mails.length;
    await alerts.testAlertChannel({ id: channels[0]?.id ?? 0n });
    await vi.waitFor(() => expect(mailbox.mails.length).toBe(before + 1), 10_000);
    expect(mailbox.mails.at(-1)?.subject).toBe("[test] mail");
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
