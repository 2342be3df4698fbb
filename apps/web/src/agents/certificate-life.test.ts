import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { certificateLife } from "./certificate-life.ts";

const DAY_MS = 86_400_000;
const FROM_MS = Date.UTC(2026, 10, 1);
const CERTIFICATE = {
  notBefore: timestampFromMs(FROM_MS),
  notAfter: timestampFromMs(FROM_MS + 30 * DAY_MS),
  renewAfter: timestampFromMs(FROM_MS + 20 * DAY_MS),
};

const CASES = [
  { name: "not valid yet", day: -1, state: "early", text: "valid in 1 d" },
  { name: "young", day: 3, state: "good", text: "27 d left" },
  { name: "just before renewal", day: 19.99, state: "good", text: "10 d left" },
  { name: "at renewal", day: 20, state: "renewing", text: "10 d left" },
  { name: "in the last sixth", day: 25, state: "ending", text: "5 d left" },
  { name: "an hour before its end", day: 30 - 1 / 24, state: "ending", text: "1 h left" },
  { name: "at its end", day: 30, state: "ended", text: "ended 0 s ago" },
  { name: "two days after", day: 32, state: "ended", text: "ended 2 d ago" },
] as const;

test.each(CASES)("a certificate that is $name is $state", ({ day, state, text }) => {
  const life = certificateLife(CERTIFICATE, FROM_MS + day * DAY_MS);
  expect(life?.state).toBe(state);
  expect(life?.text.replaceAll("\u00a0", " ")).toBe(text);
  expect(life?.renewAt).toBeCloseTo(2 / 3);
  expect(life?.spent).toBeCloseTo(Math.min(1, Math.max(0, day / 30)));
});

test("revocation outranks what the dates say", () => {
  const revoked = { ...CERTIFICATE, revokedAt: timestampFromMs(FROM_MS + DAY_MS) };
  expect(certificateLife(revoked, FROM_MS + 2 * DAY_MS)?.state).toBe("revoked");
});

test("without a renewal point it is the last third; without dates there is no life", () => {
  const { notBefore, notAfter } = CERTIFICATE;
  expect(certificateLife({ notBefore, notAfter }, FROM_MS)?.renewAt).toBeCloseTo(2 / 3);
  expect(certificateLife({ notBefore }, FROM_MS)).toBeUndefined();
  expect(certificateLife(undefined, FROM_MS)).toBeUndefined();
});
