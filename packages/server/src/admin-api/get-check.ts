// GetCheck: one check down to the packet. The stored evidence is judged anew, by the same rules as at the time.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import type { JsonValue, Schema, Timestamptz } from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import type { ServerContext } from "../context.ts";
import { decodeEvidence } from "../monitor-api/check-evidence.ts";
import { optionalField } from "./admin-message.ts";
import {
  ARITHMETIC_COLUMNS,
  CHECK_COLUMNS,
  type CheckRow,
  checkMessage,
} from "./check-messages.ts";
import { exchangeMessages } from "./exchange-message.ts";
import { scoreArithmetic } from "./score-arithmetic.ts";
import { serverMessages } from "./server-messages.ts";

export async function getCheck(
  context: ServerContext,
  { id }: adminV1.GetCheckRequest,
): Promise<adminV1.GetCheckResponse> {
  const { kysely } = context.database;
  const row = await loadCheck(kysely, id);
  if (row === undefined) {
    throw new AppError(
      "not_found",
      `there is no check with the id ${id}: it may be older than what is kept`,
    );
  }
  const [[server], evidence, neighbours, rulesOf] = await Promise.all([
    serverMessages(context, { ids: [row.server_id] }),
    loadEvidence(kysely, row),
    loadNeighbours(kysely, row),
    context.ruleSets.ofResults(kysely, [row]),
  ]);
  const attributes = objectOf(row.attributes);
  return create(adminV1.GetCheckResponseSchema, {
    check: checkMessage(row),
    ...optionalField("server", server),
    exchanges: exchangeMessages(evidence?.exchanges ?? []),
    ...optionalField("selectedIndex", evidence?.selectedIndex),
    arithmetic: scoreArithmetic(row, rulesOf),
    ...optionalField("previousId", neighbours.previousId),
    ...optionalField("nextId", neighbours.nextId),
    traceId: textOf(attributes["trace_id"]),
    ...optionalField("causedById", idOf(attributes["from_ls_id"])),
    ...optionalField("chosenId", idOf(attributes["chosen_ls_id"])),
  });
}

export interface CheckDetailRow extends CheckRow {
  readonly score_before: number | null;
  readonly rule: string;
  readonly no_response: boolean;
  readonly attributes: JsonValue | null;
  readonly monitor_name: string | null;
}

function loadCheck(kysely: Kysely<Schema>, id: bigint): Promise<CheckDetailRow | undefined> {
  return kysely
    .selectFrom("log_scores as l")
    .leftJoin("monitors as m", "m.id", "l.monitor_id")
    .select([...CHECK_COLUMNS, ...ARITHMETIC_COLUMNS])
    .where("l.id", "=", id)
    .executeTakeFirst();
}

async function loadEvidence(
  kysely: Kysely<Schema>,
  row: CheckDetailRow,
): Promise<ReturnType<typeof decodeEvidence> | undefined> {
  if (!row.has_evidence) return undefined;
  const stored = await kysely
    .selectFrom("check_evidence")
    .select("evidence")
    .where("log_score_id", "=", row.id)
    .where("ts", "=", row.ts)
    .executeTakeFirst();
  return stored === undefined ? undefined : decodeEvidence(stored.evidence);
}

interface Neighbours {
  readonly previousId: bigint | undefined;
  readonly nextId: bigint | undefined;
}

/** How far a neighbour may be away: PostgreSQL then looks at a few days alone. */
const NEIGHBOUR_DAYS = 2;

async function loadNeighbours(kysely: Kysely<Schema>, row: CheckDetailRow): Promise<Neighbours> {
  const find = async (direction: "before" | "after"): Promise<bigint | undefined> => {
    const result = await sql<{ readonly id: bigint; readonly ts: Timestamptz }>`
      select id, ts from log_scores
      where server_id = ${row.server_id} and monitor_id = ${row.monitor_id}
        and ${
          direction === "before"
            ? sql`ts <= ${row.ts} and ts > ${row.ts}::timestamptz - make_interval(days => ${NEIGHBOUR_DAYS}::int)
                and (ts, id) < (${row.ts}::timestamptz, ${row.id}::bigint)`
            : sql`ts >= ${row.ts} and ts < ${row.ts}::timestamptz + make_interval(days => ${NEIGHBOUR_DAYS}::int)
                and (ts, id) > (${row.ts}::timestamptz, ${row.id}::bigint)`
        }
      order by ts ${sql.raw(direction === "before" ? "desc" : "asc")}, id ${sql.raw(direction === "before" ? "desc" : "asc")}
      limit 1`.execute(kysely);
    return result.rows[0]?.id;
  };
  const [previousId, nextId] = await Promise.all([find("before"), find("after")]);
  return { previousId, nextId };
}

function objectOf(value: JsonValue | null): { readonly [key: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as { readonly [key: string]: JsonValue })
    : {};
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}

function idOf(value: JsonValue | undefined): bigint | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : undefined;
}
