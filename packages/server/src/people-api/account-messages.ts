// Accounts as people see them, with how much they own.

import { create } from "@bufbuild/protobuf";
import { peopleV1 } from "@truechimer/api";
import type { Schema } from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import { DEFAULT_ACCOUNT } from "../people/account-sql.ts";
import { objectMissing } from "../people/owned-objects.ts";

interface AccountRow {
  readonly id_token: string;
  readonly name: string;
  readonly servers: bigint;
  readonly agents: bigint;
}

/** By name. Ids absent: all. What belongs to nobody counts for the default one. */
export async function accountMessages(
  kysely: Kysely<Schema>,
  ...ids: readonly bigint[]
): Promise<peopleV1.Account[]> {
  const { rows } = await sql<AccountRow>`
    with fallback as (select id from accounts where id_token = ${DEFAULT_ACCOUNT}),
    own_servers as (
      select coalesce(account_id, (select id from fallback)) as account_id, count(*) as servers
      from servers where state <> 'removed' group by 1
    ),
    own_agents as (
      select coalesce(a.account_id, m.account_id, (select id from fallback)) as account_id,
        count(distinct coalesce(a.id_token, m.hostname)) as agents
      from monitors m left join agents a on a.id = m.agent_id
      where m.type = 'monitor' and m.is_current and m.deleted_on is null group by 1
    )
    select c.id_token, c.name, coalesce(s.servers, 0) as servers, coalesce(g.agents, 0) as agents
    from accounts c
    left join own_servers s on s.account_id = c.id
    left join own_agents g on g.account_id = c.id
    where ${ids.length === 0} or c.id = any(${ids}::bigint[])
    order by c.name, c.id`.execute(kysely);
  return rows.map(({ id_token: idToken, name, servers, agents }) =>
    create(peopleV1.AccountSchema, {
      id: idToken,
      name,
      servers: Number(servers),
      agents: Number(agents),
    }),
  );
}

/** Fails with not_found. */
export async function accountIdOf(kysely: Kysely<Schema>, idToken: string): Promise<bigint> {
  const row = await kysely
    .selectFrom("accounts")
    .select("id")
    .where("id_token", "=", idToken)
    .executeTakeFirst();
  if (row === undefined) throw objectMissing("accounts", idToken);
  return row.id;
}

/** The public id of an account that is there. */
export async function accountIdTokenOf(kysely: Kysely<Schema>, id: bigint): Promise<string> {
  const { id_token: idToken } = await kysely
    .selectFrom("accounts")
    .select("id_token")
    .where("id", "=", id)
    .executeTakeFirstOrThrow();
  return idToken;
}

/** In their order. Fails with not_found for the first that there is not. */
export async function accountIdsOf(
  kysely: Kysely<Schema>,
  idTokens: readonly string[],
): Promise<readonly bigint[]> {
  const rows = await kysely
    .selectFrom("accounts")
    .select(["id", "id_token"])
    .where("id_token", "in", [...idTokens])
    .execute();
  const idOf = new Map(rows.map(({ id, id_token: idToken }) => [idToken, id]));
  return idTokens.map((idToken) => {
    const id = idOf.get(idToken);
    if (id === undefined) throw objectMissing("accounts", idToken);
    return id;
  });
}
