import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { ADVISORY_LOCK_NAMES, advisoryLockId, describeHolders } from "./migration-lock.ts";

const MIGRATIONS_ID = -287589772259149781n;

test("a lock's id is the first eight bytes of the SHA-256 of its name, signed", () => {
  const hex = createHash("sha256").update("truechimer:migrations").digest("hex").slice(0, 16);
  expect(advisoryLockId("migrations")).toBe(BigInt.asIntN(64, BigInt(`0x${hex}`)));
  // Written down, so that releases side by side never lock by different numbers.
  expect(advisoryLockId("migrations")).toBe(MIGRATIONS_ID);
});

test("every name is listed that anybody locks by", () => {
  expect(ADVISORY_LOCK_NAMES).toEqual([
    "migrations",
    "dump",
    "partitions",
    "monitor_standings",
    "authorities",
    "registrations",
    "archive",
  ]);
});

test("no two names that we lock by meet", () => {
  const ids = ADVISORY_LOCK_NAMES.map(advisoryLockId);
  expect(new Set(ids).size).toBe(ids.length);
});

test("holders are named for people", () => {
  const holder = {
    pid: 7,
    applicationName: "",
    client: "me@local",
    connectedAt: "2026-03-01T12:00:00Z",
  };
  expect(describeHolders([holder])).toBe(
    "an unnamed program (process 7 of me@local, connected 2026-03-01T12:00:00Z)",
  );
  expect(describeHolders([])).toBe("nobody any more");
});
