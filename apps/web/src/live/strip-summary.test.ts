import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { adminV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { stripSummary } from "./strip-summary.ts";

function checkOf(atMs: number, offsetNs: bigint | undefined, reason = ""): adminV1.WatchedCheck {
  return create(adminV1.WatchedCheckSchema, {
    acceptedAt: timestampFromMs(atMs),
    check: { reason, ...(offsetNs === undefined ? {} : { offset: { valueNs: offsetNs } }) },
  });
}

test("counts what came since then, what failed, and says from where to where the offsets reach", () => {
  const checks = [
    checkOf(9_000, 2_000_000n),
    checkOf(8_000, undefined, "timeout"),
    checkOf(7_000, -300_000n),
    checkOf(1_000, 90_000_000n),
  ];
  expect(stripSummary(checks, 5_000).replaceAll("\u00a0", " ")).toBe(
    "Offsets of the last five minutes: 3 checks, 1 failed, from −300 µs to +2.00 ms.",
  );
});

test("without an offset there is no reach", () => {
  expect(stripSummary([], 0).replaceAll("\u00a0", " ")).toBe(
    "Offsets of the last five minutes: 0 checks.",
  );
  expect(stripSummary([checkOf(1, undefined, "timeout")], 0).replaceAll("\u00a0", " ")).toBe(
    "Offsets of the last five minutes: 1 check, 1 failed.",
  );
});
