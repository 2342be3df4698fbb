// The picture of the last minutes as a sentence, for those who do not see it.

import { countOf } from "../format/number.ts";
import { formatOffset } from "../format/offset.ts";
import { type ShownCheck, shownMs } from "./shown-check.ts";

/** The length of the picture, however fast checks come. */
export const STRIP_MS: number = 5 * 60_000;

/** Of the checks since an instant, Unix milliseconds; the newest first. */
export function stripSummary(checks: readonly ShownCheck[], sinceMs: number): string {
  let count = 0;
  let failed = 0;
  let least: bigint | undefined;
  let most: bigint | undefined;
  for (const watched of checks) {
    if (shownMs(watched) < sinceMs) continue;
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
