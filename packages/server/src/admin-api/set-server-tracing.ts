// SetServerTracing: a person's switch for paths that are kept without being asked for.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import { inTransaction } from "@truechimer/database";
import { objectsOf, recordAct } from "../audit/record-act.ts";
import type { ActingContext } from "../people/caller.ts";
import { serverLabel } from "./address-name.ts";
import { serverMessages } from "./server-messages.ts";

const IDS_MAX = 1_000;

/** Setting it as it is changes nothing. */
export async function setServerTracing(
  context: ActingContext,
  { ids, traced }: adminV1.SetServerTracingRequest,
): Promise<adminV1.SetServerTracingResponse> {
  if (ids.length === 0)
    throw new AppError("bad_request", "there is no id: name at least one server");
  if (ids.length > IDS_MAX) {
    throw new AppError("limit_exceeded", `${ids.length} servers in one call: at most ${IDS_MAX}`);
  }
  await inTransaction(context.database, async (transaction) => {
    const known = await transaction
      .selectFrom("servers")
      .select(["id", "name", "ip", "port", "traced"])
      .where("id", "in", [...ids])
      .orderBy("id")
      .forNoKeyUpdate()
      .execute();
    const missing = ids.find((id) => known.every((row) => row.id !== id));
    if (missing !== undefined)
      throw new AppError("not_found", `there is no server with the id ${missing}`);
    const rows = known.filter((row) => row.traced !== traced);
    if (rows.length === 0) return;
    const changed = rows.map(({ id }) => id);
    await transaction.updateTable("servers").set({ traced }).where("id", "in", changed).execute();
    // Begun again, each monitor is asked at once.
    await transaction.deleteFrom("traceroute_turns").where("server_id", "in", changed).execute();
    const words = traced ? "is traced: its paths are kept" : "is not traced any more";
    await transaction
      .insertInto("events")
      .values(
        rows.map((row) => ({
          kind: traced ? "server_traced" : "server_untraced",
          server_id: row.id,
          text: `${serverLabel(row)} ${words}`,
        })),
      )
      .execute();
    await recordAct(transaction, context.caller, {
      act: traced ? "servers_traced" : "servers_untraced",
      object: objectsOf("server", changed),
      before: { traced: !traced },
      after: { traced },
    });
  });
  return create(adminV1.SetServerTracingResponseSchema, {
    servers: await serverMessages(context, { ids }),
  });
}
