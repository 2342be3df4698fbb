// Why a verdict is what it is: a closed set of codes. docs/reference/reasons.md has a section for each.

/** Grouped by the verdict that each belongs to. */
export const VERDICT_REASONS = [
  // truechimer
  "within_limit",
  // falseticker
  "offset_outside_limit",
  // unreachable
  "no_answer",
  "no_valid_answer",
  // unsure: the server says "not me"
  "kiss_rate",
  "kiss_deny",
  "kiss_rstr",
  "kiss_other",
  "bad_stratum",
  "stratum_zero",
  "not_synchronised",
  "bad_root_distance",
  // unsure: too little is known
  "few_witnesses",
  "no_witness",
] as const;

/** The code of a verdict's reason, such as "offset_outside_limit". */
export type VerdictReason = (typeof VERDICT_REASONS)[number];
