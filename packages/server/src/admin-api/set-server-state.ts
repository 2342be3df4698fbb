// PauseServers, ResumeServers, RemoveServers, RestoreServers: the same act with another end. Doing it twice is no error.

import type { adminV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import { inTransaction, type ServerStateName, type Timestamptz } from "@truechimer/database";
import { sql } from "kysely";
import { objectsOf, recordAct } from "../audit/record-act.ts";
import type { ActingContext } from "../people/caller.ts";
import { reassign } from "../selector/reassign.ts";
import { serverLabel } from "./address-name.ts";
import { serverMessages } from "./server-messages.ts";

const IDS_MAX = 1_000;

export interface StateChange {
  readonly to: ServerStateName;
  /** States from which it may be reached; in others the server stays as it is. */
  readonly from: readonly ServerStateName[];
  readonly eventKind: string;
  /** In the audit trail. */
  readonly act: string;
  /** What happened, after the server's name. */
  readonly words: string;
}

export const PAUSE: StateChange = {
  to: "paused",
  from: ["watched"],
  eventKind: "server_paused",
  act: "servers_paused",
  words: "is paused: no monitor checks it",
};
export const RESUME: StateChange = {
  to: "watched",
  from: ["paused"],
  eventKind: "server_resumed",
  act: "servers_resumed",
  words: "is watched again",
};
export const REMOVE: StateChange = {
  to: "removed",
  from: ["watched", "paused"],
  eventKind: "server_removed",
  act: "servers_removed",
  words: "was removed; its history stays",
};
export const RESTORE: StateChange = {
  to: "watched",
  from: ["removed"],
  eventKind: "server_restored",
  act: "servers_restored",
  words: "was restored and is watched again",
};

/** The servers as they are afterwards. */
export async function setServerState(
  context: ActingContext,
  ids: readonly bigint[],
  change: StateChange,
): Promise<adminV1.Server[]> {
  if (ids.length === 0)
    throw new AppError("bad_request", "there is no id: name at least one server");
  if (ids.length > IDS_MAX) {
    throw new AppError("limit_exceeded", `${ids.length} servers in one call: at most ${IDS_MAX}`);
  }
  const changed = await inTransaction(context.database, async (transaction) => {
    const known = await transaction
      .selectFrom("servers")
      .select(["id", "name", "ip", "port", "state"])
      .where("id", "in", [...ids])
      .orderBy("id")
      .forNoKeyUpdate()
      .execute();
    const missing = ids.find((id) => known.every((row) => row.id !== id));
    if (missing !== undefined)
      throw new AppError("not_found", `there is no server with the id ${missing}`);
    const rows = known.filter(({ state }) => change.from.includes(state));
    if (rows.length === 0) return 0;
    await transaction
      .updateTable("servers")
      .set({
        state: change.to,
        removed_on: change.to === "removed" ? sql<Timestamptz>`now()` : null,
      })
      .where(
        "id",
        "in",
        rows.map(({ id }) => id),
      )
      .execute();
    await transaction
      .insertInto("events")
      .values(
        rows.map((row) => ({
          kind: change.eventKind,
          server_id: row.id,
          text: `${serverLabel(row)} ${change.words}`,
        })),
      )
      .execute();
    await recordAct(transaction, context.caller, {
      act: change.act,
      object: objectsOf(
        "server",
        rows.map(({ id }) => id),
      ),
      before: Object.fromEntries(rows.map(({ id, state }) => [String(id), state])),
      after: Object.fromEntries(rows.map(({ id }) => [String(id), change.to])),
    });
    return rows.length;
  });
  if (changed > 0) await reassign(context, { serverIds: ids });
  return serverMessages(context, { ids });
}
