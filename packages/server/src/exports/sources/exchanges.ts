// The packets behind the checks, byte for byte, with the time stamps and the numbers that follow from them: judged anew, as
// GetCheck does.

import { adminV1 } from "@truechimer/api";
import { nsFromTimestamptz, timestamptzFromNs } from "@truechimer/database";
import type { Sample, Stamp } from "@truechimer/ntp";
import { sql } from "kysely";
import { endpoint, serverStamps } from "../../admin-api/exchange-message.ts";
import { knownFrom } from "../../archive/archive-border.ts";
import type { ArchiveReader } from "../../archive/archive-reader.ts";
import type { ServerContext } from "../../context.ts";
import { decodeEvidence, judgePackets } from "../../monitor-api/check-evidence.ts";
import { ADMIN_PERMISSIONS } from "../../people/admin-permissions.ts";
import type { ListedRow } from "../../results/result-part.ts";
import type { ExportQuestion } from "../export-question.ts";
import type { ExportSource } from "../export-source.ts";
import { resultPages } from "../result-pages.ts";
import { PAIR_VALUES } from "./checks.ts";

/** Judging what they hold keeps the process from others for some 10 ms. */
const CHECKS_A_PAGE = 300;
const NS_PER_US = 1_000n;
const NS_PER_MS = 1_000_000n;

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
  horizon: async (acting, question) => {
    const { archive, policy } = acting;
    const kept = timestamptzFromNs(question.nowNs - BigInt(policy.evidenceRetentionMs) * NS_PER_MS);
    if (archive?.keepsPackets !== true) return kept;
    return await knownFrom(acting, { from: question.from ?? kept, retention: kept });
  },
  pages: async function* (acting, question) {
    const pages = { writtenBy: "monitor", rowsMax: CHECKS_A_PAGE, details: "packets" } as const;
    for await (const rows of resultPages(acting, fromTheCheckOn(question), pages))
      yield beyond(question, exchangesOf(rows, await evidenceOf(acting, rows)));
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

function* beyond(
  { after }: ExportQuestion,
  rows: Iterable<ExchangeRow>,
): Generator<ExchangeRow, void> {
  const [checkId, last = 0n] = after?.numbers ?? [];
  for (const row of rows) if (row.check.id !== checkId || BigInt(row.exchange) > last) yield row;
}

/**
 * Judged when its turn comes: with a page of them in memory at once V8 takes them for long-lived, and keeps each until it
 * collects the whole heap.
 */
function* exchangesOf(
  rows: readonly ListedRow[],
  evidence: ReadonlyMap<bigint, Uint8Array>,
): Generator<ExchangeRow, void> {
  for (const check of rows) {
    const bytes = check.details === undefined ? evidence.get(check.id) : check.details.packets;
    if (bytes === undefined || bytes === null) continue;
    const { exchanges, selectedIndex } = decodeEvidence(bytes);
    for (const [exchange, sample] of judgePackets(exchanges).entries())
      yield { check, exchange, selected: exchange === selectedIndex, sample };
  }
}

/** By the number of the check, of those that the database has. Packets that it has no more may be in the archive. */
async function evidenceOf(
  { database: { kysely }, archive }: Pick<ServerContext, "database" | "archive">,
  rows: readonly ListedRow[],
): Promise<ReadonlyMap<bigint, Uint8Array>> {
  const asked = rows.filter((row) => row.has_evidence && row.details === undefined);
  const { rows: stored } = await sql<{ readonly id: bigint; readonly evidence: Uint8Array }>`
    select e.log_score_id as id, e.evidence
    from unnest(${asked.map(({ ts }) => ts)}::timestamptz[], ${asked.map(({ id }) => id)}::bigint[]) as asked (ts, id)
    join check_evidence e on e.ts = asked.ts and e.log_score_id = asked.id`.execute(kysely);
  const evidence = new Map(stored.map((row) => [row.id, row.evidence]));
  if (archive?.keepsPackets !== true) return evidence;
  const missing = asked.filter(({ id }) => !evidence.has(id));
  return new Map([...evidence, ...(await archivedEvidence(archive, missing))]);
}

const ARCHIVED_A_PIECE = 1_000;

/** Of checks that lie close to each other in time. */
async function archivedEvidence(
  archive: ArchiveReader,
  checks: readonly ListedRow[],
): Promise<ReadonlyMap<bigint, Uint8Array>> {
  const wanted = new Set(checks.map(({ id }) => id));
  const times = checks.map(({ ts }) => ts).toSorted();
  const [first, last] = [times[0], times.at(-1)];
  const found = new Map<bigint, Uint8Array>();
  if (first === undefined || last === undefined) return found;
  const serverIds = [...new Set(checks.map((check) => check.server_id))];
  let place = { ts: first, id: 0n };
  for (;;) {
    const { rows, isOver } = await archive.results({
      from: first,
      to: timestamptzFromNs(nsFromTimestamptz(last) + NS_PER_US),
      order: "oldest",
      writtenBy: "monitor",
      serverIds,
      place,
      rowsMax: ARCHIVED_A_PIECE,
      details: "packets",
    });
    for (const { id, ts, details } of rows) {
      place = { ts, id };
      if (wanted.has(id) && details?.packets) found.set(id, details.packets);
    }
    if (isOver || found.size === wanted.size) return found;
  }
}
