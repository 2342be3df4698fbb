// Users and sessions as people see them.

import { create } from "@bufbuild/protobuf";
import { peopleV1 } from "@truechimer/api";
import type { Schema, Timestamptz } from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import { optionalTimestamp, timestampFrom } from "../admin-api/admin-message.ts";
import { userInAccount } from "../people/account-sql.ts";
import { objectMissing } from "../people/owned-objects.ts";
import { ROLE_MESSAGES } from "../people/role.ts";
import type { UserLink } from "../people/user-links.ts";

/** By name. Account absent: those of all accounts. */
export async function userMessages(
  kysely: Kysely<Schema>,
  selection: { readonly idToken?: string; readonly accountId?: bigint | undefined },
): Promise<peopleV1.User[]> {
  const { idToken, accountId } = selection;
  const seenAccount = accountId === undefined ? undefined : await tokenOf(kysely, accountId);
  const rows = await kysely
    .selectFrom("users as u")
    .leftJoin("accounts as c", "c.id", "u.account_id")
    .select((is) => [
      "u.id",
      "u.id_token",
      "u.name",
      "u.role",
      "c.id_token as account",
      is("u.password_hash", "is", null).as("without_password"),
      is("u.disabled_at", "is not", null).as("disabled"),
      "u.created_by",
      "u.created_at",
      "u.signed_in_at",
      is
        .selectFrom("user_sessions as s")
        .select(is.fn.countAll<bigint>().as("count"))
        .whereRef("s.user_id", "=", "u.id")
        .where("s.expires_at", ">", sql<Timestamptz>`now()`)
        .where("s.ends_at", ">", sql<Timestamptz>`now()`)
        .as("sessions"),
      is
        .selectFrom("user_links as l")
        .select((link) => link.fn.max("l.expires_at").as("at"))
        .whereRef("l.user_id", "=", "u.id")
        .where("l.expires_at", ">", sql<Timestamptz>`now()`)
        .as("link_expires_at"),
      is
        .exists(
          is
            .selectFrom("user_second_factors as f")
            .select("f.user_id")
            .whereRef("f.user_id", "=", "u.id")
            .where("f.confirmed_at", "is not", null),
        )
        .as("second_factor"),
      is
        .exists(
          is
            .selectFrom("user_identities as i")
            .select("i.user_id")
            .whereRef("i.user_id", "=", "u.id"),
        )
        .as("by_provider"),
      is
        .selectFrom("user_passkeys as p")
        .select(is.fn.countAll<bigint>().as("count"))
        .whereRef("p.user_id", "=", "u.id")
        .as("passkeys"),
    ])
    .$if(idToken !== undefined, (query) => query.where("u.id_token", "=", idToken ?? ""))
    .$if(accountId !== undefined, (query) => query.where(userInAccount("u", accountId ?? 0n)))
    .orderBy("u.name_key")
    .execute();
  const others = await otherAccounts(kysely, selection);
  return rows.map((row) =>
    create(peopleV1.UserSchema, {
      id: row.id_token,
      name: row.name,
      role: ROLE_MESSAGES[row.role],
      ...accountFields([row.account, ...(others.get(row.id) ?? [])], seenAccount),
      invited: Boolean(row.without_password) && !row.by_provider,
      disabled: Boolean(row.disabled),
      createdBy: row.created_by,
      createdAt: timestampFrom(row.created_at),
      ...optionalTimestamp("signedInAt", row.signed_in_at),
      sessions: Number(row.sessions ?? 0),
      ...optionalTimestamp("linkExpiresAt", row.link_expires_at),
      secondFactor: Boolean(row.second_factor),
      byProvider: Boolean(row.by_provider),
      passkeys: Number(row.passkeys ?? 0),
    }),
  );
}

async function tokenOf(kysely: Kysely<Schema>, accountId: bigint): Promise<string> {
  const row = await kysely
    .selectFrom("accounts")
    .select("id_token")
    .where("id", "=", accountId)
    .executeTakeFirstOrThrow();
  return row.id_token;
}

/** Ids of accounts by name, for each user who has more than one. */
async function otherAccounts(
  kysely: Kysely<Schema>,
  { idToken }: { readonly idToken?: string },
): Promise<ReadonlyMap<bigint, readonly string[]>> {
  const rows = await kysely
    .selectFrom("user_accounts as ua")
    .innerJoin("users as u", "u.id", "ua.user_id")
    .innerJoin("accounts as c", "c.id", "ua.account_id")
    .select(["u.id as user", "c.id_token as account"])
    .whereRef("u.account_id", "<>", "ua.account_id")
    .$if(idToken !== undefined, (query) => query.where("u.id_token", "=", idToken ?? ""))
    .orderBy("c.name")
    .orderBy("c.id")
    .execute();
  const byUser = Map.groupBy(rows, ({ user }) => user);
  return new Map([...byUser].map(([user, own]) => [user, own.map(({ account }) => account)]));
}

/** Of the user's accounts, what a caller that sees one alone may know. The first: where a session begins. */
function accountFields(
  [home, ...others]: readonly (string | null)[],
  seen: string | undefined,
): Pick<peopleV1.User, "accountId" | "accountIds" | "hasOtherAccounts"> {
  if (home === null || home === undefined)
    return { accountId: "", accountIds: [], hasOtherAccounts: false };
  const all = [home, ...others.flatMap((id) => id ?? [])];
  const shown = seen === undefined ? all : all.filter((id) => id === seen);
  return {
    accountId: shown[0] ?? "",
    accountIds: shown,
    hasOtherAccounts: shown.length < all.length,
  };
}

/** Fails with not_found. */
export async function userMessage(kysely: Kysely<Schema>, idToken: string): Promise<peopleV1.User> {
  const [user] = await userMessages(kysely, { idToken });
  if (user === undefined) throw objectMissing("users", idToken);
  return user;
}

export function linkMessage(
  publicUrl: string,
  { path, expiresAt }: UserLink,
): peopleV1.OneTimeLink {
  return create(peopleV1.OneTimeLinkSchema, {
    url: `${publicUrl}${path}`,
    expiresAt: timestampFrom(expiresAt),
  });
}

interface SessionRow {
  readonly id_token: string;
  readonly created_at: Timestamptz;
  readonly last_used_at: Timestamptz;
  readonly expires_at: Timestamptz;
  readonly opened_from: string;
  readonly user_agent: string;
}

/** The one used last comes first. User null: those that were opened with a one-time key. */
export async function sessionMessages(
  kysely: Kysely<Schema>,
  userId: bigint | null,
  current: string | undefined,
): Promise<peopleV1.Session[]> {
  const table =
    userId === null
      ? sql`admin_sessions where true`
      : sql`user_sessions where user_id = ${userId}::bigint`;
  const { rows } = await sql<SessionRow>`
    select id_token, created_at, last_used_at, least(expires_at, ends_at) as expires_at, opened_from, user_agent
    from ${table} and expires_at > now() and ends_at > now()
    order by last_used_at desc, created_at desc`.execute(kysely);
  return rows.map((row) =>
    create(peopleV1.SessionSchema, {
      id: row.id_token,
      current: row.id_token === current,
      createdAt: timestampFrom(row.created_at),
      lastUsedAt: timestampFrom(row.last_used_at),
      expiresAt: timestampFrom(row.expires_at),
      openedFrom: row.opened_from,
      userAgent: row.user_agent,
    }),
  );
}
