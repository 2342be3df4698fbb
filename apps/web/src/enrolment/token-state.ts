// What became of a one-time enrolment token.

import type { adminV1 } from "@truechimer/api";
import { msOf } from "../api/message.ts";

export type TokenState = "waiting" | "used" | "revoked" | "expired";

/** A used one stays used, whatever came after. */
export function tokenState(token: adminV1.EnrolmentToken, nowMs: number): TokenState {
  if (token.usedAt !== undefined) return "used";
  if (token.revokedAt !== undefined) return "revoked";
  return (msOf(token.expiresAt) ?? Number.POSITIVE_INFINITY) <= nowMs ? "expired" : "waiting";
}
