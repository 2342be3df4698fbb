import { create } from "@bufbuild/protobuf";
import { alertsV1 } from "@truechimer/api";
import { readFilter } from "@truechimer/filter";
import { expect, test } from "vitest";
import { channelKindWord, destinationText, severityWord, toldText } from "./alert-words.ts";
import { channelOfDraft, draftOfChannel, NEW_CHANNEL } from "./channel-draft.ts";
import { READY_RULES } from "./ready-rules.ts";
import { draftOf, draftOfReady, ruleOfDraft } from "./rule-draft.ts";
import { filteredSubject } from "./subject-words.ts";
import { trialBars } from "./trial-bars.ts";

const { SENT, DEAD, WAITING } = alertsV1.AlertMessageState;

test.each(READY_RULES)("the ready rule $name has a filter that can be read", (rule) => {
  const subject = filteredSubject(rule.subject);
  expect(readFilter(rule.filter, { subject, nowNs: 0n }).ok).toBe(true);
  expect(severityWord(rule.severity)).not.toBe("unknown");
});

test("who was told is told once a channel, with what became of it", () => {
  expect(toldText([])).toBe("nobody yet");
  const messages = [
    { channelName: "mail", state: SENT },
    { channelName: "mail", state: SENT },
    { channelName: "chat", state: DEAD },
    { channelName: "am", state: WAITING },
  ];
  expect(toldText(messages)).toBe("mail, chat (given up), am (on its way)");
});

test("a channel says where it leads", () => {
  const email = create(alertsV1.AlertChannelSchema, {
    way: { case: "email", value: { to: ["a@b.example", "c@d.example"] } },
  });
  const hook = create(alertsV1.AlertChannelSchema, {
    way: { case: "webhook", value: { url: "https://ops.example/" } },
  });
  const none = create(alertsV1.AlertChannelSchema);
  expect([email, hook, none].map(destinationText)).toEqual([
    "a@b.example, c@d.example",
    "https://ops.example/",
    "",
  ]);
  expect([email, hook, none].map(channelKindWord)).toEqual(["e-mail", "webhook", "unknown"]);
  expect(severityWord(alertsV1.AlertSeverity.UNSPECIFIED)).toBe("unknown");
});

test("a trial is drawn from left to right, and what is short can be seen", () => {
  const hours = (count: number): { seconds: bigint } => ({ seconds: BigInt(count * 3_600) });
  const trial = create(alertsV1.TryAlertRuleResponseSchema, {
    from: hours(12),
    to: hours(60),
    incidents: [
      { cause: "server:1", beganAt: hours(24), endedAt: hours(36) },
      { cause: "server:1", beganAt: hours(48), endedAt: { seconds: 172_801n } },
      { cause: "server:1", beganAt: hours(60) },
    ],
  });
  const { bars, days } = trialBars(trial, 480);
  expect(days).toEqual([120, 360]);
  expect(bars.map(({ x, width }) => [x, width])).toEqual([
    [120, 120],
    [360, 2],
    [478, 2],
  ]);
});

test("a rule comes out of its form as it went in", () => {
  const rule = create(alertsV1.AlertRuleSchema, {
    id: 7n,
    name: "liars",
    enabled: false,
    subject: alertsV1.AlertSubject.SERVERS,
    filter: "verdict:falseticker",
    severity: alertsV1.AlertSeverity.CRITICAL,
    holds: { seconds: 90n },
    recovers: { seconds: 600n },
    grouping: alertsV1.AlertGrouping.NONE,
    channelIds: [1n, 2n],
    quietHours: { fromMinute: 1_350, toMinute: 5, zone: "Europe/Zurich" },
    escalateAfter: { seconds: 900n },
    escalationChannelIds: [2n],
  });
  const draft = draftOf(rule);
  expect(draft).toMatchObject({ holds: "1.5", quietFrom: "22:30", quietTo: "00:05" });
  expect(create(alertsV1.AlertRuleSchema, ruleOfDraft(draft))).toEqual(rule);
  const plain = ruleOfDraft({ ...draft, isQuiet: false, escalateAfter: "" });
  expect(plain).not.toHaveProperty("quietHours");
  expect(plain).not.toHaveProperty("escalateAfter");
  expect(plain).not.toHaveProperty("escalationChannelIds");
});

test.each(READY_RULES)("the ready rule $name is a rule that can be made", (ready) => {
  const rule = create(alertsV1.AlertRuleSchema, ruleOfDraft(draftOfReady(ready, [1n])));
  expect(rule).toMatchObject({ id: 0n, enabled: true, filter: ready.filter, channelIds: [1n] });
  expect(rule.holds?.seconds).toBe(BigInt(ready.holdsMinutes * 60));
});

const DAILY = alertsV1.DigestPeriod.DAILY;

test("a channel by mail or webhook comes out of its form as it went in", () => {
  const head = { id: 3n, name: "night", digest: DAILY, digestMinute: 30 };
  const mail = {
    host: "smtp.example.net",
    port: 587,
    security: alertsV1.EmailSecurity.TLS,
    username: "me",
    from: "alerts@example.net",
    to: ["a@b.example", "c@d.example"],
  };
  const hook = { url: "https://ops.example/", privateAllowed: true };
  const channels = [
    create(alertsV1.AlertChannelSchema, { ...head, way: { case: "email", value: mail } }),
    create(alertsV1.AlertChannelSchema, { ...head, way: { case: "webhook", value: hook } }),
  ];
  for (const channel of channels) {
    const draft = draftOfChannel(channel);
    expect(draft.secret).toBe("");
    expect(create(alertsV1.AlertChannelSchema, channelOfDraft(draft))).toEqual(channel);
  }
});

test("a channel to Alertmanager takes its token, and no summary", () => {
  const url = "http://alertmanager:9093";
  const draft = {
    ...NEW_CHANNEL,
    kind: "alertmanager",
    url,
    secret: "t0ken",
    digest: DAILY,
  } as const;
  const channel = create(alertsV1.AlertChannelSchema, channelOfDraft(draft));
  expect(channel).toMatchObject({
    digest: alertsV1.DigestPeriod.OFF,
    way: { case: "alertmanager", value: { url, token: "t0ken", privateAllowed: false } },
  });
  expect(draftOfChannel(channel)).toMatchObject({ kind: "alertmanager", url, secret: "" });
  expect(draftOfChannel(create(alertsV1.AlertChannelSchema, { name: "none" })).kind).toBe("email");
});
