import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { adminV1 } from "@truechimer/api";
import { expect, test } from "vitest";
import { tokenState } from "./token-state.ts";

const NOW_MS = Date.UTC(2026, 10, 20);
const earlier = timestampFromMs(NOW_MS - 1_000);
const later = timestampFromMs(NOW_MS + 1_000);

test.each([
  { name: "a fresh one waits", token: { expiresAt: later }, state: "waiting" },
  { name: "one past its end is expired", token: { expiresAt: earlier }, state: "expired" },
  {
    name: "one at its very end is expired",
    token: { expiresAt: timestampFromMs(NOW_MS) },
    state: "expired",
  },
  {
    name: "a revoked one says so even past its end",
    token: { expiresAt: earlier, revokedAt: earlier },
    state: "revoked",
  },
  {
    name: "a used one stays used",
    token: { expiresAt: earlier, revokedAt: later, usedAt: earlier },
    state: "used",
  },
  { name: "one without an end waits", token: {}, state: "waiting" },
] as const)("$name", ({ token, state }) => {
  expect(tokenState(create(adminV1.EnrolmentTokenSchema, token), NOW_MS)).toBe(state);
});
