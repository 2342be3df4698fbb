// ListKeys, CreateKey, RevokeKey: keys of programs. A key is told once; nobody makes one that may do more than he may.

import { create } from "@bufbuild/protobuf";
import { peopleV1 } from "@truechimer/api";
import { AppError, assert } from "@truechimer/base";
import { inTransaction, type Schema, type Timestamptz } from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import { optionalTimestamp, timestampFrom } from "../admin-api/admin-message.ts";
import { recordAct } from "../audit/record-act.ts";
import { createToken, tokenHash } from "../http/token.ts";
import { type ActingContext, callerName } from "../people/caller.ts";
import { objectMissing } from "../people/owned-objects.ts";
import { PROCEDURES, refuseMore } from "../people/refuse-more.ts";
import { ROLE_MESSAGES, roleFrom } from "../people/role.ts";
import { shownName } from "../people/shown-name.ts";
import { accountIdOf, accountIdTokenOf } from "./account-messages.ts";

const LIFE_SECONDS_MIN = 60;
const LIFE_SECONDS_MAX = 10 * 366 * 86_400;
/** Of good ones; each is a way in. */
const KEYS_MAX = 1_000;

export async function listKeys(
  { database, caller }: ActingContext,
  { includeRevoked }: peopleV1.ListKeysRequest,
): Promise<peopleV1.ListKeysResponse> {
  return create(peopleV1.ListKeysResponseSchema, {
    keys: await keyMessages(database.kysely, { accountId: caller?.accountId, includeRevoked }),
  });
}

export async function createKey(
  { database, random, caller }: ActingContext,
  request: peopleV1.CreateKeyRequest,
): Promise<peopleV1.CreateKeyResponse> {
  assert(caller !== undefined, "a call has a caller");
  const name = shownName("name", request.name);
  const role = roleFrom(request.role);
  const procedures = proceduresOf(request.procedures);
  refuseMore(caller, "a key", { role, procedures });
  const lifeSeconds = lifeSecondsOf(request);
  const secret = createToken("tca_", random);
  const id = await inTransaction(database, async (transaction) => {
    await requirePlace(transaction);
    const accountId =
      request.accountId === ""
        ? (caller.accountId ?? null)
        : await accountIdOf(transaction, request.accountId);
    const row = await transaction
      .insertInto("api_keys")
      .values({
        name,
        token_hash: tokenHash(secret),
        role,
        account_id: accountId,
        procedures,
        created_by: callerName(caller),
        expires_at:
          lifeSeconds === undefined
            ? null
            : sql<Timestamptz>`now() + make_interval(secs => ${lifeSeconds}::float8)`,
      })
      .returning(["id", "expires_at"])
      .executeTakeFirstOrThrow();
    await recordAct(transaction, caller, {
      act: "key_created",
      object: `key ${row.id}`,
      after: {
        name,
        role,
        account: accountId === null ? null : await accountIdTokenOf(transaction, accountId),
        procedures: procedures === null ? null : [...procedures],
        expires_at: row.expires_at,
      },
    });
    return row.id;
  });
  return create(peopleV1.CreateKeyResponseSchema, {
    key: await keyMessage(database.kysely, id),
    secret,
  });
}

/** Revoking twice is no error; the first time counts. */
export async function revokeKey(
  { database, caller }: ActingContext,
  { id }: peopleV1.RevokeKeyRequest,
): Promise<peopleV1.RevokeKeyResponse> {
  await inTransaction(database, async (transaction) => {
    const revoked = await transaction
      .updateTable("api_keys")
      .set({ revoked_at: sql<Timestamptz>`now()` })
      .where("id", "=", id)
      .where("revoked_at", "is", null)
      .returning(["name", "role"])
      .executeTakeFirst();
    if (revoked === undefined) return;
    await recordAct(transaction, caller, {
      act: "key_revoked",
      object: `key ${id}`,
      before: { name: revoked.name, role: revoked.role },
    });
  });
  return create(peopleV1.RevokeKeyResponseSchema, { key: await keyMessage(database.kysely, id) });
}

function proceduresOf(names: readonly string[]): readonly string[] | null {
  if (names.length === 0) return null;
  const unknown = names.find((name) => !PROCEDURES.includes(name));
  if (unknown === undefined) return [...new Set(names)].toSorted();
  throw new AppError(
    "bad_request",
    `there is no procedure "${unknown.slice(0, 40)}": expected names such as GetOverview`,
  );
}

function lifeSecondsOf({ lifetime }: peopleV1.CreateKeyRequest): number | undefined {
  if (lifetime === undefined) return undefined;
  const seconds = Number(lifetime.seconds) + lifetime.nanos / 1e9;
  if (seconds >= LIFE_SECONDS_MIN && seconds <= LIFE_SECONDS_MAX) return seconds;
  throw new AppError(
    "bad_request",
    `lifetime ${seconds} s: expected ${LIFE_SECONDS_MIN} s to ten years`,
  );
}

async function requirePlace(kysely: Kysely<Schema>): Promise<void> {
  const { count } = await kysely
    .selectFrom("api_keys")
    .select((is) => is.fn.countAll<bigint>().as("count"))
    .where("revoked_at", "is", null)
    .executeTakeFirstOrThrow();
  if (Number(count) < KEYS_MAX) return;
  throw new AppError("limit_exceeded", `${count} keys hold: at most ${KEYS_MAX}; revoke some`);
}

async function keyMessage(kysely: Kysely<Schema>, id: bigint): Promise<peopleV1.ApiKey> {
  const [key] = await keyMessages(kysely, { id, includeRevoked: true });
  if (key === undefined) throw objectMissing("keys", id);
  return key;
}

/** Newest first. */
async function keyMessages(
  kysely: Kysely<Schema>,
  selection: {
    readonly id?: bigint;
    readonly accountId?: bigint | undefined;
    readonly includeRevoked: boolean;
  },
): Promise<peopleV1.ApiKey[]> {
  const { id, accountId, includeRevoked } = selection;
  const rows = await kysely
    .selectFrom("api_keys as k")
    .leftJoin("accounts as c", "c.id", "k.account_id")
    .select([
      "k.id",
      "k.name",
      "k.role",
      "k.procedures",
      "k.created_by",
      "k.created_at",
      "k.last_used_at",
      "k.expires_at",
      "k.revoked_at",
      "c.id_token as account",
    ])
    .$if(id !== undefined, (query) => query.where("k.id", "=", id ?? 0n))
    .$if(accountId !== undefined, (query) => query.where("k.account_id", "=", accountId ?? 0n))
    .$if(!includeRevoked, (query) => query.where("k.revoked_at", "is", null))
    .orderBy("k.id", "desc")
    .limit(2 * KEYS_MAX)
    .execute();
  return rows.map((row) =>
    create(peopleV1.ApiKeySchema, {
      id: row.id,
      name: row.name,
      role: ROLE_MESSAGES[row.role],
      accountId: row.account ?? "",
      procedures: [...(row.procedures ?? [])],
      createdBy: row.created_by,
      createdAt: timestampFrom(row.created_at),
      ...optionalTimestamp("lastUsedAt", row.last_used_at),
      ...optionalTimestamp("expiresAt", row.expires_at),
      ...optionalTimestamp("revokedAt", row.revoked_at),
    }),
  );
}
