// SetMonitorStatus: pending, testing, active or paused, for single monitors. The agent learns of it with its next
// configuration.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import { inTransaction, type MonitorStatusName } from "@truechimer/database";
import { objectsOf, recordAct } from "../audit/record-act.ts";
import type { ActingContext } from "../people/caller.ts";
import { reassign } from "../selector/reassign.ts";
import { monitorMessages } from "./monitor-messages.ts";

const IDS_MAX = 1_000;

const SETTABLE: ReadonlyMap<adminV1.MonitorStatus, MonitorStatusName> = new Map([
  [adminV1.MonitorStatus.PENDING, "pending"],
  [adminV1.MonitorStatus.TESTING, "testing"],
  [adminV1.MonitorStatus.ACTIVE, "active"],
  [adminV1.MonitorStatus.PAUSED, "paused"],
]);

/** Setting what is set already is no error, and no event. */
export async function setMonitorStatus(
  context: ActingContext,
  { ids, status }: adminV1.SetMonitorStatusRequest,
): Promise<adminV1.SetMonitorStatusResponse> {
  const wanted = SETTABLE.get(status);
  if (wanted === undefined) {
    throw new AppError(
      "bad_request",
      `status ${status} cannot be set: expected pending, testing, active or paused`,
    );
  }
  if (ids.length === 0)
    throw new AppError("bad_request", "there is no id: name at least one monitor");
  if (ids.length > IDS_MAX) {
    throw new AppError("limit_exceeded", `${ids.length} monitors in one call: at most ${IDS_MAX}`);
  }
  const changed = await changeStatus(context, ids, wanted);
  if (changed > 0) await reassign(context, { monitorIds: ids });
  const all = await monitorMessages(context.database.kysely, context.policy.offsetLimitNs);
  const asked = new Set(ids);
  return create(adminV1.SetMonitorStatusResponseSchema, {
    monitors: all.filter(({ id }) => asked.has(id)),
  });
}

function changeStatus(
  { database, caller }: ActingContext,
  ids: readonly bigint[],
  wanted: MonitorStatusName,
): Promise<number> {
  return inTransaction(database, async (transaction) => {
    const known = await transaction
      .selectFrom("monitors")
      .select(["id", "hostname", "ip", "status"])
      .where("id", "in", [...ids])
      .where("type", "=", "monitor")
      .where("is_current", "=", true)
      .where("deleted_on", "is", null)
      .orderBy("id")
      .forNoKeyUpdate()
      .execute();
    const missing = ids.find((id) => known.every((row) => row.id !== id));
    if (missing !== undefined)
      throw new AppError("not_found", `there is no monitor with the id ${missing}`);
    const rows = known.filter(({ status }) => status !== wanted);
    if (rows.length === 0) return 0;
    await transaction
      .updateTable("monitors")
      .set({ status: wanted })
      .where(
        "id",
        "in",
        rows.map(({ id }) => id),
      )
      .execute();
    await transaction
      .insertInto("events")
      .values(
        rows.map(({ id, hostname, ip, status }) => ({
          kind: "monitor_status_changed",
          monitor_id: id,
          text: `monitor ${hostname} (${ip}) was ${status} and is ${wanted}`,
        })),
      )
      .execute();
    await recordAct(transaction, caller, {
      act: "monitor_status_set",
      object: objectsOf(
        "monitor",
        rows.map(({ id }) => id),
      ),
      before: Object.fromEntries(rows.map(({ id, status }) => [String(id), status])),
      after: Object.fromEntries(rows.map(({ id }) => [String(id), wanted])),
    });
    return rows.length;
  });
}
