// By what a statement tells whether a monitor is still as it was when it was found: so that a call can do its work and
// learn in the same statement whether it might.

import { type RawBuilder, sql } from "kysely";
import { settingsText } from "./read-settings.ts";

/** Of `monitors m`. Of two states that differ in what counts for a call, the marks nearly certainly differ, too. */
export const MONITOR_MARK: RawBuilder<bigint> = sql<bigint>`hash_record_extended(row(
  m.tls_name, m.token_hash, m.ip, m.ip_version, m.hostname, m.type, m.status, m.lab, m.config, m.client_version,
  m.is_current, m.deleted_on, ${settingsText}
), 0)`;

/** A monitor that calls more often is noted as seen this often: no window of presence is as short. */
const SEEN_SECONDS = 1;

/**
 * Two further parts of a statement whose part `name` has the rows `id` and `last_seen` of monitors that call. Who is locked is
 * being counted, which notes that it was seen, or is changed by somebody: nobody waits for that. Nor for the disk: after
 * a crash they are seen again.
 */
export function noteSeen(name: string): RawBuilder<unknown> {
  return sql`
    unseen as (
      select m.id from monitors m
      where m.id in (
        select id from ${sql.table(name)}
        where last_seen is null or last_seen < now() - make_interval(secs => ${SEEN_SECONDS}::int)
      )
      order by m.id for no key update skip locked
    ),
    seen as (
      update monitors m set last_seen = now()
      from unseen, (select set_config('synchronous_commit', 'off', true)) as lazily
      where m.id = unseen.id
    )`;
}
