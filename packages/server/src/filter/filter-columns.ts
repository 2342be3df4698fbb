// Where the database has what filters ask for. Aliases: l log_scores, s servers, m monitors, a agents, e events.

import { type RawBuilder, sql } from "kysely";
import type { SqlColumn, SqlColumns } from "./condition-sql.ts";

function text(expression: RawBuilder<unknown>): SqlColumn {
  return { expression, type: "text" };
}

function number(expression: RawBuilder<unknown>): SqlColumn {
  return { expression, type: "float8" };
}

function whole(expression: RawBuilder<unknown>): SqlColumn {
  return { expression, type: "bigint" };
}

function instant(expression: RawBuilder<unknown>): SqlColumn {
  return { expression, type: "instant" };
}

function flag(expression: RawBuilder<unknown>): SqlColumn {
  return { expression, type: "boolean" };
}

const PATH_CHANGE_PAIRS_MIN = 6;

/**
 * Codes of all that is judged to be wrong with a server, what most see first. A way that has changed for a few pairs of a
 * monitor and a server alone is none of it: ways change, and nobody has anything to mend. Null: nothing is.
 */
export const SEEN_FAULTS: RawBuilder<string | null> = sql<string | null>`(
  select string_agg(seen.fault ->> 'fault' || '/' || (seen.fault ->> 'cause'), ' ' order by seen.place)
  from jsonb_array_elements(s.faults) with ordinality as seen (fault, place)
  where seen.fault ->> 'cause' <> 'path_change' or (seen.place = 1 and s.fault <> '')
    or (seen.fault ->> 'shown')::int >= ${PATH_CHANGE_PAIRS_MIN}::int)`;

/** Of a server as its row says it; what is worked out of other tables (loss, staleness, leaps) is not among them. */
export const SERVER_FILTER_COLUMNS: SqlColumns = {
  "server.name": text(sql`s.name`),
  "server.address": text(sql`host(s.ip)`),
  "server.port": number(sql`s.port`),
  "server.family": text(sql`s.ip_version`),
  "server.state": text(sql`s.state`),
  "server.verdict": text(sql`s.verdict`),
  "server.verdict_reason": text(sql`s.verdict_reason`),
  "server.verdict_text": text(sql`s.verdict_text`),
  "server.verdict_since": instant(sql`s.verdict_since`),
  "server.fault": text(sql`nullif(s.fault, '')`),
  "server.fault_cause": text(sql`nullif(s.fault_cause, '')`),
  "server.fault_since": instant(sql`s.fault_since`),
  "server.seen_faults": text(SEEN_FAULTS),
  "server.offset_ns": whole(sql`s.offset_ns`),
  "server.score": number(sql`s.score_raw`),
  "server.stratum": number(sql`s.stratum`),
  "server.reference_id": text(sql`nullif(s.reference_id, '')`),
  "server.last_seen_at": instant(sql`s.last_answer_ts`),
  "server.last_check_at": instant(sql`s.last_check_ts`),
  "server.witnesses_fresh": number(sql`s.witnesses_fresh`),
  "server.witnesses_against": number(sql`s.witnesses_against`),
  "server.lab": flag(sql`s.lab`),
  "server.added_at": instant(sql`s.created_on`),
  "server.id": whole(sql`s.id`),
};

const MONITOR_COLUMNS: SqlColumns = {
  "monitor.name": text(sql`m.hostname`),
  "monitor.address": text(sql`host(m.ip)`),
  "monitor.family": text(sql`m.ip_version`),
  "monitor.status": text(sql`m.status`),
  "monitor.online": flag(sql`m.online`),
  "monitor.country": text(sql`nullif(coalesce(a.country, m.country), '')`),
  "monitor.network": text(sql`nullif(coalesce(a.network, m.network), '')`),
  "monitor.location": text(sql`nullif(m.location, '')`),
  "monitor.client_version": text(sql`nullif(m.client_version, '')`),
  "monitor.lab": flag(sql`m.lab`),
  "monitor.id": whole(sql`m.id`),
};

export const CHECK_FILTER_COLUMNS: SqlColumns = {
  ...SERVER_FILTER_COLUMNS,
  ...MONITOR_COLUMNS,
  "check.at": instant(sql`l.ts`),
  "check.offset_ns": whole(sql`l.offset_ns`),
  "check.bound_ns": whole(sql`l.bound_ns`),
  "check.rtt_ns": whole(sql`l.rtt_ns`),
  "check.stratum": number(sql`l.stratum`),
  "check.leap": number(sql`l.leap`),
  "check.reason": text(sql`l.reason`),
  "check.step": number(sql`l.step`),
  "check.score": number(sql`l.score`),
  "check.has_evidence": flag(sql`l.has_evidence`),
  "check.id": whole(sql`l.id`),
};

export const EVENT_FILTER_COLUMNS: SqlColumns = {
  ...SERVER_FILTER_COLUMNS,
  ...MONITOR_COLUMNS,
  "event.at": instant(sql`e.at`),
  "event.kind": text(sql`e.kind`),
  "event.reason": text(sql`nullif(e.reason, '')`),
  "event.verdict_before": text(sql`e.verdict_before`),
  "event.verdict_after": text(sql`e.verdict_after`),
  "event.text": text(sql`e.text`),
  "event.id": whole(sql`e.id`),
};
