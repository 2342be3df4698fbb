// ListAccounts, CreateAccount, RenameAccount, MoveToAccount: who owns what.

import { create } from "@bufbuild/protobuf";
import { peopleV1 } from "@truechimer/api";
import { AppError, assert, createUlid } from "@truechimer/base";
import { inTransaction, type Schema, type Timestamptz } from "@truechimer/database";
import { sql, type Transaction } from "kysely";
import { recordAct } from "../audit/record-act.ts";
import { idTokenOfAccount } from "../people/account-sql.ts";
import type { ActingContext } from "../people/caller.ts";
import { objectMissing } from "../people/owned-objects.ts";
import { shownName } from "../people/shown-name.ts";
import { accountIdOf, accountMessages } from "./account-messages.ts";

const OBJECTS_MAX = 1_000;

export async function listAccounts({
  database,
  caller,
}: ActingContext): Promise<peopleV1.ListAccountsResponse> {
  return create(peopleV1.ListAccountsResponseSchema, {
    accounts: await accountMessages(
      database.kysely,
      ...(caller?.accountId === undefined ? [] : [caller.accountId]),
    ),
  });
}

export async function createAccount(
  { database, clock, random, caller }: ActingContext,
  request: peopleV1.CreateAccountRequest,
): Promise<peopleV1.CreateAccountResponse> {
  const name = shownName("name", request.name);
  const idToken = createUlid(clock, random);
  const id = await inTransaction(database, async (transaction) => {
    const row = await transaction
      .insertInto("accounts")
      .values({ id_token: idToken, name })
      .returning("id")
      .executeTakeFirstOrThrow();
    await recordAct(transaction, caller, {
      act: "account_created",
      object: `account ${idToken}`,
      after: { name },
    });
    return row.id;
  });
  const [account] = await accountMessages(database.kysely, id);
  assert(account !== undefined, "accounts are never deleted");
  return create(peopleV1.CreateAccountResponseSchema, { account });
}

export async function renameAccount(
  { database, caller }: ActingContext,
  request: peopleV1.RenameAccountRequest,
): Promise<peopleV1.RenameAccountResponse> {
  const name = shownName("name", request.name);
  const id = await inTransaction(database, async (transaction) => {
    const before = await transaction
      .selectFrom("accounts")
      .select(["id", "name"])
      .where("id_token", "=", request.id)
      .forUpdate()
      .executeTakeFirst();
    if (before === undefined) throw objectMissing("accounts", request.id);
    if (before.name === name) return before.id;
    await transaction
      .updateTable("accounts")
      .set({ name, modified_on: sql<Timestamptz>`now()` })
      .where("id", "=", before.id)
      .execute();
    await recordAct(transaction, caller, {
      act: "account_renamed",
      object: `account ${request.id}`,
      before: { name: before.name },
      after: { name },
    });
    return before.id;
  });
  const [account] = await accountMessages(database.kysely, id);
  return create(peopleV1.RenameAccountResponseSchema, account === undefined ? {} : { account });
}

export async function moveToAccount(
  { database, caller }: ActingContext,
  { accountId, serverIds, agentIds }: peopleV1.MoveToAccountRequest,
): Promise<peopleV1.MoveToAccountResponse> {
  const count = serverIds.length + agentIds.length;
  if (count === 0)
    throw new AppError("bad_request", "there is no id: name at least one server or agent");
  if (count > OBJECTS_MAX) {
    throw new AppError("limit_exceeded", `${count} objects in one call: at most ${OBJECTS_MAX}`);
  }
  const id = await inTransaction(database, async (transaction) => {
    const to = await accountIdOf(transaction, accountId);
    const servers = await moveServers(transaction, serverIds, to);
    const agents = await moveAgents(transaction, agentIds, to);
    await recordAct(transaction, caller, {
      act: "moved_to_account",
      object: `account ${accountId}`,
      before: { servers, agents },
      after: { servers: serverIds.map(String), agents: [...agentIds] },
    });
    return to;
  });
  const [account] = await accountMessages(database.kysely, id);
  return create(peopleV1.MoveToAccountResponseSchema, account === undefined ? {} : { account });
}

/** Whose each was: the account's public id, or nothing. */
type Owners = { [id: string]: string | null };

async function moveServers(
  transaction: Transaction<Schema>,
  ids: readonly bigint[],
  to: bigint,
): Promise<Owners> {
  if (ids.length === 0) return {};
  const rows = await transaction
    .selectFrom("servers")
    .select(["id", idTokenOfAccount("servers.account_id").as("owner")])
    .where("id", "in", [...ids])
    .orderBy("id")
    .forNoKeyUpdate()
    .execute();
  const missing = ids.find((id) => rows.every((row) => row.id !== id));
  if (missing !== undefined) throw objectMissing("servers", missing);
  await transaction
    .updateTable("servers")
    .set({ account_id: to })
    .where("id", "in", [...ids])
    .execute();
  return Object.fromEntries(rows.map(({ id, owner }) => [String(id), owner]));
}

/** An agent without a row of its own is its monitors. */
async function moveAgents(
  transaction: Transaction<Schema>,
  ids: readonly string[],
  to: bigint,
): Promise<Owners> {
  const owners: Owners = {};
  for (const id of ids) {
    const agent = await transaction
      .selectFrom("agents")
      .select(["id", idTokenOfAccount("agents.account_id").as("owner")])
      .where("id_token", "=", id)
      .where("removed_at", "is", null)
      .forNoKeyUpdate()
      .executeTakeFirst();
    if (agent !== undefined) {
      await transaction
        .updateTable("agents")
        .set({ account_id: to })
        .where("id", "=", agent.id)
        .execute();
      await transaction
        .updateTable("monitors")
        .set({ account_id: to })
        .where("agent_id", "=", agent.id)
        .execute();
      owners[id] = agent.owner;
      continue;
    }
    const { rows } = await sql<{ readonly owner: string | null }>`
      update monitors m set account_id = ${to}
      from monitors named
      where named.id_token = ${id} and named.agent_id is null and m.agent_id is null and named.type = 'monitor'
        and m.hostname = named.hostname and m.lab = named.lab and m.type = 'monitor'
        and m.is_current and m.deleted_on is null
      returning ${idTokenOfAccount("named.account_id")} as owner`.execute(transaction);
    const [first] = rows;
    if (first === undefined) throw objectMissing("agents", id);
    owners[id] = first.owner;
  }
  return owners;
}
