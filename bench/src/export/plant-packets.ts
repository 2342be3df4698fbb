// Packets behind the oldest checks, as an agent leaves them: three exchanges each, all answered.

import { create, toBinary } from "@bufbuild/protobuf";
import { monitorV2 } from "@truechimer/api";
import type { Database } from "@truechimer/database";
import { answeredExchange } from "../answered-exchange.ts";

export const EXCHANGES_A_CHECK = 3;
const NS_PER_SECOND = 1_000_000_000n;
const T1_NS = 1_800_000_000_000_000_000n;
const SERVER = Uint8Array.of(10, 1, 0, 1);

/** Of the oldest so many checks; those that are there from before are replaced. */
export async function plantPackets({ pool }: Database, checks: number): Promise<void> {
  await pool.query("truncate check_evidence");
  await pool.query(
    `insert into check_evidence (log_score_id, ts, evidence)
     select id, ts, $1::bytea from (select id, ts from log_scores order by ts, id limit $2::int) oldest`,
    [Buffer.from(evidence()), checks],
  );
  await pool.query("analyze check_evidence");
}

function evidence(): Uint8Array {
  const exchanges = Array.from({ length: EXCHANGES_A_CHECK }, (_, index) =>
    answeredExchange(T1_NS + 2n * NS_PER_SECOND * BigInt(index), SERVER),
  );
  return toBinary(
    monitorV2.CheckEvidenceSchema,
    create(monitorV2.CheckEvidenceSchema, { exchanges, selectedIndex: 1 }),
  );
}
