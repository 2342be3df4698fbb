// One run of the loop `archive`: sends what is new in the order of commits, then paths, then a page of older results, again
// and again until there is no more. The position moves on only after the archive has acknowledged; a kill in between has
// the same rows sent again, which the archive keeps once.

import { AppError, assert } from "@truechimer/base";
import { readCommittedResults, resultTimes, type Schema } from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import type { ServerContext } from "../context.ts";
import type { Archive } from "./archive.ts";
import { moveOlder, moveResults, noteTry, openPosition, readPosition } from "./archive-position.ts";
import type { ArchivedTraceroute } from "./archived-traceroute.ts";
import { olderResults, resultsOfPage } from "./read-results.ts";

export interface ArchiveLimits {
  readonly resultsAPage: number;
  readonly resultsOfOnePageMax: number;
  readonly traceroutesAPage: number;
  readonly runMs: number;
}

export const ARCHIVE_LIMITS: ArchiveLimits = {
  /** Results in one insert: archives want few inserts, and large ones; all of them are in memory here meanwhile. */
  resultsAPage: 10_000,
  /** Of one page of commits, where a single transaction wrote so many; more are sent by their time, in pages. */
  resultsOfOnePageMax: 50_000,
  /** A path has some 2 kB. */
  traceroutesAPage: 2_000,
  /** One run; what is left is due at once. Well below the loop's time limit. */
  runMs: 60_000,
};

interface Sending {
  readonly kysely: Kysely<Schema>;
  readonly archive: Archive;
  readonly limits: ArchiveLimits;
  readonly signal: AbortSignal;
}

export async function runArchive(
  context: Pick<ServerContext, "database" | "clock">,
  archive: Archive,
  signal: AbortSignal,
  limits: ArchiveLimits = ARCHIVE_LIMITS,
): Promise<void> {
  const { kysely } = context.database;
  const { target } = archive;
  await openPosition(context, archive);
  const endNs = context.clock.monotonicNs() + BigInt(limits.runMs) * 1_000_000n;
  const sending: Sending = { kysely, archive, limits, signal };
  try {
    await archive.prepare(signal);
    for (let more = true; more && context.clock.monotonicNs() < endNs; ) {
      signal.throwIfAborted();
      const committed = await sendCommitted(sending);
      const traced = await sendTraceroutes(sending);
      const older = await sendOlder(sending);
      more = committed || traced || older;
    }
    await noteTry(kysely, target);
  } catch (error) {
    if (!signal.aborted) await noteTry(kysely, target, told(error)).catch(() => undefined);
    throw error;
  }
}

function told(error: unknown): string {
  return error instanceof AppError ? `${error.code}: ${error.message}` : "internal";
}

/** True: there is more. */
async function sendCommitted({ kysely, archive, limits, signal }: Sending): Promise<boolean> {
  const { results: before } = await readPosition(kysely, archive.target);
  const page = await readCommittedResults(kysely, before, {
    resultsMax: limits.resultsAPage,
  });
  assert(page.kind === "page", "a position in the database is never lost");
  const after = page.position;
  const count = page.commits.reduce((sum, { results }) => sum + results, 0);
  if (count > limits.resultsOfOnePageMax) {
    const move = { before, after, sent: 0, larger: resultTimes(page) };
    await moveResults(kysely, archive.target, move);
    return true;
  }
  const results = count === 0 ? [] : await resultsOfPage(kysely, page);
  if (results.length > 0) await archive.writeResults(results, signal);
  const move = { before, after, sent: results.length, larger: undefined };
  await moveResults(kysely, archive.target, move);
  return !page.complete;
}

async function sendTraceroutes({ kysely, archive, limits, signal }: Sending): Promise<boolean> {
  const { rows } = await sql<ArchivedTraceroute & { readonly known: boolean }>`
    select waiting.traceroute_id as id, t.id is not null as known, t.ts, t.server_id, host(t.ip) as address, t.port,
      t.monitor_id, coalesce(m.hostname, '') as monitor_name, t.reached, t.reason, t.hops::text as hops
    from (
      select traceroute_id from archive_traceroutes where target = ${archive.target}
      order by traceroute_id limit ${limits.traceroutesAPage}::int
    ) waiting
    left join traceroutes t on t.id = waiting.traceroute_id
    left join monitors m on m.id = t.monitor_id
    order by waiting.traceroute_id`.execute(kysely);
  if (rows.length === 0) return false;
  const there = rows.filter(({ known }) => known);
  if (there.length > 0) await archive.writeTraceroutes(there, signal);
  await sql`
    with sent as (
      delete from archive_traceroutes
      where target = ${archive.target} and traceroute_id = any(${rows.map(({ id }) => id)}::bigint[])
    )
    update archives set traceroutes_sent = traceroutes_sent + ${there.length}::int, sent_at = now()
    where target = ${archive.target}`.execute(kysely);
  return rows.length === limits.traceroutesAPage;
}

async function sendOlder({ kysely, archive, limits, signal }: Sending): Promise<boolean> {
  const { older: before } = await readPosition(kysely, archive.target);
  if (before === undefined) return false;
  const results = await olderResults(kysely, before, limits.resultsAPage);
  if (results.length > 0) await archive.writeResults(results, signal);
  const last = results.at(-1)?.row;
  const isOver = last === undefined || results.length < limits.resultsAPage;
  const after = isOver ? undefined : { from: last.ts, afterId: last.id, to: before.to };
  await moveOlder(kysely, archive.target, { before, after, sent: results.length });
  return !isOver;
}
