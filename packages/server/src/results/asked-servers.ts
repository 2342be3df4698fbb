// The servers that a question about results can be about: what it names, what its filter says of servers alone, and what
// the caller's account owns. Few of them are looked for one by one, so that a filter for one server reads that server's
// results and no others.

import type { Schema } from "@truechimer/database";
import { type SplitCondition, splitCondition } from "@truechimer/filter";
import { type Kysely, sql } from "kysely";
import { conditionSql } from "../filter/condition-sql.ts";
import { SERVER_FILTER_COLUMNS } from "../filter/filter-columns.ts";
import { ofAccount } from "../people/account-sql.ts";
import { objectMissing } from "../people/owned-objects.ts";
import type { ResultsQuestion } from "./results-question.ts";

export interface AskedServers {
  /** Absent: all that there are. */
  readonly ids: ReadonlySet<bigint> | undefined;
  /** Nothing of the filter is left to be looked at in each result. */
  readonly decideAll: boolean;
}

const NOTHING_ASKED: SplitCondition = { asked: { kind: "constant", value: true }, whole: true };

export async function askedServers(
  kysely: Kysely<Schema>,
  { condition, serverIds, accountId }: ResultsQuestion,
): Promise<AskedServers> {
  if (serverIds.length > 0) await requireServers(kysely, serverIds);
  const { asked, whole } =
    condition === undefined
      ? NOTHING_ASKED
      : splitCondition(condition, (column) => column in SERVER_FILTER_COLUMNS);
  const isOfAll = asked.kind === "constant" && asked.value;
  if (isOfAll && serverIds.length === 0 && accountId === undefined)
    return { ids: undefined, decideAll: whole };
  const { rows } = await sql<{ readonly id: bigint }>`
    select s.id from servers s
    where ${ofAccount("s.account_id", accountId)}
      and (${serverIds.length === 0} or s.id = any(${[...serverIds]}::bigint[]))
      and ${conditionSql(asked, SERVER_FILTER_COLUMNS)}`.execute(kysely);
  return { ids: new Set(rows.map(({ id }) => id)), decideAll: whole };
}

/** Fails with not_found for the first one that is not there. */
export async function requireServers(
  kysely: Kysely<Schema>,
  ids: readonly bigint[],
): Promise<void> {
  const rows = await kysely.selectFrom("servers").select("id").where("id", "in", ids).execute();
  const known = new Set(rows.map(({ id }) => id));
  const missing = ids.find((id) => !known.has(id));
  if (missing !== undefined) throw objectMissing("servers", missing);
}
