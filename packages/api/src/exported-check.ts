// A stored check as exports have it: flat, with names and units, every number exact.

import { EXPORT_TABLES } from "./export-tables.ts";
import type { ListedCheck } from "./gen/truechimer/admin/v1/admin_pb.ts";

/** null: not known, or there was no answer. Nanoseconds beyond 2^53 are texts: a JSON number does not hold them. */
export interface ExportedCheck {
  readonly id: number | string;
  /** When the check was made, to the microsecond: "2026-03-01T12:00:00.250125Z". */
  readonly at: string;
  readonly server_id: number | string;
  readonly server: string;
  readonly monitor_id: number | string;
  readonly monitor: string;
  readonly offset_ns: number | string | null;
  readonly bound_ns: number | string | null;
  readonly rtt_ns: number | string | null;
  readonly stratum: number | null;
  readonly leap: number | null;
  /** Coded; empty: it succeeded. */
  readonly reason: string;
  readonly step: number;
  readonly score: number;
  readonly has_evidence: boolean;
}

/** In the order of the columns. */
export const EXPORTED_CHECK_COLUMNS: readonly string[] = EXPORT_TABLES.checks.columns.map(
  ({ name }) => name,
);

/** The check must be there. */
export function exportedCheck({ check, serverName }: ListedCheck): ExportedCheck {
  if (check === undefined) throw new TypeError("a listed check without a check");
  return {
    id: exact(check.id),
    at: instantText(check.at),
    server_id: exact(check.serverId),
    server: serverName,
    monitor_id: exact(check.monitorId),
    monitor: check.monitorName,
    offset_ns: exactOrNull(check.offset?.valueNs),
    bound_ns: exactOrNull(check.offset?.boundNs),
    rtt_ns: exactOrNull(check.rttNs),
    stratum: check.stratum ?? null,
    leap: check.leap ?? null,
    reason: check.reason,
    step: check.step,
    score: check.score,
    has_evidence: check.hasEvidence,
  };
}

/** The fields of a line of CSV; null is empty. */
export function exportedFields(check: ExportedCheck): readonly string[] {
  return EXPORTED_CHECK_COLUMNS.map((column) => String(check[column as keyof ExportedCheck] ?? ""));
}

/** In UTC, to the microsecond, as PostgreSQL keeps it. */
export function instantText(
  at: { readonly seconds: bigint; readonly nanos: number } | undefined,
): string {
  if (at === undefined) return "";
  const seconds = new Date(Number(at.seconds) * 1_000).toISOString().slice(0, 19);
  return `${seconds}.${String(Math.floor(at.nanos / 1_000)).padStart(6, "0")}Z`;
}

function exactOrNull(value: bigint | undefined): number | string | null {
  return value === undefined ? null : exact(value);
}

/** As a number of JSON where that holds it, else as text. */
export function exact(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}
