// Servers as they were: verdicts, faults and whether they were watched by their events, scores by the scorer's results.

import { adminV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import {
  type FaultName,
  nsFromTimestamptz,
  type Timestamptz,
  timestamptzFromNs,
  type VerdictName,
} from "@truechimer/database";
import { type Condition, columnsOf, splitCondition } from "@truechimer/filter";
import { sql } from "kysely";
import { FAULTS, nsOf, VERDICTS } from "../../admin-api/admin-message.ts";
import { serverMessages } from "../../admin-api/server-messages.ts";
import type { ServerContext } from "../../context.ts";
import { serversOfAccount } from "../found-subjects.ts";
import type { Step } from "./changes.ts";
import { scoreSteps } from "./past-scores.ts";
import { isLasting } from "./replayable.ts";

/** What changes of a server, as far as it is kept. */
export type ServerState = Pick<
  adminV1.Server,
  "state" | "verdict" | "verdictReason" | "fault" | "faultCause" | "score"
>;

export interface PastServer {
  /** As it is today. */
  readonly server: adminV1.Server;
  /** As it was at the beginning of the range. */
  readonly first: ServerState;
  /** Within the range, in their order. */
  readonly steps: readonly Step<ServerState>[];
}

export interface PastQuestion {
  /** Undefined: of all accounts. */
  readonly accountId: bigint | undefined;
  readonly condition: Condition;
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly signal: AbortSignal;
}

/** A month of a fleet that is not well; more do not fit into an answer that somebody waits for. */
const EVENTS_MAX = 300_000;

/** Fails with limit_exceeded when too much has happened. */
export async function pastServers(
  context: ServerContext,
  question: PastQuestion,
): Promise<readonly PastServer[]> {
  const { condition, fromNs, toNs } = question;
  const { asked } = splitCondition(condition, (column) => isLasting("servers", column));
  const all = await serverMessages(context, {
    filter: asked,
    includeRemoved: true,
    lastDay: false,
  });
  const { kysely } = context.database;
  const owned = await serversOfAccount(
    kysely,
    question,
    all.map(({ id }) => id),
  );
  const servers = all.filter(({ id, addedAt }) => owned(id) && nsOf(addedAt) < toNs);
  const ids = servers.map(({ id }) => id);
  const events = Map.groupBy(await eventsSince(context, { ids, fromNs }), (row) => row.server_id);
  const causes = await causesBefore(context, { ids: [...events.keys()], fromNs });
  const scores = columnsOf(condition).includes("server.score")
    ? await scoreSteps(context, { ...question, ids })
    : new Map<bigint, readonly Step<ServerState>[]>();
  return servers.map((server) => {
    const own = events.get(server.id) ?? [];
    const [firstScore, ...laterScores] = scores.get(server.id) ?? [];
    const steps = [...own.map(stepOf), ...laterScores].toSorted((a, b) =>
      a.atNs < b.atNs ? -1 : a.atNs > b.atNs ? 1 : 0,
    );
    const first = {
      ...firstState(server, own, causes.get(server.id)),
      ...(firstScore?.change ?? { score: undefined }),
    };
    return { server, first, steps };
  });
}

interface EventRow {
  readonly server_id: bigint;
  readonly at: Timestamptz;
  readonly kind: string;
  readonly verdict_before: VerdictName | null;
  readonly verdict_after: VerdictName | null;
  readonly fault_before: FaultName | "" | null;
  readonly fault_after: FaultName | "" | null;
  readonly reason: string;
}

/** Also those after the range: their "before" tells what was in it. */
async function eventsSince(
  { database }: ServerContext,
  { ids, fromNs }: { readonly ids: readonly bigint[]; readonly fromNs: bigint },
): Promise<readonly EventRow[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<EventRow>`
    select server_id, at, kind, verdict_before, verdict_after, fault_before, fault_after, reason from events
    where at >= ${timestamptzFromNs(fromNs)} and server_id = any(${ids}::bigint[])
      and kind in ('verdict_changed', 'fault_changed', 'server_paused', 'server_resumed', 'server_removed', 'server_restored')
    order by at, id limit ${EVENTS_MAX + 1}`.execute(database.kysely);
  if (rows.length <= EVENTS_MAX) return rows;
  throw new AppError(
    "limit_exceeded",
    `more than ${EVENTS_MAX} events in that range: take a shorter one, or add name:… to the filter`,
  );
}

/** Of those with a fault at the beginning of the range: what was wrong. An event tells only what comes. */
async function causesBefore(
  { database }: ServerContext,
  { ids, fromNs }: { readonly ids: readonly bigint[]; readonly fromNs: bigint },
): Promise<ReadonlyMap<bigint, string>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<Pick<EventRow, "server_id" | "reason">>`
    select distinct on (server_id) server_id, reason from events
    where server_id = any(${ids}::bigint[]) and kind = 'fault_changed' and at < ${timestamptzFromNs(fromNs)}
    order by server_id, id desc`.execute(database.kysely);
  return new Map(rows.map(({ server_id: id, reason }) => [id, reason]));
}

const { WATCHED, PAUSED, REMOVED } = adminV1.ServerState;
const STATES: Readonly<
  Record<string, { readonly before: adminV1.ServerState; readonly after: adminV1.ServerState }>
> = {
  server_paused: { before: WATCHED, after: PAUSED },
  server_resumed: { before: PAUSED, after: WATCHED },
  server_removed: { before: WATCHED, after: REMOVED },
  server_restored: { before: REMOVED, after: WATCHED },
};

function stepOf(row: EventRow): Step<ServerState> {
  return { atNs: nsFromTimestamptz(row.at), change: changeOf(row) };
}

function changeOf(row: EventRow): Partial<ServerState> {
  if (row.kind === "verdict_changed")
    return { verdict: verdictOf(row.verdict_after), verdictReason: row.reason };
  if (row.kind === "fault_changed")
    return { fault: faultOf(row.fault_after), faultCause: row.reason };
  const change = STATES[row.kind];
  return change === undefined ? {} : { state: change.after };
}

function firstState(
  server: adminV1.Server,
  events: readonly EventRow[],
  causeBefore: string | undefined,
): Omit<ServerState, "score"> {
  const verdict = events.find(({ kind }) => kind === "verdict_changed");
  const fault = events.find(({ kind }) => kind === "fault_changed");
  const state = events.map(({ kind }) => STATES[kind]).find((change) => change !== undefined);
  return {
    state: state?.before ?? server.state,
    verdict: verdict === undefined ? server.verdict : verdictOf(verdict.verdict_before),
    verdictReason: verdict === undefined ? server.verdictReason : "",
    fault: fault === undefined ? server.fault : faultOf(fault.fault_before),
    faultCause: fault === undefined ? server.faultCause : (causeBefore ?? ""),
  };
}

function verdictOf(name: VerdictName | null): adminV1.Verdict {
  return name === null ? adminV1.Verdict.UNSPECIFIED : VERDICTS[name];
}

function faultOf(name: FaultName | "" | null): adminV1.Fault {
  return name === null || name === "" ? adminV1.Fault.UNSPECIFIED : FAULTS[name];
}
