// One run of the loop `archive`: sends what is new in the order of commits, then paths and events, then a page of older results, again
// and again until there is no more. The position moves on only after the archive has acknowledged; a kill in between has
// the same rows sent again, which the archive keeps once.

import { AppError, assert } from "@truechimer/base";
import { readCommittedResults, resultTimes, type Schema } from "@truechimer/database";
import { type Kysely, sql } from "kysely";
import type { ServerContext } from "../context.ts";
import type { Archive, ArchiveWrite } from "./archive.ts";
import { type ArchiveLag, archiveLags } from "./archive-lag.ts";
import {
  moveOlder,
  moveResults,
  noteDiscarded,
  noteStore,
  noteTry,
  noteWriting,
  openPosition,
  readPosition,
} from "./archive-position.ts";
import type { ArchivedEvent } from "./archived-event.ts";
import type { ArchivedTraceroute } from "./archived-traceroute.ts";
import { asOnlyWriter } from "./only-writer.ts";
import { olderResults, resultsOfPage } from "./read-results.ts";

export interface ArchiveLimits {
  readonly resultsAPage: number;
  readonly resultsOfOnePageMax: number;
  readonly traceroutesAPage: number;
  readonly eventsAPage: number;
  readonly runMs: number;
}

export const ARCHIVE_LIMITS: ArchiveLimits = {
  /** Results in one insert: archives want few inserts, and large ones; all of them are in memory here meanwhile. */
  resultsAPage: 10_000,
  /** Of one page of commits, where a single transaction wrote so many; more are sent by their time, in pages. */
  resultsOfOnePageMax: 50_000,
  /** A path has some 2 kB. */
  traceroutesAPage: 2_000,
  /** One has some 300 bytes, and 10 kB with the evidence of a fault. */
  eventsAPage: 5_000,
  /** One run; what is left is due at once. Well below the loop's time limit. */
  runMs: 60_000,
};

interface Sending {
  readonly kysely: Kysely<Schema>;
  readonly archive: Archive;
  readonly limits: ArchiveLimits;
  readonly signal: AbortSignal;
}

/** Nothing happens while another process sends to an archive. */
export async function runArchive(
  context: Pick<ServerContext, "database" | "clock">,
  archive: Archive,
  signal: AbortSignal,
  limits: ArchiveLimits = ARCHIVE_LIMITS,
): Promise<void> {
  await openPosition(context, archive);
  await asOnlyWriter(context.database, () =>
    sendAll(context, { kysely: context.database.kysely, archive, limits, signal }),
  );
}

async function sendAll({ clock }: Pick<ServerContext, "clock">, sending: Sending): Promise<void> {
  const { kysely, archive, limits, signal } = sending;
  const { target } = archive;
  const endNs = clock.monotonicNs() + BigInt(limits.runMs) * 1_000_000n;
  try {
    await archive.prepare(signal);
    await knowStore(sending);
    await discardUnnoted(sending);
    for (let more = true; more && clock.monotonicNs() < endNs; ) {
      signal.throwIfAborted();
      const committed = (await areResultsDue(sending)) && (await sendCommitted(sending));
      const traced = await sendTraceroutes(sending);
      const reported = await sendEvents(sending);
      const older = await sendOlder(sending);
      more = committed || traced || reported || older;
    }
    await archive.tidy?.(signal);
    await noteTry(kysely, target);
  } catch (error) {
    if (!signal.aborted) await noteTry(kysely, target, told(error)).catch(() => undefined);
    throw error;
  }
}

async function knowStore({ kysely, archive, signal }: Sending): Promise<void> {
  if (archive.identify === undefined) return;
  const { storeId } = await readPosition(kysely, archive.target);
  const found = await archive.identify(storeId, signal);
  if (found !== storeId) await noteStore(kysely, archive.target, found);
}

/** What a killed process, or a failed write, has left. */
async function discardUnnoted({ kysely, archive }: Sending): Promise<void> {
  const { writing } = await readPosition(kysely, archive.target);
  if (writing.length === 0) return;
  await archive.discard?.(writing);
  await noteDiscarded(kysely, archive.target, writing);
}

/** Whether what waits is worth a write. Without any the position moves on, and costs nothing. */
function areResultsDue(sending: Sending): Promise<boolean> {
  return isDue(sending, ({ results, seconds }) => ({ count: results, seconds }));
}

async function isDue(
  { kysely, archive: { batch, target } }: Sending,
  waitingOf: (lag: ArchiveLag) => { readonly count: bigint; readonly seconds: number },
): Promise<boolean> {
  if (batch === undefined) return true;
  const own = (await archiveLags(kysely)).find((lag) => lag.target === target);
  if (own === undefined) return true;
  const { count, seconds } = waitingOf(own);
  return count === 0n || count >= batch.results || seconds >= batch.seconds;
}

/** A write, and then the move past its rows; without the move, what was written is removed. */
async function written(
  { kysely, archive, signal }: Sending,
  work: {
    readonly write: (write: ArchiveWrite) => Promise<void>;
    readonly move: () => Promise<boolean>;
  },
): Promise<void> {
  const files: string[] = [];
  await work.write({
    signal,
    announce: async (announced) => {
      await noteWriting(kysely, archive.target, announced);
      files.push(...announced);
    },
  });
  if ((await work.move()) || files.length === 0) return;
  await archive.discard?.(files);
  await noteDiscarded(kysely, archive.target, files);
}

function told(error: unknown): string {
  return error instanceof AppError ? `${error.code}: ${error.message}` : "internal";
}

/** True: there is more. */
async function sendCommitted(sending: Sending): Promise<boolean> {
  const { kysely, archive, limits } = sending;
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
  const move = { before, after, sent: results.length, larger: undefined };
  await written(sending, {
    write: async (write) => {
      if (results.length > 0) await archive.writeResults(results, write);
    },
    move: () => moveResults(kysely, archive.target, move),
  });
  return !page.complete;
}

async function sendTraceroutes(sending: Sending): Promise<boolean> {
  const { kysely, archive, limits } = sending;
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
  await written(sending, {
    write: async (write) => {
      if (there.length > 0) await archive.writeTraceroutes(there, write);
    },
    move: async () => {
      await moveTraceroutes(sending, { ids: rows.map(({ id }) => id), sent: there.length });
      return true;
    },
  });
  return rows.length === limits.traceroutesAPage;
}

async function moveTraceroutes(
  { kysely, archive: { target } }: Sending,
  { ids, sent }: { readonly ids: readonly bigint[]; readonly sent: number },
): Promise<void> {
  await sql`
    with sent as (
      delete from archive_traceroutes where target = ${target} and traceroute_id = any(${[...ids]}::bigint[])
    )
    update archives set writing = '{}', traceroutes_sent = traceroutes_sent + ${sent}::int, sent_at = now()
    where target = ${target}`.execute(kysely);
}

async function sendEvents(sending: Sending): Promise<boolean> {
  const isWorthIt = await isDue(sending, ({ events, eventSeconds }) => ({
    count: events,
    seconds: eventSeconds,
  }));
  if (!isWorthIt) return false;
  const { kysely, archive, limits } = sending;
  const { rows } = await sql<ArchivedEvent & { readonly known: boolean }>`
    select waiting.event_id as id, e.id is not null as known, e.at, e.kind, e.server_id, e.monitor_id, e.verdict_before,
      e.verdict_after, e.reason, e.text, e.fault_before, e.fault_after, e.verdict_rules, e.evidence::text as evidence,
      coalesce(s.name, '') as server_name, coalesce(m.hostname, '') as monitor_name
    from (
      select event_id from archive_events where target = ${archive.target}
      order by event_id limit ${limits.eventsAPage}::int
    ) waiting
    left join events e on e.id = waiting.event_id
    left join servers s on s.id = e.server_id
    left join monitors m on m.id = e.monitor_id
    order by waiting.event_id`.execute(kysely);
  if (rows.length === 0) return false;
  const there = rows.filter(({ known }) => known);
  await written(sending, {
    write: async (write) => {
      if (there.length > 0) await archive.writeEvents(there, write);
    },
    move: async () => {
      await moveEvents(sending, { ids: rows.map(({ id }) => id), sent: there.length });
      return true;
    },
  });
  return rows.length === limits.eventsAPage;
}

async function moveEvents(
  { kysely, archive: { target } }: Sending,
  { ids, sent }: { readonly ids: readonly bigint[]; readonly sent: number },
): Promise<void> {
  await sql`
    with sent as (
      delete from archive_events where target = ${target} and event_id = any(${[...ids]}::bigint[])
    )
    update archives set writing = '{}', events_sent = events_sent + ${sent}::int, sent_at = now()
    where target = ${target}`.execute(kysely);
}

async function sendOlder(sending: Sending): Promise<boolean> {
  const { kysely, archive, limits } = sending;
  const { older: before } = await readPosition(kysely, archive.target);
  if (before === undefined) return false;
  const results = await olderResults(kysely, before, limits.resultsAPage);
  const last = results.at(-1)?.row;
  const isOver = last === undefined || results.length < limits.resultsAPage;
  const after = isOver ? undefined : { from: last.ts, afterId: last.id, to: before.to };
  await written(sending, {
    write: async (write) => {
      if (results.length > 0) await archive.writeResults(results, write);
    },
    move: () => moveOlder(kysely, archive.target, { before, after, sent: results.length }),
  });
  return !isOver;
}
