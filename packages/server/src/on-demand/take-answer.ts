// Takes an answer once. The row is the lock: whoever fills it first was first, whichever replica it came to; later ones
// are told so and change nothing.

import type { agentV1 } from "@truechimer/api";
import { AppError, parseIpAddress, type Result } from "@truechimer/base";
import {
  inTransaction,
  nsFromTimestamptz,
  type OnDemandKindName,
  type Schema,
  type Timestamptz,
  timestamptzFromNs,
} from "@truechimer/database";
import type { NtpAnswer } from "@truechimer/mqtt";
import { type Kysely, sql } from "kysely";
import type { ServerContext } from "../context.ts";
import { sendNotice } from "./on-demand-notice.ts";
import {
  type AskedTarget,
  answerOfNtpAnswer,
  answerOfStatus,
  type StoredAnswer,
} from "./stored-answer.ts";
import { parseTraceroute, type StoredTraceroute } from "./stored-traceroute.ts";

/** `duplicate`: it was answered before. `late`: nobody waits for it any more. */
export type TakenAnswer = "taken" | "duplicate" | "late";

type TakeContext = Pick<ServerContext, "database">;

/** An answer of one of our own agents. Fails with `not_found` when this monitor was not asked so. */
export async function takeAgentAnswer(
  context: TakeContext,
  monitorId: bigint,
  { requestId, result }: agentV1.AnswerRequest,
): Promise<TakenAnswer> {
  const asked = await findAsked(context, requestId, { monitorIds: [monitorId] });
  if (asked === undefined) {
    throw new AppError("not_found", `this monitor was not asked anything under ${requestId}`);
  }
  switch (result.case) {
    case "status":
      if (asked.kind !== "ntp") throw badAnswer("a check was not asked for");
      return fill(context, asked, { answer: valid(answerOfStatus(result.value, asked)) });
    case "traceroute": {
      if (asked.kind !== "traceroute") throw badAnswer("a traceroute was not asked for");
      const traceroute = valid(parseTraceroute(result.value, asked));
      const answer = { ...NOTHING, reason: traceroute.reason };
      return fill(context, asked, { answer, traceroute });
    }
    default:
      throw badAnswer("it holds neither a status nor a traceroute");
  }
}

/** An answer that came by the broker; `agent` is the name in its topic. Absent: nobody asked that agent so. */
export async function takeBrokerAnswer(
  context: TakeContext,
  { agent, requestId }: { readonly agent: string; readonly requestId: string },
  answer: NtpAnswer,
): Promise<TakenAnswer | undefined> {
  const asked = await findAsked(context, requestId, { tlsName: agent });
  if (asked?.kind !== "ntp") return undefined;
  return fill(context, asked, { answer: answerOfNtpAnswer(answer) });
}

interface Asked extends AskedTarget {
  readonly requestId: string;
  readonly monitorId: bigint;
  readonly kind: OnDemandKindName;
  readonly serverId: bigint | null;
  readonly onset: boolean;
}

interface AskedRow {
  readonly monitor_id: bigint;
  readonly kind: OnDemandKindName;
  readonly server_id: bigint | null;
  readonly ip: string;
  readonly port: number;
  readonly onset: boolean;
  readonly created_at: Timestamptz;
  readonly now: Timestamptz;
}

async function findAsked(
  { database }: TakeContext,
  requestId: string,
  who: { readonly monitorIds?: readonly bigint[]; readonly tlsName?: string },
): Promise<Asked | undefined> {
  const found = await sql<AskedRow>`
    select a.monitor_id, r.kind, r.server_id, r.ip, r.port, r.onset, r.created_at, now() as now
    from on_demand_answers a
    join on_demand_requests r on r.id = a.request_id
    join monitors m on m.id = a.monitor_id
    where a.request_id = ${requestId}
      and (a.monitor_id = any(${who.monitorIds ?? []}::bigint[]) or lower(m.tls_name) = ${who.tlsName?.toLowerCase() ?? null})`.execute(
    database.kysely,
  );
  const [row] = found.rows;
  if (row === undefined) return undefined;
  const address = parseIpAddress(row.ip);
  if (!address.ok) return undefined;
  return {
    requestId,
    monitorId: row.monitor_id,
    kind: row.kind,
    serverId: row.server_id,
    onset: row.onset,
    address: address.value,
    port: row.port,
    askedAtNs: nsFromTimestamptz(row.created_at),
    nowNs: nsFromTimestamptz(row.now),
  };
}

interface Findings {
  readonly answer: StoredAnswer;
  readonly traceroute?: StoredTraceroute;
}

function fill(
  { database }: TakeContext,
  asked: Asked,
  { answer, traceroute }: Findings,
): Promise<TakenAnswer> {
  return inTransaction(database, async (transaction) => {
    const { requestId, monitorId } = asked;
    const state = await sql<{ readonly answered: boolean; readonly late: boolean }>`
      select a.answered_at is not null as answered, r.expires_at <= now() as late
      from on_demand_answers a join on_demand_requests r on r.id = a.request_id
      where a.request_id = ${requestId} and a.monitor_id = ${monitorId} for update of a`.execute(
      transaction,
    );
    const [row] = state.rows;
    if (row?.answered === true) return "duplicate";
    if (row?.late !== false) return "late";
    const tracerouteId =
      traceroute === undefined ? null : await insertTraceroute(transaction, asked, traceroute);
    await transaction
      .updateTable("on_demand_answers")
      .set({
        answered_at: sql<Timestamptz>`now()`,
        reason: answer.reason,
        error: answer.error,
        offset_ns: answer.offsetNs,
        bound_ns: answer.boundNs,
        rtt_ns: answer.rttNs,
        stratum: answer.stratum,
        leap: answer.leap,
        ntp_response: answer.ntpResponse,
        traceroute_id: tracerouteId,
      })
      .where("request_id", "=", requestId)
      .where("monitor_id", "=", monitorId)
      .execute();
    await sendNotice(transaction, { kind: "answered", requestId });
    return "taken";
  });
}

async function insertTraceroute(
  kysely: Kysely<Schema>,
  { requestId, monitorId, serverId, onset, address, port }: Asked,
  { startedAtNs, reached, reason, hops }: StoredTraceroute,
): Promise<bigint> {
  const row = await kysely
    .insertInto("traceroutes")
    .values({
      ts: timestamptzFromNs(startedAtNs),
      server_id: serverId,
      ip: address.text,
      port,
      monitor_id: monitorId,
      request_id: requestId,
      onset,
      reached,
      reason,
      hops,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return row.id;
}

const NOTHING: Omit<StoredAnswer, "reason"> = {
  error: "",
  offsetNs: null,
  boundNs: null,
  rttNs: null,
  stratum: null,
  leap: null,
  ntpResponse: null,
};

function valid<Value>(result: Result<Value, string>): Value {
  if (result.ok) return result.value;
  throw badAnswer(result.error);
}

function badAnswer(why: string): AppError {
  return new AppError("bad_request", `the answer is not taken: ${why}`);
}
