// What changed, newest first.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import {
  type FaultName,
  nsFromTimestamptz,
  type Schema,
  type Timestamptz,
  timestamptzFromNs,
} from "@truechimer/database";
import type { Condition } from "@truechimer/filter";
import { type Kysely, type RawBuilder, sql } from "kysely";
import { eventsBorder } from "../archive/archive-border.ts";
import type { ArchivedEvent } from "../archive/archived-event.ts";
import type { ServerContext } from "../context.ts";
import { conditionSql } from "../filter/condition-sql.ts";
import { EVENT_FILTER_COLUMNS } from "../filter/filter-columns.ts";
import { monitorOfAccount, ofAccount } from "../people/account-sql.ts";
import { seenObjects } from "../people/seen-objects.ts";
import {
  archivedEvents,
  type EventPage,
  type EventPlace,
  mergedEvents,
} from "../results/archived-events.ts";
import { FAULTS, optionalField, timestampFrom, VERDICTS } from "./admin-message.ts";
import { evidenceMessages } from "./fault-messages.ts";

const NS_PER_US = 1_000n;

export interface EventSelection {
  /** Absent: of all servers and monitors. */
  readonly serverId?: bigint;
  /** Absent: whichever monitor they are about. */
  readonly monitorIds?: readonly bigint[];
  /** Only events about its servers, and those about its monitors alone. Absent: of all accounts, and of none. */
  readonly accountId?: bigint | undefined;
  /** Only events before it in time, and of its instant those with a smaller id. They are told by their time. */
  readonly place?: EventPlace;
  readonly from?: Timestamptz;
  readonly to?: Timestamptz;
  /** Of events. Absent: all. */
  readonly filter?: Condition;
  readonly limit: number;
}

export async function eventMessages(
  kysely: Kysely<Schema>,
  selection: EventSelection,
): Promise<adminV1.Event[]> {
  return await messagesOf(kysely, await storedEvents(kysely, selection));
}

/** Looked through in the archive by one call, however few pass the filter. */
const ARCHIVED_ROWS_MAX = 10_000;
const ARCHIVED_ROWS_A_PIECE = 2_000;
const EPOCH: Timestamptz = timestamptzFromNs(0n);

interface EventMessagesPage {
  readonly events: readonly adminV1.Event[];
  /** Undefined: that was the last. */
  readonly place: EventPlace | undefined;
}

/** Of events by their time, newest first: those of the database alone, and beyond the retention of what the archive has, too. */
export async function eventPage(
  context: Pick<ServerContext, "database" | "archive" | "clock" | "policy">,
  selection: Pick<EventSelection, "serverId" | "accountId" | "filter" | "place" | "limit">,
): Promise<EventMessagesPage> {
  const { kysely } = context.database;
  const border = eventsBorder(context, EPOCH);
  if (border === undefined)
    return await storedPage(kysely, { ...selection, from: EPOCH, end: undefined });
  const edge = { at: border, id: 0n };
  const { limit, place, accountId } = selection;
  if (place === undefined || place.at >= border) {
    // The archive may be slow, or away: what the database has does not wait for it.
    const page = await storedPage(kysely, { ...selection, from: border, end: edge });
    if (page.events.length > 0) return page;
  }
  const older = place === undefined || place.at > border ? edge : place;
  const page = await olderEvents(context, { ...selection, place: older });
  const told = page.rows.slice(0, limit);
  // How far was looked may be an event of another account, which is nobody else's business.
  const looked = accountId === undefined ? page.place : page.place && (told.at(-1) ?? page.place);
  return {
    events: await messagesOf(kysely, told),
    place: page.rows.length > limit ? told.at(-1) : looked,
  };
}

/** From a time on; at `end` it goes on when those are told. */
async function storedPage(
  kysely: Kysely<Schema>,
  { end, limit, ...selection }: EventSelection & { readonly end: EventPlace | undefined },
): Promise<EventMessagesPage> {
  const rows = await storedEvents(kysely, { ...selection, limit: limit + 1 });
  const told = rows.slice(0, limit);
  return {
    events: await messagesOf(kysely, told),
    place: rows.length > limit ? told.at(-1) : end,
  };
}

/** Beyond a place at the border, or before it. */
async function olderEvents(
  context: Pick<ServerContext, "database" | "archive">,
  selection: Pick<EventSelection, "serverId" | "accountId" | "filter" | "limit"> & {
    readonly place: EventPlace;
  },
): Promise<EventPage<ArchivedEvent>> {
  const { serverId, accountId, filter, limit } = selection;
  const isSeen = await seenBy(context.database.kysely, accountId);
  let { place } = selection;
  for (let left = ARCHIVED_ROWS_MAX; ; left -= ARCHIVED_ROWS_A_PIECE) {
    // Before the archive: what it is sent meanwhile is in one of the two.
    const rows = await storedEvents(context.database.kysely, {
      ...selection,
      place,
      from: EPOCH,
      limit,
    });
    const found = await archivedEvents(context, {
      from: EPOCH,
      to: place.at,
      ...(place.id > 0n && { to: timestamptzFromNs(nsFromTimestamptz(place.at) + NS_PER_US) }),
      order: "newest",
      serverIds: serverId === undefined ? undefined : [serverId],
      condition: filter,
      place,
      rowsMax: ARCHIVED_ROWS_A_PIECE,
    });
    const archived = { rows: found.rows.filter(isSeen), place: found.place };
    const stored = { rows, place: rows.length < limit ? undefined : rows.at(-1) };
    const page = mergedEvents("newest", stored, archived);
    if (page.rows.length > 0 || page.place === undefined || left <= ARCHIVED_ROWS_A_PIECE)
      return page;
    ({ place } = page);
  }
}

async function seenBy(
  kysely: Kysely<Schema>,
  accountId: bigint | undefined,
): Promise<(event: ArchivedEvent) => boolean> {
  if (accountId === undefined) return () => true;
  const seen = seenObjects(kysely, accountId);
  const [servers, monitors] = await Promise.all([seen.servers(), seen.monitors()]);
  return ({ server_id, monitor_id }) =>
    server_id === null ? monitor_id !== null && monitors.has(monitor_id) : servers.has(server_id);
}

/** Those of a server in a range, both ends included: what is older than the retention comes from the archive. */
export async function serverEventMessages(
  context: Pick<ServerContext, "database" | "archive" | "clock" | "policy">,
  selection: Required<Pick<EventSelection, "serverId" | "from" | "to" | "limit">>,
): Promise<adminV1.Event[]> {
  const { serverId, from, to, limit } = selection;
  const { kysely } = context.database;
  // Before the archive: what it is sent meanwhile is in one of the two.
  const stored = await storedEvents(kysely, selection);
  const border = eventsBorder(context, from);
  const isEnough = stored.length === limit && (stored.at(-1)?.at ?? "") >= (border ?? "");
  if (border === undefined || isEnough) return await messagesOf(kysely, stored);
  const end = timestamptzFromNs(nsFromTimestamptz(to) + NS_PER_US);
  const archived = await context.archive?.events({
    from,
    to: end < border ? end : border,
    order: "newest",
    serverIds: [serverId],
    place: { ts: end, id: 0n },
    rowsMax: limit,
  });
  const known = new Set(stored.map(({ id }) => id));
  const all = [...stored, ...(archived?.rows ?? []).filter(({ id }) => !known.has(id))];
  const newest = all.toSorted((a, b) =>
    a.at === b.at ? Number(b.id - a.id) : a.at < b.at ? 1 : -1,
  );
  return await messagesOf(kysely, newest.slice(0, limit));
}

async function storedEvents(
  kysely: Kysely<Schema>,
  { serverId, monitorIds, accountId, place, from, to, filter, limit }: EventSelection,
): Promise<readonly ArchivedEvent[]> {
  return await kysely
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
      sql<string>`coalesce(s.name, '')`.as("server_name"),
      sql<string>`coalesce(m.hostname, '')`.as("monitor_name"),
    ])
    .$if(serverId !== undefined, (query) => query.where("e.server_id", "=", serverId ?? 0n))
    .$if(monitorIds !== undefined, (query) =>
      query.where(sql<boolean>`e.monitor_id = any(${[...(monitorIds ?? [])]}::bigint[])`),
    )
    .$if(accountId !== undefined, (query) => query.where(eventOfAccount(accountId)))
    .$if(place !== undefined, (query) =>
      query.where(
        sql<boolean>`e.at <= ${place?.at} and (e.at, e.id) < (${place?.at}::timestamptz, ${place?.id}::bigint)`,
      ),
    )
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
}

/** What is about neither a server nor a monitor is the installation's. */
function eventOfAccount(accountId: bigint | undefined): RawBuilder<boolean> {
  return sql<boolean>`case when e.server_id is not null then ${ofAccount("s.account_id", accountId)}
    else e.monitor_id is not null and ${monitorOfAccount(accountId)} end`;
}

async function messagesOf(
  kysely: Kysely<Schema>,
  rows: readonly ArchivedEvent[],
): Promise<adminV1.Event[]> {
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
      serverName: row.server_name,
      ...optionalField("monitorId", row.monitor_id),
      monitorName: row.monitor_name,
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
