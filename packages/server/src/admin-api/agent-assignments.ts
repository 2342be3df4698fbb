// What an agent's monitors watch, and how far each server looks from them compared with how it looks from the others.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import type { VerdictName } from "@truechimer/database";
import { sql } from "kysely";
import type { ServerContext } from "../context.ts";
import { optionalField, VERDICTS } from "./admin-message.ts";
import { assignmentMessages } from "./assignment-messages.ts";

interface ComparedRow {
  readonly monitor_id: bigint;
  readonly server_id: bigint;
  readonly server_name: string;
  readonly verdict: VerdictName;
  readonly from_others_ns: bigint | null;
}

/** Of servers that were not removed. */
export async function agentAssignments(
  context: ServerContext,
  monitorIds: readonly bigint[],
): Promise<adminV1.AgentAssignment[]> {
  const [assignments, compared] = await Promise.all([
    assignmentMessages(context, { monitorIds }),
    comparedRows(context, monitorIds),
  ]);
  const rows = new Map(compared.map((row) => [`${row.monitor_id} ${row.server_id}`, row]));
  return assignments.flatMap(({ serverId, assignment }) => {
    const row = rows.get(`${assignment.monitorId} ${serverId}`);
    if (row === undefined) return [];
    return [
      create(adminV1.AgentAssignmentSchema, {
        serverId,
        serverName: row.server_name,
        verdict: VERDICTS[row.verdict],
        assignment,
        ...optionalField("offsetFromOthersNs", row.from_others_ns),
      }),
    ];
  });
}

/** Only answers of the last hour are compared: an older one says how a clock was, not how it is. */
async function comparedRows(
  { database }: ServerContext,
  monitorIds: readonly bigint[],
): Promise<readonly ComparedRow[]> {
  const { rows } = await sql<ComparedRow>`
    select ss.monitor_id, ss.server_id, s.name as server_name, s.verdict,
      -- Two extreme offsets differ by more than 63 bits hold; and greatest() would make a number of a null.
      case when ss.answer_offset_ns is not null and ss.reason is null and ss.last_answer_ts > now() - interval '1 hour'
          and others.median is not null
        then least(greatest(ss.answer_offset_ns::numeric - others.median, -9223372036854775807), 9223372036854775807)::bigint
      end as from_others_ns
    from server_scores ss
    join servers s on s.id = ss.server_id and s.state <> 'removed'
    left join lateral (
      select percentile_disc(0.5) within group (order by other.answer_offset_ns) as median
      from server_scores other
      join monitors m on m.id = other.monitor_id and m.type = 'monitor'
      where other.server_id = ss.server_id and other.monitor_id <> all(${[...monitorIds]}::bigint[])
        and other.answer_offset_ns is not null and other.reason is null
        and other.last_answer_ts > now() - interval '1 hour'
    ) others on true
    where ss.monitor_id = any(${[...monitorIds]}::bigint[])`.execute(database.kysely);
  return rows;
}
