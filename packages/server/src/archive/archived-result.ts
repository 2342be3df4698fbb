// A result as archives keep it: its row, who it is of, and the numbers of its packets, so that it can be read without this
// database.

import type { IpFamily } from "@truechimer/base";
import type { Schema } from "@truechimer/database";
import type { Selectable } from "kysely";
import { type EvidenceNumbers, evidenceNumbers } from "./evidence-numbers.ts";

export type ResultToArchive = Pick<
  Selectable<Schema["log_scores"]>,
  | "id"
  | "ts"
  | "server_id"
  | "monitor_id"
  | "score_before"
  | "step"
  | "score"
  | "rule"
  | "offset_ns"
  | "bound_ns"
  | "rtt_ns"
  | "stratum"
  | "leap"
  | "reason"
  | "no_response"
  | "samples_sent"
  | "samples_answered"
  | "has_evidence"
> & {
  /** JSON. Null: nothing. */
  readonly attributes: string | null;
  /** Address and port, and the person's name for it. */
  readonly server_address: string;
  readonly server_name: string;
  readonly family: IpFamily;
  readonly monitor_name: string;
  /** An overall score, and no check of a monitor. */
  readonly is_score: boolean;
};

export interface ArchivedResult {
  readonly row: ResultToArchive;
  /** Undefined: it has no packets, or they are gone. */
  readonly evidence: EvidenceNumbers | undefined;
  /** The packets themselves: a serialized CheckEvidence. Null: as above. */
  readonly packets: Uint8Array | null;
}

/** @param evidence a serialized CheckEvidence. */
export function archivedResult({
  evidence,
  ...row
}: ResultToArchive & { readonly evidence: Uint8Array | null }): ArchivedResult {
  return {
    row,
    evidence: evidence === null ? undefined : evidenceNumbers(evidence, row.family),
    packets: evidence,
  };
}
