// Results as people see them: one row of `log_scores`.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import type { Schema } from "@truechimer/database";
import { reasonText, SAMPLE_REASONS, type SampleReason } from "@truechimer/ntp";
import type { Selectable } from "kysely";
import { offsetMessage, optionalField, timestampFrom } from "./admin-message.ts";

export const CHECK_COLUMNS = [
  "l.id",
  "l.ts",
  "l.server_id",
  "l.monitor_id",
  "l.offset_ns",
  "l.bound_ns",
  "l.rtt_ns",
  "l.stratum",
  "l.leap",
  "l.reason",
  "l.step",
  "l.score",
  "l.has_evidence",
] as const;

/** Beside them, what the score's arithmetic needs; over `log_scores as l` and `monitors as m`. */
export const ARITHMETIC_COLUMNS = [
  "l.score_before",
  "l.rule",
  "l.no_response",
  "l.attributes",
  "m.hostname as monitor_name",
] as const;

export type CheckRow = Pick<
  Selectable<Schema["log_scores"]>,
  | "id"
  | "ts"
  | "server_id"
  | "monitor_id"
  | "offset_ns"
  | "bound_ns"
  | "rtt_ns"
  | "stratum"
  | "leap"
  | "reason"
  | "step"
  | "score"
  | "has_evidence"
> & { readonly monitor_name: string | null };

export function checkMessage(row: CheckRow): adminV1.Check {
  return create(adminV1.CheckSchema, {
    id: row.id,
    at: timestampFrom(row.ts),
    serverId: row.server_id,
    monitorId: row.monitor_id,
    monitorName: row.monitor_name ?? "",
    ...offsetMessage(row.offset_ns, row.bound_ns),
    ...optionalField("rttNs", row.rtt_ns),
    ...optionalField("stratum", row.stratum),
    ...optionalField("leap", row.leap),
    reason: row.reason ?? "",
    reasonText: reasonWords(row.reason ?? ""),
    step: row.step,
    score: row.score,
    hasEvidence: row.has_evidence,
  });
}

const KNOWN: ReadonlySet<string> = new Set(SAMPLE_REASONS);

/** The reason in words; empty for a success. */
export function reasonWords(reason: string): string {
  if (KNOWN.has(reason)) return reasonText(reason as SampleReason);
  if (reason === "stratum_zero") return "the server answers with stratum 0";
  if (reason === "other_error") return "the agent reported an error that has no code";
  return reason;
}
