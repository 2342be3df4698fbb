// What the newest results say of a server as such: when it was looked at and when it answered, its stratum, and the
// reference id from the packet itself.

import { parseIpAddress } from "@truechimer/base";
import type { Schema } from "@truechimer/database";
import { parseNtpPacket, referenceIdText } from "@truechimer/ntp";
import { sql, type Transaction } from "kysely";
import { decodeEvidence } from "../monitor-api/check-evidence.ts";
import { type QueuedResult, timesOf } from "./take-queue.ts";

interface LatestRow {
  readonly server_id: bigint;
  readonly ip: string;
  readonly reference_id: string;
  readonly evidence: Uint8Array | null;
}

export async function noteLatestResults(
  transaction: Transaction<Schema>,
  queued: readonly QueuedResult[],
): Promise<void> {
  const ids = queued.map(({ logScoreId }) => logScoreId);
  const { first, last } = timesOf(queued);
  const times = queued.map(({ at }) => at);
  await sql`
    update servers s set
      last_check_ts = greatest(s.last_check_ts, t.checked_at),
      last_answer_ts = greatest(s.last_answer_ts, t.answered_at),
      stratum = coalesce(t.stratum, s.stratum)
    from (
      select l.server_id, max(l.ts) as checked_at, max(l.ts) filter (where not l.no_response) as answered_at,
        (array_agg(l.stratum order by l.ts desc) filter (where l.stratum > 0))[1] as stratum
      from unnest(${ids}::bigint[], ${times}::timestamptz[]) as t (id, ts)
      join log_scores l on l.id = t.id and l.ts = t.ts and l.ts between ${first} and ${last}
      group by l.server_id
    ) t
    where s.id = t.server_id`.execute(transaction);
  await noteReferenceIds(transaction, queued);
}

/** One packet a server is decoded: of its newest result with an answer. Rarely is there anything to write. */
async function noteReferenceIds(
  transaction: Transaction<Schema>,
  queued: readonly QueuedResult[],
): Promise<void> {
  const { first, last } = timesOf(queued);
  const latest = await sql<LatestRow>`
    select distinct on (l.server_id) l.server_id, host(s.ip) as ip, s.reference_id, e.evidence
    from unnest(
      ${queued.map(({ logScoreId }) => logScoreId)}::bigint[], ${queued.map(({ at }) => at)}::timestamptz[]
    ) as t (id, ts)
    join log_scores l on l.id = t.id and l.ts = t.ts and l.ts between ${first} and ${last}
      and l.has_evidence and not l.no_response
    join check_evidence e on e.log_score_id = l.id and e.ts = l.ts and e.ts between ${first} and ${last}
    join servers s on s.id = l.server_id
    order by l.server_id, l.ts desc`.execute(transaction);
  for (const row of latest.rows) {
    const referenceId = referenceIdOf(row);
    if (referenceId === undefined || referenceId === row.reference_id) continue;
    await transaction
      .updateTable("servers")
      .set({ reference_id: referenceId })
      .where("id", "=", row.server_id)
      .execute();
  }
}

function referenceIdOf({ evidence, ip }: LatestRow): string | undefined {
  if (evidence === null) return undefined;
  const { exchanges, selectedIndex } = decodeEvidence(evidence);
  const answered =
    exchanges[selectedIndex ?? -1] ?? exchanges.findLast(({ data }) => data.length > 0);
  if (answered === undefined) return undefined;
  const packet = parseNtpPacket(answered.data);
  const address = parseIpAddress(ip);
  if (!packet.ok || !address.ok) return undefined;
  return referenceIdText(packet.value, address.value.family);
}
