import { expect, test } from "vitest";
import { limitsWith, type RateLimit } from "./rate-limits.ts";
import { limitHeaders, limitRefusal, spanWords, type Verdict } from "./verdict.ts";

const limits = limitsWith({ check_now: { max: 7 } });

function verdict(name: "check_now" | "open_requests", rest: Partial<Verdict>): Verdict {
  const limit = limits.get(name) as RateLimit;
  return { limit, passed: true, remaining: 3, resetMs: 12_300, storeDown: false, ...rest };
}

test("an answer names the limit and what is left, as the draft has it", () => {
  expect(limitHeaders(verdict("check_now", {}))).toEqual({
    "ratelimit-policy": '"check_now";q=7;w=60',
    ratelimit: '"check_now";r=3;t=13',
  });
});

test("a refusal says when to come back, and never at once", () => {
  const refused = { passed: false, remaining: 0, resetMs: 0.4 };
  expect(limitRefusal(verdict("check_now", refused))).toEqual({
    status: 429,
    connectCode: "resource_exhausted",
    code: "limit_exceeded",
    message: "more than 7 requests within a minute (check_now): come back in a second",
    headers: {
      "ratelimit-policy": '"check_now";q=7;w=60',
      ratelimit: '"check_now";r=0;t=1',
      "retry-after": "1",
    },
  });
});

test("what is counted at once has no window", () => {
  const { headers, message } = limitRefusal(
    verdict("open_requests", { passed: false, remaining: 0, resetMs: 1_000 }),
  );
  expect(headers?.["ratelimit-policy"]).toBe('"open_requests";q=32;qu="concurrent-requests"');
  expect(message).toBe("more than 32 at once (open_requests): come back in a second");
});

test("a database that is away is not told as too many requests", () => {
  const { status, code, message } = limitRefusal(
    verdict("check_now", { passed: false, storeDown: true }),
  );
  expect([status, code]).toEqual([503, "database_unreachable"]);
  expect(message).toMatch(/database does not answer/);
});

test.each([
  [3_600_000, "an hour"],
  [60_000, "a minute"],
  [600_000, "10 min"],
  [7_200_000, "120 min"],
  [42_001, "43 s"],
  [1_000, "a second"],
])("%i ms in words: %s", (ms, words) => {
  expect(spanWords(ms)).toBe(words);
});
