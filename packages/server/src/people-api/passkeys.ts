// ListPasskeys, BeginPasskeyProof, BeginPasskey, AddPasskey, RenamePasskey, RemovePasskey: passkeys of the caller's own.

import { create } from "@bufbuild/protobuf";
import { peopleV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import { inTransaction, type Schema } from "@truechimer/database";
import type { Kysely } from "kysely";
import { optionalTimestamp, timestampFrom } from "../admin-api/admin-message.ts";
import { recordAct } from "../audit/record-act.ts";
import { type PasskeySite, passkeySite } from "../passkeys/passkey-site.ts";
import { addPasskey as addTo, beginPasskey as begin, beginProof } from "../passkeys/passkeys.ts";
import type { ActingContext } from "../people/caller.ts";
import { lockUser } from "../people/lock-user.ts";
import { needsSecondFactor } from "../people/prove-second-factor.ts";
import { makeRecoveryCodes } from "../people/second-factor.ts";
import { shownName } from "../people/shown-name.ts";
import { endUserSessions } from "../people/user-sessions.ts";
import { dropUselessRecoveryCodes, signedIn, withBothFactors } from "./second-factor.ts";

const ID_SHOWN_MAX = 40;

export async function listPasskeys({
  database,
  caller,
}: ActingContext): Promise<peopleV1.ListPasskeysResponse> {
  const { id } = signedIn(caller);
  return create(peopleV1.ListPasskeysResponseSchema, {
    passkeys: await passkeyMessages(database.kysely, { userId: id }),
  });
}

export async function beginPasskeyProof(
  { database, random, caller }: ActingContext,
  publicUrl: string,
): Promise<peopleV1.BeginPasskeyProofResponse> {
  const { id: userId } = signedIn(caller);
  const site = requireSite(publicUrl);
  const optionsJson = await beginProof(database.kysely, random, { userId, site });
  if (optionsJson !== undefined)
    return create(peopleV1.BeginPasskeyProofResponseSchema, { optionsJson });
  throw new AppError("bad_request", `you have no passkey of ${site.id}: show a code instead`);
}

export async function beginPasskey(
  context: ActingContext,
  proof: peopleV1.BeginPasskeyRequest,
  publicUrl: string,
): Promise<peopleV1.BeginPasskeyResponse> {
  signedIn(context.caller);
  const site = requireSite(publicUrl);
  const optionsJson = await withBothFactors(
    context,
    { ...proof, publicUrl, whereThereIsOne: true },
    async (transaction, user) => {
      await recordAct(transaction, context.caller, {
        act: "passkey_proposed",
        object: `user ${user.idToken}`,
      });
      return begin(transaction, context.random, { user, site });
    },
  );
  return create(peopleV1.BeginPasskeyResponseSchema, { optionsJson });
}

export async function addPasskey(
  context: ActingContext,
  request: peopleV1.AddPasskeyRequest,
  publicUrl: string,
): Promise<peopleV1.AddPasskeyResponse> {
  const { database, random, caller } = context;
  const user = signedIn(caller);
  const site = requireSite(publicUrl);
  const name = shownName("name", request.name);
  const added = await inTransaction(database, async (transaction) => {
    await lockUser(transaction, user.id);
    const isFirst = !(await needsSecondFactor(transaction, user.id));
    const id = await addTo(transaction, context, { user, site, name, json: request.passkeyJson });
    if (id === undefined) return undefined;
    const ended = isFirst
      ? await endUserSessions(transaction, user.id, { but: user.sessionId })
      : 0;
    await recordAct(transaction, caller, {
      act: "passkey_added",
      object: `passkey ${id}`,
      after: { user: user.name, name, site: site.id, sessions_ended: ended },
    });
    return {
      id,
      recoveryCodes: isFirst ? await makeRecoveryCodes(transaction, user.id, random) : [],
    };
  });
  if (added === undefined) {
    throw new AppError(
      "bad_request",
      `the answer of the new passkey does not hold, or came too late: begin again, with the dashboard open at ${site.origin}`,
    );
  }
  return create(peopleV1.AddPasskeyResponseSchema, {
    passkey: await passkeyMessage(database.kysely, user.id, added.id),
    recoveryCodes: [...added.recoveryCodes],
  });
}

export async function renamePasskey(
  { database, caller }: ActingContext,
  { id, name: text }: peopleV1.RenamePasskeyRequest,
): Promise<peopleV1.RenamePasskeyResponse> {
  const user = signedIn(caller);
  const name = shownName("name", text);
  await inTransaction(database, async (transaction) => {
    const before = await transaction
      .selectFrom("user_passkeys")
      .select("name")
      .where("id_token", "=", id)
      .where("user_id", "=", user.id)
      .forUpdate()
      .executeTakeFirst();
    if (before === undefined) throw passkeyMissing(id);
    if (before.name === name) return;
    await transaction
      .updateTable("user_passkeys")
      .set({ name })
      .where("id_token", "=", id)
      .execute();
    await recordAct(transaction, caller, {
      act: "passkey_renamed",
      object: `passkey ${id}`,
      before: { name: before.name },
      after: { name },
    });
  });
  return create(peopleV1.RenamePasskeyResponseSchema, {
    passkey: await passkeyMessage(database.kysely, user.id, id),
  });
}

export async function removePasskey(
  context: ActingContext,
  { id, ...proof }: peopleV1.RemovePasskeyRequest,
  publicUrl: string,
): Promise<peopleV1.RemovePasskeyResponse> {
  await withBothFactors(context, { ...proof, publicUrl }, async (transaction, user) => {
    const removed = await transaction
      .deleteFrom("user_passkeys")
      .where("id_token", "=", id)
      .where("user_id", "=", user.id)
      .returning("name")
      .executeTakeFirst();
    if (removed === undefined) throw passkeyMissing(id);
    await dropUselessRecoveryCodes(transaction, user.id);
    await recordAct(transaction, context.caller, {
      act: "passkey_removed",
      object: `passkey ${id}`,
      before: { user: user.name, name: removed.name },
    });
  });
  return create(peopleV1.RemovePasskeyResponseSchema);
}

/** Fails with bad_request. */
export function requireSite(publicUrl: string): PasskeySite {
  const site = passkeySite(publicUrl);
  if (site !== undefined) return site;
  throw new AppError(
    "bad_request",
    `there are no passkeys at ${publicUrl}: they need a name and HTTPS, or this host itself; set listen.public_url to an address such as "https://clocks.example"`,
  );
}

function passkeyMissing(id: string): AppError {
  return new AppError("not_found", `you have no passkey with the id ${id.slice(0, ID_SHOWN_MAX)}`);
}

async function passkeyMessage(
  kysely: Kysely<Schema>,
  userId: bigint,
  id: string,
): Promise<peopleV1.Passkey> {
  const [passkey] = await passkeyMessages(kysely, { userId, id });
  if (passkey === undefined) throw passkeyMissing(id);
  return passkey;
}

/** The newest first. */
async function passkeyMessages(
  kysely: Kysely<Schema>,
  { userId, id }: { readonly userId: bigint; readonly id?: string },
): Promise<peopleV1.Passkey[]> {
  const rows = await kysely
    .selectFrom("user_passkeys")
    .select(["id_token", "name", "rp_id", "synced", "created_at", "last_used_at"])
    .where("user_id", "=", userId)
    .$if(id !== undefined, (query) => query.where("id_token", "=", id ?? ""))
    .orderBy("id_token", "desc")
    .execute();
  return rows.map((row) =>
    create(peopleV1.PasskeySchema, {
      id: row.id_token,
      name: row.name,
      site: row.rp_id,
      synced: row.synced,
      createdAt: timestampFrom(row.created_at),
      ...optionalTimestamp("lastUsedAt", row.last_used_at),
    }),
  );
}
