// What came of a line: as it is shown and as programs read it.

import type { adminV1 } from "@truechimer/api";
import type { FoundServer, NamedAs } from "./finding.ts";

/**
 * `would_add`: a dry run has found no server of this name or address under watch. `not_tried`: the import ended before
 * it came to the line.
 */
export type ImportOutcome =
  | "added"
  | "existing"
  | "would_add"
  | "refused"
  | "left_out"
  | "not_tried"
  | "passed_over";

export interface ImportRow {
  readonly outcome: ImportOutcome;
  readonly line: number | undefined;
  readonly namedAs?: NamedAs;
  /** The server, or the line's text where it names none. */
  readonly subject: string;
  readonly nts?: boolean;
  readonly label?: string;
  /** Those under watch that are meant. */
  readonly servers: readonly adminV1.Server[];
  /** Of docs/reference/errors.md, for what was refused. */
  readonly code?: string;
  readonly message?: string;
}

/** A row about a server that was found. */
export function serverRow(
  found: FoundServer,
  more: Pick<ImportRow, "outcome"> & Partial<Pick<ImportRow, "servers" | "code" | "message">>,
): ImportRow {
  const { line, namedAs, target, nts, label } = found;
  const named = label === undefined ? {} : { label };
  return { line, namedAs, subject: target, nts, ...named, servers: [], ...more };
}
