// A check as the live page shows it: as it came, or as it is stored.

import type { adminV1 } from "@truechimer/api";
import { msOf } from "../api/message.ts";

/** A stored one does not say when it was accepted. */
export type ShownCheck = Pick<adminV1.WatchedCheck, "check" | "serverName" | "acceptedAt">;

/** When it was accepted, or of a stored one when it was made. Unix milliseconds. */
export function shownMs({ acceptedAt, check }: ShownCheck): number {
  return msOf(acceptedAt ?? check?.at) ?? 0;
}

/** Those until an instant, in the same order. Transactions of one moment may commit out of order. */
export function checksUntil(checks: readonly ShownCheck[], untilMs: number): readonly ShownCheck[] {
  return checks.filter((shown) => shownMs(shown) <= untilMs);
}
