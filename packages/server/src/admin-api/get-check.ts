// GetCheck: one check down to the packet, from the database, or where that has it no more from the archive. The stored evidence
// is judged anew, by the same rules as at the time.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import { addDays, type JsonValue, type Schema, type Timestamptz } from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import type { ReadBackResult } from "../archive/archive-reader.ts";
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
  const stored = await loadCheck(kysely, id);
  const found =
    stored === undefined ? await archivedCheck(context, id) : storedCheck(context, stored);
  if (found === undefined) {
    throw new AppError(
      "not_found",
      `there is no check with the id ${id}: it may be older than what is kept`,
    );
  }
  const { row } = found;
  const [[server], evidence, neighbours, rulesOf] = await Promise.all([
    serverMessages(context, { ids: [row.server_id] }),
    found.evidence(),
    found.neighbours(),
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
    fromArchive: stored === undefined,
  });
}

type Evidence = ReturnType<typeof decodeEvidence>;

interface FoundCheck {
  readonly row: CheckDetailRow;
  evidence(): Promise<Evidence | undefined>;
  neighbours(): Promise<Neighbours>;
}

/** Packets are kept for less long than results, and may be in the archive alone. */
function storedCheck(
  { database: { kysely }, archive }: Pick<ServerContext, "database" | "archive">,
  row: CheckDetailRow,
): FoundCheck {
  return {
    row,
    evidence: async () => {
      const stored = await loadEvidence(kysely, row);
      if (stored !== undefined || !row.has_evidence || archive?.keepsPackets !== true)
        return stored;
      const packets = (await archive.result(row.id))?.details.packets ?? null;
      return packets === null ? undefined : decodeEvidence(packets);
    },
    neighbours: () => loadNeighbours(kysely, row),
  };
}

/** Undefined: there is no archive, or it does not have it either. */
async function archivedCheck(
  { archive }: Pick<ServerContext, "archive">,
  id: bigint,
): Promise<FoundCheck | undefined> {
  const result = await archive?.result(id);
  if (archive === undefined || result === undefined) return undefined;
  const { details } = result;
  const { packets } = details;
  return {
    row: {
      ...result,
      score_before: details.score_before,
      rule: details.rule,
      no_response: details.no_response,
      attributes:
        details.attributes === null ? null : (JSON.parse(details.attributes) as JsonValue),
    },
    evidence: async () => (packets === null ? undefined : decodeEvidence(packets)),
    neighbours: () => archivedNeighbours(archive, result),
  };
}

/** Of those in the archive. */
async function archivedNeighbours(
  archive: NonNullable<ServerContext["archive"]>,
  { id, ts, server_id: serverId, monitor_id: monitorId }: ReadBackResult,
): Promise<Neighbours> {
  const day = ts.slice(0, 10);
  const rows = await archive.history(
    {
      serverId,
      from: `${addDays(day, -NEIGHBOUR_DAYS)}${ts.slice(10)}` as Timestamptz,
      to: `${addDays(day, NEIGHBOUR_DAYS)}${ts.slice(10)}` as Timestamptz,
      monitorIds: [monitorId],
      scorerIds: [],
    },
    undefined,
  );
  const place = rows.findIndex((row) => row.id === id && row.ts === ts);
  return { previousId: rows[place - 1]?.id, nextId: rows[place + 1]?.id };
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
): Promise<Evidence | undefined> {
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
