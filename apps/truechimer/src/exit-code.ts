// What the program's exit code says (docs/reference/cli.md).

import type { ErrorCode } from "@truechimer/base";

export const EXIT = {
  /** Done; for `check`: every clock is right. */
  good: 0,
  /** Something failed; for `check`: a bad clock. */
  bad: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** Nothing answered: a time server, or the control plane. */
  noAnswer: 3,
  /** Ended at once by a second signal. */
  forced: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const USAGE_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "usage",
  "config_unknown_key",
  "config_bad_value",
  "config_unreadable",
  "bad_address",
  "bad_filter",
]);

export function exitCodeOf(code: ErrorCode): ExitCode {
  if (USAGE_CODES.has(code)) return EXIT.usage;
  return code === "peer_unreachable" ? EXIT.noAnswer : EXIT.bad;
}
