import { create } from "@bufbuild/protobuf";
import { alertsV1 } from "@truechimer/api";
import { readFilter } from "@truechimer/filter";
import { expect, test } from "vitest";
import { channelKindWord, destinationText, severityWord, toldText } from "./alert-words.ts";
import { READY_RULES } from "./ready-rules.ts";
import { trialBars } from "./trial-bars.ts";

const { SENT, DEAD, WAITING } = alertsV1.AlertMessageState;

test.each(READY_RULES)("the ready rule $name has a filter that can be read", (rule) => {
  const subject = rule.subject === alertsV1.AlertSubject.SERVERS ? "servers" : "monitors";
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
