// ListIncidents, AcknowledgeIncident.

import { create } from "@bufbuild/protobuf";
import { alertsV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import {
  type AlertSubjectName,
  inTransaction,
  type Schema,
  type SeverityName,
  type Timestamptz,
} from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import { optionalTimestamp, timestampFrom } from "../admin-api/admin-message.ts";
import {
  decodePageToken,
  encodePageToken,
  INSTANT_PATTERN,
  INT8_PATTERN,
} from "../admin-api/page-token.ts";
import { recordAct } from "../audit/record-act.ts";
import { type ActingContext, callerName } from "../people/caller.ts";
import { objectMissing } from "../people/owned-objects.ts";
import { SEVERITIES, SUBJECTS, seenBy } from "./alert-words.ts";
import { listLimit, messageMessages } from "./messages.ts";

/** Of one incident; all are counted. */
const ALERTS_SHOWN_MAX = 20;
const MESSAGES_SHOWN_MAX = 2_000;
const NOTE_CHARACTERS_MAX = 1_000;

export async function listIncidents(
  { database, caller }: ActingContext,
  { includeRecovered, limit, pageToken }: alertsV1.ListIncidentsRequest,
): Promise<alertsV1.ListIncidentsResponse> {
  const accountId = caller?.accountId;
  const page = await incidentPage(database.kysely, {
    accountId,
    includeRecovered,
    ...placeOf(pageToken),
    limit: listLimit(limit),
  });
  const { rows } = await sql<{
    readonly evaluated_at: Timestamptz | null;
    readonly held_since: Timestamptz | null;
    readonly held_reason: string;
  }>`select evaluated_at, held_since, held_reason from alert_evaluation`.execute(database.kysely);
  const [evaluation] = rows;
  return create(alertsV1.ListIncidentsResponseSchema, {
    ...page,
    openTotal: await openTotal(database.kysely, accountId),
    ...optionalTimestamp("heldSince", evaluation?.held_since ?? null),
    heldReason: evaluation?.held_reason ?? "",
    ...optionalTimestamp("evaluatedAt", evaluation?.evaluated_at ?? null),
  });
}

/** The first one counts; a later note replaces the earlier one. */
export async function acknowledgeIncident(
  { database, caller }: ActingContext,
  { id, note }: alertsV1.AcknowledgeIncidentRequest,
): Promise<alertsV1.AcknowledgeIncidentResponse> {
  if (note.length > NOTE_CHARACTERS_MAX) {
    throw new AppError(
      "bad_request",
      `note has ${note.length} characters: at most ${NOTE_CHARACTERS_MAX}`,
    );
  }
  await inTransaction(database, async (transaction) => {
    const { rows } = await sql<{ readonly title: string }>`
      update incidents set acknowledged_by = case when acknowledged_at is null then ${callerName(caller)} else acknowledged_by end,
        acknowledged_at = coalesce(acknowledged_at, now()), note = case when ${note} = '' then note else ${note} end
      where id = ${id} returning title`.execute(transaction);
    const [row] = rows;
    if (row === undefined) throw objectMissing("incidents", id);
    await recordAct(transaction, caller, {
      act: "incident_acknowledged",
      object: `incident ${id}`,
      after: { title: row.title, note },
    });
  });
  const found = await incidentRows(database.kysely, { id, includeRecovered: true, limit: 1 });
  const [incident] = await incidentMessages(database.kysely, found);
  return create(
    alertsV1.AcknowledgeIncidentResponseSchema,
    incident === undefined ? {} : { incident },
  );
}

async function openTotal(kysely: Kysely<Schema>, accountId: bigint | undefined): Promise<number> {
  const { rows } = await sql<{ readonly count: bigint }>`
    select count(*) as count from incidents i
    where i.recovered_at is null and ${seenBy("i.account_id", accountId)}`.execute(kysely);
  return Number(rows[0]?.count);
}

/** Between two incidents of the list. */
interface IncidentPlace {
  readonly openedAt: Timestamptz;
  readonly id: bigint;
}

function placeOf(token: string): { readonly place?: IncidentPlace } {
  if (token === "") return {};
  const [openedAt = "", id = ""] = decodePageToken(token, [INSTANT_PATTERN, INT8_PATTERN]);
  return { place: { openedAt: openedAt as Timestamptz, id: BigInt(id) } };
}

interface IncidentRow {
  readonly id: bigint;
  readonly cause: string;
  readonly title: string;
  readonly severity: SeverityName;
  readonly opened_at: Timestamptz;
  readonly recovered_at: Timestamptz | null;
  readonly acknowledged_at: Timestamptz | null;
  readonly acknowledged_by: string;
  readonly note: string;
  readonly alerts_total: bigint;
}

interface IncidentSelection {
  readonly id?: bigint;
  readonly accountId?: bigint | undefined;
  readonly includeRecovered: boolean;
  /** Only those behind it. */
  readonly place?: IncidentPlace;
  readonly limit: number;
}

/** Newest first, and where the next page begins. */
async function incidentPage(
  kysely: Kysely<Schema>,
  selection: IncidentSelection,
): Promise<{ readonly incidents: alertsV1.Incident[]; readonly nextPageToken: string }> {
  const { limit } = selection;
  const rows = await incidentRows(kysely, { ...selection, limit: limit + 1 });
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const isLast = rows.length <= limit || last === undefined;
  return {
    incidents: await incidentMessages(kysely, page),
    nextPageToken: isLast ? "" : encodePageToken([last.opened_at, String(last.id)]),
  };
}

async function incidentRows(
  kysely: Kysely<Schema>,
  { id, accountId, includeRecovered, place, limit }: IncidentSelection,
): Promise<readonly IncidentRow[]> {
  const { rows } = await sql<IncidentRow>`
    select i.id, i.cause, i.title, i.severity, i.opened_at, i.recovered_at, i.acknowledged_at, i.acknowledged_by, i.note,
      (select count(*) from alerts a where a.incident_id = i.id) as alerts_total
    from incidents i
    where ${seenBy("i.account_id", accountId)} and ${id === undefined ? sql`true` : sql`i.id = ${id}`}
      and ${includeRecovered ? sql`true` : sql`i.recovered_at is null`}
      and ${place === undefined ? sql`true` : sql`(i.opened_at, i.id) < (${place.openedAt}::timestamptz, ${place.id}::bigint)`}
    order by i.opened_at desc, i.id desc limit ${limit}`.execute(kysely);
  return rows;
}

async function incidentMessages(
  kysely: Kysely<Schema>,
  rows: readonly IncidentRow[],
): Promise<alertsV1.Incident[]> {
  const ids = rows.map((row) => row.id);
  const alerts = await alertsOf(kysely, ids);
  const messages = await messageMessages(kysely, { incidentIds: ids, limit: MESSAGES_SHOWN_MAX });
  const messagesOf = Map.groupBy(messages, ({ incidentId }) => incidentId);
  return rows.map((row) =>
    create(alertsV1.IncidentSchema, {
      id: row.id,
      cause: row.cause,
      title: row.title,
      severity: SEVERITIES[row.severity],
      openedAt: timestampFrom(row.opened_at),
      ...optionalTimestamp("recoveredAt", row.recovered_at),
      ...optionalTimestamp("acknowledgedAt", row.acknowledged_at),
      acknowledgedBy: row.acknowledged_by,
      note: row.note,
      alerts: alerts.get(row.id) ?? [],
      alertsTotal: Number(row.alerts_total),
      messages: (messagesOf.get(row.id) ?? []).map(({ message }) => message).toReversed(),
    }),
  );
}

interface AlertRow {
  readonly incident_id: bigint;
  readonly rule_id: bigint;
  readonly rule_name: string;
  readonly subject: AlertSubjectName;
  readonly severity: SeverityName;
  readonly subject_id: bigint;
  readonly subject_name: string;
  readonly pending_since: Timestamptz;
  readonly fired_at: Timestamptz | null;
  readonly ended_at: Timestamptz | null;
  readonly text: string;
}

async function alertsOf(
  kysely: Kysely<Schema>,
  incidentIds: readonly bigint[],
): Promise<ReadonlyMap<bigint, alertsV1.Alert[]>> {
  const { rows } = await sql<AlertRow>`
    select i.id as incident_id, a.* from unnest(${incidentIds}::bigint[]) as i (id) cross join lateral (
      select x.rule_id, r.name as rule_name, r.subject, r.severity, x.subject_id, x.subject_name, x.pending_since, x.fired_at,
        x.ended_at, x.text
      from alerts x join alert_rules r on r.id = x.rule_id
      where x.incident_id = i.id order by x.id limit ${ALERTS_SHOWN_MAX}
    ) a`.execute(kysely);
  const groups = Map.groupBy(rows, (row) => row.incident_id);
  return new Map([...groups].map(([id, own]) => [id, own.map(alertOf)]));
}

function alertOf(row: AlertRow): alertsV1.Alert {
  return create(alertsV1.AlertSchema, {
    ruleId: row.rule_id,
    ruleName: row.rule_name,
    subject: SUBJECTS[row.subject],
    subjectId: row.subject_id,
    subjectName: row.subject_name,
    severity: SEVERITIES[row.severity],
    since: timestampFrom(row.pending_since),
    ...optionalTimestamp("firedAt", row.fired_at),
    ...optionalTimestamp("endedAt", row.ended_at),
    text: row.text,
  });
}
