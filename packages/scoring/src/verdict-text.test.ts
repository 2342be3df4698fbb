import { describe, expect, it } from "vitest";
import { judged, LIAR, SILENT, times, witness } from "./_witnesses.ts";
import { VERDICT_POLICY_POOL } from "./witness.ts";

describe("a verdict's sentence", () => {
  it.each([
    {
      witnesses: [
        ...times(11, { offsetMs: 40.02, boundMs: 0.5 }),
        witness({ offsetMs: 40.02, boundMs: 300 }),
      ],
      text: "11 of 12 monitors with fresh data hold it outside ±25 ms; the middle one has +40.0 ms ± 0.5",
    },
    {
      witnesses: [witness({ offsetMs: -0.0003, boundMs: 0.0011 })],
      text: "its one monitor with fresh data has −0.3 µs ± 1.1, which is not outside ±25 ms",
    },
    {
      witnesses: times(12, SILENT),
      text: "none of 12 monitors had an answer for 3 check intervals",
    },
    {
      witnesses: times(2, { reason: "origin_mismatch", answeredAgo: undefined }),
      text: "none of 2 monitors had a valid answer for 3 check intervals, though datagrams came back",
    },
    {
      witnesses: [...times(7, { reason: "kiss_rate" }), ...times(5)],
      text: "7 of 12 monitors are told: the server asks us to come less often (RATE)",
    },
    {
      witnesses: times(1, { reason: "stratum_zero" }),
      text: "its one monitor is told: the server answers with stratum 0",
    },
    { witnesses: times(1, SILENT), text: "its one monitor had no answer for 3 check intervals" },
    {
      witnesses: times(1, { offsetMs: 40.02, boundMs: 0.5 }),
      text: "its one monitor with fresh data has +40.0 ms ± 0.5, which is outside ±25 ms",
    },
    {
      witnesses: [...times(2), witness(LIAR)],
      text: "1 of 3 monitors with fresh data holds it outside ±25 ms; the middle one has 0.0 ms ± 1.0",
    },
    {
      witnesses: [witness(), witness({ reason: "kiss_rate" })],
      text: "1 of 2 monitors is told: the server asks us to come less often (RATE)",
    },
    { witnesses: [], text: "no monitor has fresh data on it" },
  ])("says: $text", ({ witnesses, text }) => {
    expect(judged(witnesses).text).toBe(text);
  });

  it.each([
    { count: 0, silent: 2, text: "no monitor has fresh data on it, and the policy asks for 3" },
    { count: 1, silent: 0, text: "1 monitor has fresh data on it, and the policy asks for 3" },
    { count: 2, silent: 4, text: "2 monitors have fresh data on it, and the policy asks for 3" },
  ])("says of $count monitors with data and $silent without: $text", ({ count, silent, text }) => {
    const witnesses = [...times(count), ...times(silent, SILENT)];
    expect(judged(witnesses, VERDICT_POLICY_POOL).text).toBe(text);
  });
});
