// What one account sees of what belongs to somebody; each set is read when it is first asked for.

import type { Schema } from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import { monitorOfAccount, ofAccount } from "./account-sql.ts";
import { ownedAmong } from "./owned-objects.ts";

export interface SeenObjects {
  readonly accountId: bigint;
  readonly servers: () => Promise<ReadonlySet<bigint>>;
  /** Of these servers alone, asked anew: for answers that come again and again. */
  readonly serversAmong: (ids: readonly bigint[]) => Promise<ReadonlySet<bigint | string>>;
  readonly monitors: () => Promise<ReadonlySet<bigint>>;
  /** By the id under which the API has them. */
  readonly agents: () => Promise<ReadonlySet<string>>;
  readonly registrations: () => Promise<ReadonlySet<string>>;
  readonly enrolmentTokens: () => Promise<ReadonlySet<string>>;
}

export function seenObjects(kysely: Kysely<Schema>, accountId: bigint): SeenObjects {
  const idsOf = async <Id>(query: ReturnType<typeof sql<{ readonly id: Id }>>): Promise<Set<Id>> =>
    new Set((await query.execute(kysely)).rows.map(({ id }) => id));
  return {
    accountId,
    servers: once(() =>
      idsOf(
        sql<{
          readonly id: bigint;
        }>`select id from servers where ${ofAccount("account_id", accountId)}`,
      ),
    ),
    serversAmong: (ids) => ownedAmong(kysely, accountId, { kind: "servers", ids }),
    monitors: once(() =>
      idsOf(sql<{ readonly id: bigint }>`
        select m.id from monitors m left join agents a on a.id = m.agent_id
        where m.type = 'monitor' and ${monitorOfAccount(accountId)}`),
    ),
    agents: once(() =>
      idsOf(sql<{ readonly id: string }>`
        select coalesce(a.id_token, m.id_token) as id from monitors m left join agents a on a.id = m.agent_id
        where m.type = 'monitor' and ${monitorOfAccount(accountId)}
        union
        select id_token from agents where ${ofAccount("account_id", accountId)}`),
    ),
    registrations: once(() =>
      idsOf(
        sql<{
          readonly id: string;
        }>`select id from registrations where ${ofAccount("account_id", accountId)}`,
      ),
    ),
    enrolmentTokens: once(() =>
      idsOf(
        sql<{
          readonly id: string;
        }>`select id from enrolment_tokens where ${ofAccount("account_id", accountId)}`,
      ),
    ),
  };
}

function once<Value>(read: () => Promise<Value>): () => Promise<Value> {
  let value: Promise<Value> | undefined;
  return () => {
    value ??= read();
    return value;
  };
}
