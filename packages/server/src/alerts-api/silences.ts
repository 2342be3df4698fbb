// ListAlertSilences, CreateAlertSilence, EndAlertSilence.

import { create } from "@bufbuild/protobuf";
import { alertsV1 } from "@truechimer/api";
import { AppError, assert } from "@truechimer/base";
import {
  type AlertSubjectName,
  inTransaction,
  type Schema,
  type Timestamptz,
} from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import { instantOf, timestampFrom } from "../admin-api/admin-message.ts";
import { recordAct } from "../audit/record-act.ts";
import { requestFilter } from "../filter/filter-refused.ts";
import { type ActingContext, callerName } from "../people/caller.ts";
import { objectMissing } from "../people/owned-objects.ts";
import { lengthMs, requiredWord, SUBJECTS, seenBy } from "./alert-words.ts";

const COMMENT_CHARACTERS_MAX = 1_000;
const SILENCES_MAX = 1_000;

export async function listAlertSilences({
  database,
  caller,
}: ActingContext): Promise<alertsV1.ListAlertSilencesResponse> {
  return create(alertsV1.ListAlertSilencesResponseSchema, {
    silences: await silenceMessages(database.kysely, { accountId: caller?.accountId }),
  });
}

export async function createAlertSilence(
  context: ActingContext,
  { subject: asked, filter, startsAt, lasts, comment }: alertsV1.CreateAlertSilenceRequest,
): Promise<alertsV1.CreateAlertSilenceResponse> {
  const { database, caller } = context;
  const subject = requiredWord("subject", SUBJECTS, asked);
  requestFilter(context, subject, filter);
  const lastsMs = lengthMs("lasts", lasts);
  if (lastsMs === 0) throw new AppError("bad_request", "lasts is missing: expected up to 31 days");
  if (comment.length > COMMENT_CHARACTERS_MAX) {
    throw new AppError(
      "bad_request",
      `comment has ${comment.length} characters: at most ${COMMENT_CHARACTERS_MAX}`,
    );
  }
  const start = instantOf(startsAt) ?? null;
  const id = await inTransaction(database, async (transaction) => {
    const { rows } = await sql<{ readonly id: bigint; readonly ends_at: Timestamptz }>`
      insert into alert_silences (account_id, subject, filter, starts_at, ends_at, comment, created_by)
      select ${caller?.accountId ?? null}::bigint, ${subject}, ${filter}, begins.at,
        begins.at + make_interval(secs => ${lastsMs / 1_000}::float8), ${comment}, ${callerName(caller)}
      from (select coalesce(${start}::timestamptz, now()) as at) begins
      where (select count(*) from alert_silences where ends_at > now()) < ${SILENCES_MAX}
      returning id, ends_at`.execute(transaction);
    const [row] = rows;
    if (row === undefined)
      throw new AppError("limit_exceeded", `there are ${SILENCES_MAX} silences: end some`);
    await recordAct(transaction, caller, {
      act: "alert_silence_created",
      object: `alert silence ${row.id}`,
      after: { subject, filter, ends_at: row.ends_at, comment },
    });
    return row.id;
  });
  const [silence] = await silenceMessages(database.kysely, { id });
  assert(silence !== undefined, "a silence that was made is there");
  return create(alertsV1.CreateAlertSilenceResponseSchema, { silence });
}

/** One that is over already stays so. */
export async function endAlertSilence(
  { database, caller }: ActingContext,
  { id }: alertsV1.EndAlertSilenceRequest,
): Promise<alertsV1.EndAlertSilenceResponse> {
  await inTransaction(database, async (transaction) => {
    const { rows } = await sql<{ readonly comment: string }>`
      update alert_silences set ends_at = least(ends_at, greatest(now(), starts_at + interval '1 microsecond'))
      where id = ${id} and ${seenBy("account_id", caller?.accountId)} returning comment`.execute(
      transaction,
    );
    const [row] = rows;
    if (row === undefined) throw objectMissing("alertSilences", id);
    await recordAct(transaction, caller, {
      act: "alert_silence_ended",
      object: `alert silence ${id}`,
      before: { comment: row.comment },
    });
  });
  return create(alertsV1.EndAlertSilenceResponseSchema);
}

interface SilenceRow {
  readonly id: bigint;
  readonly subject: AlertSubjectName;
  readonly filter: string;
  readonly starts_at: Timestamptz;
  readonly ends_at: Timestamptz;
  readonly comment: string;
  readonly created_by: string;
}

/** Those that end first, first. */
async function silenceMessages(
  kysely: Kysely<Schema>,
  { id, accountId }: { readonly id?: bigint; readonly accountId?: bigint | undefined },
): Promise<alertsV1.AlertSilence[]> {
  const { rows } = await sql<SilenceRow>`
    select id, subject, filter, starts_at, ends_at, comment, created_by from alert_silences
    where ends_at > now() and ${seenBy("account_id", accountId)} and ${id === undefined ? sql`true` : sql`id = ${id}`}
    order by ends_at, id`.execute(kysely);
  return rows.map((row) =>
    create(alertsV1.AlertSilenceSchema, {
      id: row.id,
      subject: SUBJECTS[row.subject],
      filter: row.filter,
      startsAt: timestampFrom(row.starts_at),
      endsAt: timestampFrom(row.ends_at),
      comment: row.comment,
      createdBy: row.created_by,
    }),
  );
}
