// What changed, newest first.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import type { FaultName, Schema, Timestamptz } from "@truechimer/database";
import type { Condition } from "@truechimer/filter";
import { type Kysely, sql } from "kysely";
import { conditionSql } from "../filter/condition-sql.ts";
import { EVENT_FILTER_COLUMNS } from "../filter/filter-columns.ts";
import { FAULTS, optionalField, timestampFrom, VERDICTS } from "./admin-message.ts";
import { evidenceMessages } from "./fault-messages.ts";

export interface EventSelection {
  /** Absent: of all servers and monitors. */
  readonly serverId?: bigint;
  /** Absent: whichever monitor they are about. */
  readonly monitorIds?: readonly bigint[];
  /** Only events with a smaller id. */
  readonly beforeId?: bigint;
  readonly from?: Timestamptz;
  readonly to?: Timestamptz;
  /** Of events. Absent: all. */
  readonly filter?: Condition;
  readonly limit: number;
}

export async function eventMessages(
  kysely: Kysely<Schema>,
  { serverId, monitorIds, beforeId, from, to, filter, limit }: EventSelection,
): Promise<adminV1.Event[]> {
  const rows = await kysely
    .selectFrom("events as e")
    .leftJoin("servers as s", "s.id", "e.server_id")
    .leftJoin("monitors as m", "m.id", "e.monitor_id")
    .leftJoin("agents as a", "a.id", "m.agent_id")
    .select([
      "e.id",
      "e.at",
      "e.kind",
      "e.server_id",
      "e.monitor_id",
      "e.verdict_before",
      "e.verdict_after",
      "e.reason",
      "e.text",
      "e.fault_before",
      "e.fault_after",
      "e.verdict_rules",
      sql<string | null>`e.evidence::text`.as("evidence"),
      "s.name as server_name",
      "m.hostname as monitor_name",
    ])
    .$if(serverId !== undefined, (query) => query.where("e.server_id", "=", serverId ?? 0n))
    .$if(monitorIds !== undefined, (query) =>
      query.where(sql<boolean>`e.monitor_id = any(${[...(monitorIds ?? [])]}::bigint[])`),
    )
    .$if(beforeId !== undefined, (query) => query.where("e.id", "<", beforeId ?? 0n))
    .$if(from !== undefined, (query) => query.where("e.at", ">=", from as Timestamptz))
    .$if(to !== undefined, (query) => query.where("e.at", "<=", to as Timestamptz))
    .$if(filter !== undefined, (query) =>
      filter === undefined ? query : query.where(conditionSql(filter, EVENT_FILTER_COLUMNS)),
    )
    // By time where a time is asked for: then the index on it ends the reading at the limit.
    .$if(from !== undefined, (query) => query.orderBy("e.at", "desc"))
    .orderBy("e.id", "desc")
    .limit(limit)
    .execute();
  const evidence = await evidenceMessages(
    kysely,
    rows.map((row) => row.evidence),
  );
  return rows.map((row, at) =>
    create(adminV1.EventSchema, {
      id: row.id,
      at: timestampFrom(row.at),
      kind: row.kind,
      ...optionalField("serverId", row.server_id),
      serverName: row.server_name ?? "",
      ...optionalField("monitorId", row.monitor_id),
      monitorName: row.monitor_name ?? "",
      ...(row.verdict_before === null ? {} : { verdictBefore: VERDICTS[row.verdict_before] }),
      ...(row.verdict_after === null ? {} : { verdictAfter: VERDICTS[row.verdict_after] }),
      reason: row.reason,
      text: row.text,
      ...faultField("faultBefore", row.fault_before),
      ...faultField("faultAfter", row.fault_after),
      evidence: evidence[at] ?? [],
      ruleSet: row.verdict_rules ?? "",
    }),
  );
}

function faultField<Name extends "faultBefore" | "faultAfter">(
  name: Name,
  fault: string | null,
): { readonly [Key in Name]?: adminV1.Fault } {
  if (fault === null || !(fault in FAULTS)) return {};
  return { [name]: FAULTS[fault as FaultName] } as { readonly [Key in Name]?: adminV1.Fault };
}
