import { describe, expect, test } from "vitest";
import { oneTimePassword, stepOfCode } from "./one-time-password.ts";

/** RFC 6238, appendix B, and RFC 4226, appendix D. */
const SECRET = Buffer.from("12345678901234567890");

describe("the vectors of RFC 6238, appendix B (SHA-1)", () => {
  test.each([
    { atSeconds: 59n, code: "94287082" },
    { atSeconds: 1_111_111_109n, code: "07081804" },
    { atSeconds: 1_111_111_111n, code: "14050471" },
    { atSeconds: 1_234_567_890n, code: "89005924" },
    { atSeconds: 2_000_000_000n, code: "69279037" },
    { atSeconds: 20_000_000_000n, code: "65353130" },
  ])("at $atSeconds s: $code", ({ atSeconds, code }) => {
    expect(oneTimePassword(SECRET, atSeconds / 30n, 8)).toBe(code);
  });
});

test.each(
  [
    "755224",
    "287082",
    "359152",
    "969429",
    "338314",
    "254676",
    "287922",
    "162583",
    "399871",
    "520489",
  ].map((code, step) => ({ code, step })),
)("the vector of RFC 4226, appendix D: $step", ({ code, step }) => {
  expect(oneTimePassword(SECRET, BigInt(step))).toBe(code);
});

describe("a code is taken", () => {
  const STEP_NS = 30_000_000_000n;
  const nowNs = 50_000_000n * STEP_NS + 7_000_000_000n;
  const codeOf = (step: bigint): string => oneTimePassword(SECRET, 50_000_000n + step);

  test.each([
    { aside: -2n, taken: false },
    { aside: -1n, taken: true },
    { aside: 0n, taken: true },
    { aside: 1n, taken: true },
    { aside: 2n, taken: false },
  ])("$aside steps aside: $taken", ({ aside, taken }) => {
    const step = stepOfCode(SECRET, codeOf(aside), { nowNs, lastStep: 0n });
    expect(step).toBe(taken ? 50_000_000n + aside : undefined);
  });

  test("once, and no older one after it", () => {
    const lastStep = 50_000_000n;
    expect(stepOfCode(SECRET, codeOf(0n), { nowNs, lastStep })).toBeUndefined();
    expect(stepOfCode(SECRET, codeOf(-1n), { nowNs, lastStep })).toBeUndefined();
    expect(stepOfCode(SECRET, codeOf(1n), { nowNs, lastStep })).toBe(50_000_001n);
  });

  test.each(["", "12345", "1234567", "abcdef"])("but not %j", (code) => {
    expect(stepOfCode(SECRET, code, { nowNs, lastStep: 0n })).toBeUndefined();
  });
});
