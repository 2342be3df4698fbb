// Why the status of a check is bad: the reason of the sample that it was taken from, or one of two that only an agent
// below submission version 5 can cause, because it sends texts and not codes.

import { SAMPLE_REASONS, type SampleReason } from "@truechimer/ntp";

/** `stratum_zero`: stratum 0 and nothing said about it. `other_error`: a text that stands for none of our codes. */
export const LEGACY_STATUS_REASONS = ["stratum_zero", "other_error"] as const;

/** Every reason that a stored status can have. */
export type StatusReason = SampleReason | (typeof LEGACY_STATUS_REASONS)[number];

const KNOWN: ReadonlySet<string> = new Set<string>([...SAMPLE_REASONS, ...LEGACY_STATUS_REASONS]);

/** Whether a text from the wire or the database is one of our codes. */
export function isStatusReason(text: string): text is StatusReason {
  return KNOWN.has(text);
}
