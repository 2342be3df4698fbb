import { describe, expect, test } from "vitest";
import { type PastAlert, type PastTruth, pastAlerts } from "./past-alert.ts";
import { type PastAlertOf, pastIncidents, pastMessages } from "./past-incidents.ts";

const SECOND = 1_000_000_000n;
/** Seconds of the range at which the truth changes. */
const truths = (...changes: readonly (readonly [number, PastTruth["truth"]])[]): PastTruth[] =>
  changes.map(([at, truth]) => ({ atNs: BigInt(at) * SECOND, truth }));
const inSeconds = (alerts: readonly PastAlert[]): readonly (readonly [number, number | null])[] =>
  alerts.map(({ firedAtNs, endedAtNs }) => [
    Number(firedAtNs / SECOND),
    endedAtNs === undefined ? null : Number(endedAtNs / SECOND),
  ]);

describe("alerts of the past", () => {
  const VECTORS: readonly [string, number, number, PastTruth[], [number, number | null][]][] = [
    ["nothing", 0, 0, truths([0, "holds_not"]), []],
    ["at once, and over at once", 0, 0, truths([10, "holds"], [20, "holds_not"]), [[10, 20]]],
    ["goes on", 0, 0, truths([10, "holds"]), [[10, null]]],
    ["not for long enough", 30, 0, truths([10, "holds"], [30, "holds_not"]), []],
    ["over when it would fire", 30, 0, truths([10, "holds"], [40, "holds_not"]), []],
    ["for long enough", 30, 0, truths([10, "holds"], [50, "holds_not"]), [[40, 50]]],
    ["waits for its recovery", 0, 30, truths([10, "holds"], [50, "holds_not"]), [[10, 80]]],
    [
      "back before it recovered",
      0,
      30,
      truths([10, "holds"], [50, "holds_not"], [60, "holds"]),
      [[10, null]],
    ],
    ["the unknown does not end it", 0, 0, truths([10, "holds"], [20, "unknown"]), [[10, null]]],
    ["what is gone does", 0, 60, truths([10, "holds"], [20, "gone"]), [[10, 20]]],
    [
      "twice",
      0,
      0,
      truths([1, "holds"], [2, "holds_not"], [3, "holds"], [4, "holds_not"]),
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ["nothing after the range", 0, 0, truths([100, "holds"]), []],
    ["not ripe at the end of the range", 60, 0, truths([50, "holds"]), []],
  ];

  test.each(VECTORS)("%s", (_name, holds, recovers, changes, expected) => {
    const timing = { holdsMs: holds * 1_000, recoversMs: recovers * 1_000, toNs: 100n * SECOND };
    expect(inSeconds(pastAlerts(changes, timing))).toEqual(expected);
  });
});

const alert = (subject: string, from: number, to?: number): PastAlertOf<string> => ({
  subject,
  firedAtNs: BigInt(from) * SECOND,
  endedAtNs: to === undefined ? undefined : BigInt(to) * SECOND,
});

describe("incidents of the past", () => {
  const bySubject = (batch: readonly PastAlertOf<string>[]): { key: string; title: string }[] =>
    batch.map(({ subject }) => ({ key: subject, title: subject }));
  const asOne = (batch: readonly PastAlertOf<string>[]): { key: string; title: string }[] =>
    batch.map(() => ({ key: "one", title: "one" }));
  const told = (
    incidents: ReturnType<typeof pastIncidents<string>>,
  ): readonly (readonly [string, number, number | null, number])[] =>
    incidents.map(({ cause, beganAtNs, endedAtNs, alerts }) => [
      cause.key,
      Number(beganAtNs / SECOND),
      endedAtNs === undefined ? null : Number(endedAtNs / SECOND),
      alerts.length,
    ]);

  test("an alert joins what goes on, and begins anew what is over", () => {
    const alerts = [alert("b", 40, 60), alert("a", 10, 50), alert("c", 60, 70), alert("d", 80)];
    expect(told(pastIncidents(alerts, asOne))).toEqual([
      ["one", 10, 60, 2],
      ["one", 60, 70, 1],
      ["one", 80, null, 1],
    ]);
    expect(told(pastIncidents(alerts, bySubject)).map(([key]) => key)).toEqual([
      "a",
      "b",
      "c",
      "d",
    ]);
  });

  test("what fires within a few seconds is given its causes together", () => {
    const batches: string[][] = [];
    pastIncidents([alert("a", 1), alert("b", 4), alert("c", 5), alert("d", 6)], (batch) => {
      batches.push(batch.map(({ subject }) => subject));
      return bySubject(batch);
    });
    expect(batches).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
  });
});

describe("messages about the past", () => {
  const HOUR = 3_600n * SECOND;
  const TO = 24n * HOUR;
  const NIGHT = { fromMinute: 0, toMinute: 360, zone: "UTC" };
  const telling = {
    channelIds: [1n],
    quiet: undefined,
    escalateAfterMs: undefined,
    escalationChannelIds: [],
  };
  const hours = (
    from: bigint,
    to?: bigint,
  ): { beganAtNs: bigint; endedAtNs: bigint | undefined } => ({
    beganAtNs: from * HOUR,
    endedAtNs: to === undefined ? undefined : to * HOUR,
  });
  const impatient = { ...telling, escalateAfterMs: 3_600_000, escalationChannelIds: [1n, 2n] };

  test.each([
    ["its beginning and its end", hours(8n, 9n), telling, 2],
    ["its beginning while it goes on", hours(8n), telling, 1],
    ["nothing without a channel", hours(8n, 9n), { ...telling, channelIds: [] }, 0],
    ["nothing over before the quiet hours are", hours(1n, 5n), { ...telling, quiet: NIGHT }, 0],
    ["what outlasts the quiet hours", hours(1n, 7n), { ...telling, quiet: NIGHT }, 2],
    [
      "nothing where all hours are quiet",
      hours(1n, 7n),
      { ...telling, quiet: { ...NIGHT, toMinute: 0 } },
      0,
    ],
    ["nobody else before an hour has passed", hours(8n, 9n), impatient, 2],
    ["the others after an hour, and the end to all", hours(8n, 10n), impatient, 5],
  ])("%s", (_name, incident, whom, count) => {
    expect(pastMessages(incident, whom, TO)).toBe(count);
  });
});

test("an alert without a cause begins no incident, and one that goes on has no end", () => {
  const alerts = [alert("a", 1, 5), alert("b", 1)];
  const causesOfB = (batch: readonly PastAlertOf<string>[]) =>
    batch.flatMap(({ subject }) => (subject === "b" ? [] : [{ key: subject, title: subject }]));
  const [only, ...others] = pastIncidents(alerts, causesOfB);
  expect(others).toEqual([]);
  expect(only?.endedAtNs).toBe(5n * SECOND);
  const [going] = pastIncidents([alert("b", 1)], () => [{ key: "b", title: "b" }]);
  expect(going).toMatchObject({ beganAtNs: SECOND, endedAtNs: undefined });
});
