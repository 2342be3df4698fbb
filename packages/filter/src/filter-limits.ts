// How large a filter may be. Each limit is far beyond what a person writes, and keeps a hostile one cheap.

export const FILTER_LIMITS = {
  /** UTF-16 units: what fits an address of a page, and a log line. */
  lengthMax: 2_000,
  /** Parentheses and `not` within each other: reading descends once for each. */
  depthMax: 32,
  /** Words and comparisons: each costs a test a row. */
  termsMax: 64,
  /** Values after one operator, with commas between. */
  valuesMax: 64,
  /** `*` in one pattern: each may make matching look back. */
  wildcardsMax: 8,
} as const;
