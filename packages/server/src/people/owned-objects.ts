// Objects that a request names, and whether they are the caller's account's. Those of another account look as if they did
// not exist: the same code, and the words that the procedure itself has for what is not there.

import { AppError } from "@truechimer/base";
import type { Schema } from "@truechimer/database";
import { type Kysely, type RawBuilder, sql } from "kysely";
import { monitorOfAccount, ofAccount, userInAccount } from "./account-sql.ts";

export interface ObjectRefs {
  readonly servers?: readonly bigint[];
  readonly monitors?: readonly bigint[];
  readonly agents?: readonly string[];
  readonly checks?: readonly bigint[];
  readonly registrations?: readonly string[];
  readonly enrolmentTokens?: readonly string[];
  readonly keys?: readonly bigint[];
  readonly accounts?: readonly string[];
  readonly users?: readonly string[];
  readonly sessions?: readonly string[];
  readonly alertRules?: readonly bigint[];
  readonly alertChannels?: readonly bigint[];
  readonly incidents?: readonly bigint[];
  readonly alertSilences?: readonly bigint[];
  readonly alertMessages?: readonly bigint[];
}

type ObjectKind = keyof ObjectRefs;

const ID_SHOWN_MAX = 40;

const MISSING_WORDS: Readonly<Record<ObjectKind, (id: string) => string>> = {
  servers: (id) => `there is no server with the id ${id}`,
  monitors: (id) => `there is no monitor with the id ${id}`,
  agents: (id) => `there is no agent with the id ${id}`,
  checks: (id) => `there is no check with the id ${id}: it may be older than what is kept`,
  registrations: (id) => `there is no registration with the id ${id}`,
  enrolmentTokens: (id) => `there is no enrolment token with the id ${id}`,
  keys: (id) => `there is no key with the id ${id}`,
  accounts: (id) =>
    `there is no account with the id ${id}: "truechimer accounts" lists those that there are, with their ids`,
  users: (id) => `there is no user with the id ${id}`,
  sessions: (id) => `there is no session with the id ${id}`,
  alertRules: (id) => `there is no alert rule with the id ${id}`,
  alertChannels: (id) => `there is no alert channel with the id ${id}`,
  incidents: (id) => `there is no incident with the id ${id}`,
  alertSilences: (id) => `there is no silence with the id ${id}`,
  alertMessages: (id) => `there is no message with the id ${id}`,
};

export function objectMissing(kind: ObjectKind, id: bigint | string): AppError {
  return new AppError("not_found", MISSING_WORDS[kind](String(id).slice(0, ID_SHOWN_MAX)));
}

/** Fails with not_found for the first one that is not the account's. */
export async function requireOwned(
  kysely: Kysely<Schema>,
  accountId: bigint,
  refs: ObjectRefs,
): Promise<void> {
  for (const kind of Object.keys(OWNED) as ObjectKind[]) {
    const ids = refs[kind] ?? [];
    const owned = await ownedAmong(kysely, accountId, { kind, ids });
    const missing = ids.find((id) => !owned.has(id));
    if (missing !== undefined) throw objectMissing(kind, missing);
  }
}

/** Those of the ids that are the account's. */
export async function ownedAmong(
  kysely: Kysely<Schema>,
  accountId: bigint,
  { kind, ids }: { readonly kind: ObjectKind; readonly ids: readonly (bigint | string)[] },
): Promise<ReadonlySet<bigint | string>> {
  if (ids.length === 0) return new Set();
  const query = sql<{ readonly id: bigint | string }>`${OWNED[kind](accountId, ids)}`;
  const { rows } = await query.execute(kysely);
  return new Set(rows.map(({ id }) => id));
}

type OwnedQuery = (accountId: bigint, ids: readonly (bigint | string)[]) => RawBuilder<unknown>;

const OWNED: Readonly<Record<ObjectKind, OwnedQuery>> = {
  servers: (account, ids) =>
    sql`select id from servers where id = any(${ids}::bigint[]) and ${ofAccount("account_id", account)}`,
  monitors: (account, ids) => sql`
    select m.id from monitors m left join agents a on a.id = m.agent_id
    where m.id = any(${ids}::bigint[]) and ${monitorOfAccount(account)}`,
  agents: (account, ids) => sql`
    select id_token as id from agents
    where id_token = any(${ids}::text[]) and ${ofAccount("account_id", account)}
    union
    select m.id_token from monitors m left join agents a on a.id = m.agent_id
    where m.id_token = any(${ids}::text[]) and m.agent_id is null and ${monitorOfAccount(account)}`,
  checks: (account, ids) => sql`
    select l.id from log_scores l join servers s on s.id = l.server_id
    where l.id = any(${ids}::bigint[]) and ${ofAccount("s.account_id", account)}`,
  registrations: (account, ids) =>
    sql`select id from registrations where id = any(${ids}::text[]) and ${ofAccount("account_id", account)}`,
  enrolmentTokens: (account, ids) =>
    sql`select id from enrolment_tokens where id = any(${ids}::text[]) and ${ofAccount("account_id", account)}`,
  // A key that sees all accounts is none that one account knows.
  keys: (account, ids) =>
    sql`select id from api_keys where id = any(${ids}::bigint[]) and account_id = ${account}`,
  // As with keys.
  users: (account, ids) =>
    sql`select id_token as id from users where id_token = any(${ids}::text[]) and ${userInAccount("users", account)}`,
  sessions: (account, ids) => sql`
    select s.id_token as id from user_sessions s join users u on u.id = s.user_id
    where s.id_token = any(${ids}::text[]) and ${userInAccount("u", account)}`,
  // As with keys: a rule of the installation is none that one account knows.
  alertRules: (account, ids) =>
    sql`select id from alert_rules where id = any(${ids}::bigint[]) and account_id = ${account}`,
  alertChannels: (account, ids) =>
    sql`select id from alert_channels where id = any(${ids}::bigint[]) and account_id = ${account}`,
  alertSilences: (account, ids) =>
    sql`select id from alert_silences where id = any(${ids}::bigint[]) and account_id = ${account}`,
  alertMessages: (account, ids) => sql`
    select m.id from alert_messages m join alert_channels c on c.id = m.channel_id
    where m.id = any(${ids}::bigint[]) and c.account_id = ${account}`,
  incidents: (account, ids) =>
    sql`select id from incidents where id = any(${ids}::bigint[]) and account_id = ${account}`,
  accounts: (account, ids) =>
    sql`select id_token as id from accounts where id_token = any(${ids}::text[]) and id = ${account}`,
};
