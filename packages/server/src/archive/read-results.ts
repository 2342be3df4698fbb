// The results that an archive is sent: those of a page of commits, or older ones by their time.

import {
  type ResultsPage,
  resultKeys,
  resultTimes,
  type Schema,
  type Timestamptz,
} from "@truechimer/database";
import { type Kysely, type RawBuilder, sql } from "kysely";
import type { OlderRange } from "./archive-position.ts";
import { type ArchivedResult, archivedResult, type ResultToArchive } from "./archived-result.ts";

type Row = ResultToArchive & { readonly evidence: Uint8Array | null };

function selectResults(
  from: RawBuilder<unknown>,
  times: { readonly first: Timestamptz; readonly last: Timestamptz },
): RawBuilder<Row> {
  return sql<Row>`
    select l.id, l.ts, l.server_id, l.monitor_id, l.score_before, l.step, l.score, l.rule, l.offset_ns, l.bound_ns, l.rtt_ns,
      l.stratum, l.leap, l.reason, l.no_response, l.samples_sent, l.samples_answered, l.has_evidence,
      l.attributes::text as attributes,
      coalesce(case family(s.ip) when 6 then '[' || host(s.ip) || ']' else host(s.ip) end || ':' || s.port, '') as server_address,
      coalesce(s.name, '') as server_name, coalesce(s.ip_version, 'v4') as family, coalesce(m.hostname, '') as monitor_name,
      coalesce(m.type = 'score', false) as is_score, e.evidence
    from ${from}
    left join servers s on s.id = l.server_id
    left join monitors m on m.id = l.monitor_id
    left join check_evidence e on l.has_evidence and e.log_score_id = l.id and e.ts = l.ts
      and e.ts between ${times.first} and ${times.last}`;
}

/** The page must have commits. */
export async function resultsOfPage(
  database: Kysely<Schema>,
  page: ResultsPage,
): Promise<readonly ArchivedResult[]> {
  const times = resultTimes(page);
  const from = sql`${resultKeys(page)} key
    join log_scores l on l.id = key.id and l.ts = key.ts and l.ts between ${times.first} and ${times.last}`;
  const { rows } = await selectResults(from, times).execute(database);
  return rows.map(archivedResult);
}

/** The first so many of a range, in the order of time and id. */
export async function olderResults(
  database: Kysely<Schema>,
  { from, afterId, to }: OlderRange,
  rowsMax: number,
): Promise<readonly ArchivedResult[]> {
  const page = sql`(
    select * from log_scores
    where ts >= ${from} and ts <= ${to} and (ts, id) > (${from}::timestamptz, ${afterId}::bigint)
    order by ts, id limit ${rowsMax}::int) l`;
  const { rows } =
    await sql<Row>`${selectResults(page, { first: from, last: to })} order by l.ts, l.id`.execute(
      database,
    );
  return rows.map(archivedResult);
}
