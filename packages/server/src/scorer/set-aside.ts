// Servers whose results cannot be scored: their results wait, longer with each failure, and hold up nobody.

import { AppError } from "@truechimer/base";
import type { Schema } from "@truechimer/database";
import { sql, type Transaction } from "kysely";
import type { ServerContext } from "../context.ts";
import { loadResults, type ScoredResult } from "./scored-result.ts";

const ASIDE_SECONDS_FIRST = 30;
/** Long enough to cost nothing, short enough that a mended server is scored within the hour. */
const ASIDE_SECONDS_MAX = 3_600;
/** Results of a server that are taken at once when it is tried again. */
const RETRY_RESULTS_MAX = 1_000;

/** Notes the failure, and when to try again. Returns how long it has failed by now. */
export async function setServerAside(
  transaction: Transaction<Schema>,
  { logger, metrics }: Pick<ServerContext, "logger" | "metrics">,
  serverId: bigint,
  error: unknown,
): Promise<void> {
  const code = error instanceof AppError ? error.code : "internal";
  metrics.scorerErrors.inc({ scorer: "all" });
  logger.error({ error, serverId }, "server not scored, its results are set aside");
  await sql`
    insert into scorer_set_aside as aside (server_id, failures, retry_at, last_error)
    values (${serverId}, 1, now() + make_interval(secs => ${ASIDE_SECONDS_FIRST}::float8), ${code})
    on conflict (server_id) do update set failures = aside.failures + 1, last_error = excluded.last_error,
      retry_at = now() + make_interval(
        secs => least(${ASIDE_SECONDS_MAX}, ${ASIDE_SECONDS_FIRST} * 2 ^ least(aside.failures, 10))::float8)`.execute(
    transaction,
  );
}

export async function keepForLater(
  transaction: Transaction<Schema>,
  results: readonly ScoredResult[],
): Promise<void> {
  await sql`
    insert into set_aside_results (server_id, log_score_id, ts)
    select * from unnest(
      ${results.map(({ serverId }) => serverId)}::bigint[],
      ${results.map(({ id }) => id)}::bigint[],
      ${results.map(({ at }) => at)}::timestamptz[]
    )
    on conflict do nothing`.execute(transaction);
}

/** Those of them that are set aside. */
export async function serversAside(transaction: Transaction<Schema>): Promise<ReadonlySet<bigint>> {
  const rows = await transaction.selectFrom("scorer_set_aside").select("server_id").execute();
  return new Set(rows.map(({ server_id }) => server_id));
}

/** The results of a server that waited, first ones first; they wait no more when the transaction commits. */
export async function takeWaiting(
  transaction: Transaction<Schema>,
  serverId: bigint,
): Promise<readonly ScoredResult[]> {
  const { rows } = await sql<{ readonly ids: bigint[]; readonly tss: string[] }>`
    with taken as (
      delete from set_aside_results where server_id = ${serverId} and log_score_id in (
        select log_score_id from set_aside_results where server_id = ${serverId}
        order by ts, log_score_id limit ${RETRY_RESULTS_MAX}
      ) returning log_score_id, ts
    )
    select coalesce(array_agg(log_score_id), '{}') as ids, coalesce(array_agg(ts), '{}') as tss from taken`.execute(
    transaction,
  );
  const { ids = [], tss = [] } = rows[0] ?? {};
  const sorted = tss.toSorted();
  const [first] = sorted;
  const last = sorted.at(-1);
  if (first === undefined || last === undefined) return [];
  return await loadResults(transaction, {
    keys: sql`(
      select id, ts from unnest(${ids}::bigint[], ${tss}::timestamptz[]) as t (id, ts)
    )`,
    first: first as Parameters<typeof loadResults>[1]["first"],
    last: last as Parameters<typeof loadResults>[1]["last"],
  });
}

/** Nothing of it waits any more: from now on its results are scored as they come. */
export async function endSettingAside(
  transaction: Transaction<Schema>,
  serverId: bigint,
): Promise<void> {
  await sql`
    delete from scorer_set_aside aside where server_id = ${serverId}
      and not exists (select from set_aside_results where server_id = aside.server_id)`.execute(
    transaction,
  );
}
