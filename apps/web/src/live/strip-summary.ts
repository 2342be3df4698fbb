// The picture of the last minutes as a sentence, for those who do not see it.

import type { adminV1 } from "@truechimer/api";
import { countOf } from "../format/number.ts";
import { formatOffset } from "../format/offset.ts";
import { acceptedMs } from "./live-feed.ts";

/** Of the checks since an instant, Unix milliseconds; the newest first. */
export function stripSummary(checks: readonly adminV1.WatchedCheck[], sinceMs: number): string {
  let count = 0;
  let failed = 0;
  let least: bigint | undefined;
  let most: bigint | undefined;
  for (const watched of checks) {
    if (acceptedMs(watched) < sinceMs) continue;
    count += 1;
    const { offset, reason } = watched.check ?? {};
    if (reason !== "" || offset === undefined) {
      failed += 1;
      continue;
    }
    if (least === undefined || offset.valueNs < least) least = offset.valueNs;
    if (most === undefined || offset.valueNs > most) most = offset.valueNs;
  }
  const begin = `Offsets of the last five minutes: ${countOf(count, "check")}`;
  const failures = failed === 0 ? "" : `, ${failed} failed`;
  if (least === undefined || most === undefined) return `${begin}${failures}.`;
  return `${begin}${failures}, from ${offsetWords(least)} to ${offsetWords(most)}.`;
}

function offsetWords(ns: bigint): string {
  return formatOffset(ns).text;
}
