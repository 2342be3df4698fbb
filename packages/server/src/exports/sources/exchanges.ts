// The packets behind the checks, byte for byte, with the time stamps and the numbers that follow from them: judged anew, as
// GetCheck does.

import { adminV1 } from "@truechimer/api";
import type { Schema } from "@truechimer/database";
import type { Sample, Stamp } from "@truechimer/ntp";
import { type Kysely, sql } from "kysely";
import { endpoint, serverStamps } from "../../admin-api/exchange-message.ts";
import { decodeEvidence, judgePackets } from "../../monitor-api/check-evidence.ts";
import { ADMIN_PERMISSIONS } from "../../people/admin-permissions.ts";
import type { ListedRow } from "../../results/result-part.ts";
import type { ExportQuestion } from "../export-question.ts";
import type { ExportSource } from "../export-source.ts";
import { resultPages } from "../result-pages.ts";
import { PAIR_VALUES } from "./checks.ts";

/** Judging what they hold keeps the process from others for some 10 ms. */
const CHECKS_A_PAGE = 300;

interface ExchangeRow {
  readonly check: ListedRow;
  readonly exchange: number;
  readonly selected: boolean;
  readonly sample: Sample;
}

export const EXCHANGES_SOURCE: ExportSource<ExchangeRow> = {
  table: "exchanges",
  method: adminV1.AdminService.method.getCheck,
  permission: ADMIN_PERMISSIONS.getCheck,
  values: {
    check_id: ({ check }) => check.id,
    at: ({ check }) => PAIR_VALUES.at(check),
    server_id: ({ check }) => PAIR_VALUES.server_id(check),
    server: ({ check }) => PAIR_VALUES.server(check),
    monitor_id: ({ check }) => PAIR_VALUES.monitor_id(check),
    monitor: ({ check }) => PAIR_VALUES.monitor(check),
    exchange: ({ exchange }) => exchange,
    selected: ({ selected }) => selected,
    mode: ({ sample }) => sample.mode,
    source: ({ sample: { exchange } }) => endpoint(exchange.sourceAddress, exchange.sourcePort),
    destination: ({ sample: { exchange } }) =>
      endpoint(exchange.destinationAddress, exchange.destinationPort),
    t1: ({ sample }) => ownStamp(sample, "t1")?.atNs ?? null,
    t2: ({ sample }) => serverStamps(sample).t2 ?? null,
    t3: ({ sample }) => serverStamps(sample).t3 ?? null,
    t4: ({ sample }) => ownStamp(sample, "t4")?.atNs ?? null,
    t1_source: ({ sample }) => ownStamp(sample, "t1")?.source ?? "",
    t4_source: ({ sample }) => ownStamp(sample, "t4")?.source ?? "",
    offset_ns: ({ sample }) => sample.measurement?.offsetNs ?? null,
    bound_ns: ({ sample }) => sample.measurement?.boundNs ?? null,
    delay_ns: ({ sample }) => sample.measurement?.delayNs ?? null,
    reason: ({ sample }) => sample.reason ?? "",
    request: ({ sample }) => sample.exchange.request,
    response: ({ sample }) => sample.exchange.response ?? null,
  },
  pages: async function* (acting, question) {
    const pages = { writtenBy: "monitor", rowsMax: CHECKS_A_PAGE } as const;
    const { kysely } = acting.database;
    for await (const rows of resultPages(acting, fromTheCheckOn(question), pages))
      yield beyond(question, await exchangesOf(kysely, rows));
  },
};

/** In interleaved mode they are those of the exchange that it times. RFC 9769, section 2. */
function ownStamp({ exchange, timed }: Sample, name: "t1" | "t4"): Stamp | undefined {
  return (timed ?? exchange)[name];
}

/** Of the check that an export broke off in, there may be more. */
function fromTheCheckOn(question: ExportQuestion): ExportQuestion {
  const { after, order } = question;
  if (after === undefined) return question;
  const [checkId = 0n] = after.numbers;
  const before = order === "oldest" ? checkId - 1n : checkId + 1n;
  return { ...question, after: { ...after, numbers: [before] } };
}

function beyond({ after }: ExportQuestion, rows: readonly ExchangeRow[]): readonly ExchangeRow[] {
  const [checkId, last = 0n] = after?.numbers ?? [];
  return rows.filter(({ check, exchange }) => check.id !== checkId || BigInt(exchange) > last);
}

async function exchangesOf(
  kysely: Kysely<Schema>,
  rows: readonly ListedRow[],
): Promise<readonly ExchangeRow[]> {
  const asked = rows.filter((row) => row.has_evidence);
  const { rows: stored } = await sql<{ readonly id: bigint; readonly evidence: Uint8Array }>`
    select e.log_score_id as id, e.evidence
    from unnest(${asked.map(({ ts }) => ts)}::timestamptz[], ${asked.map(({ id }) => id)}::bigint[]) as asked (ts, id)
    join check_evidence e on e.ts = asked.ts and e.log_score_id = asked.id`.execute(kysely);
  const evidence = new Map(stored.map((row) => [row.id, row.evidence]));
  return asked.flatMap((check) => {
    const bytes = evidence.get(check.id);
    if (bytes === undefined) return [];
    const { exchanges, selectedIndex } = decodeEvidence(bytes);
    return judgePackets(exchanges).map((sample, exchange) => ({
      check,
      exchange,
      selected: exchange === selectedIndex,
      sample,
    }));
  });
}
