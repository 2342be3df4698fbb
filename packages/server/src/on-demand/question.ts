// One question to several monitors, and each answer as it comes, whichever replica it comes to.

import { createUlid, type IpAddress, sleep, type UnixNs } from "@truechimer/base";
import {
  type AssignmentStatusName,
  nsFromTimestamptz,
  type OnDemandKindName,
  type OnDemandTransportName,
  type Timestamptz,
} from "@truechimer/database";
import { sql } from "kysely";
import type { ServerContext } from "../context.ts";
import { limitExceeded, spanWords } from "../limits/verdict.ts";
import { type ChosenMonitor, chooseMonitors, type MonitorCandidate } from "./choose-monitors.ts";
import type { NoticeBus } from "./notice-bus.ts";
import type { OnDemandTiming } from "./on-demand-timing.ts";
import { putRequest } from "./request-rows.ts";

export interface Question {
  readonly kind: OnDemandKindName;
  readonly address: IpAddress;
  readonly port: number;
  /** Absent: no server under watch. */
  readonly serverId: bigint | undefined;
  /** A server of the lab, which only the lab's monitors can see. */
  readonly lab: boolean;
  readonly monitorsMax: number;
}

export type QuestionEvent =
  | {
      readonly kind: "asked";
      readonly requestId: string;
      readonly monitorIds: readonly bigint[];
      readonly expiresAtNs: UnixNs;
    }
  | { readonly kind: "answer"; readonly answer: QuestionAnswer }
  | { readonly kind: "ended"; readonly asked: number; readonly answered: number };

export interface QuestionAnswer {
  readonly monitorId: bigint;
  readonly monitorName: string;
  readonly tlsName: string | undefined;
  readonly reason: string;
  readonly error: string;
  readonly offsetNs: bigint | null;
  readonly boundNs: bigint | null;
  readonly rttNs: bigint | null;
  readonly stratum: number | null;
  readonly leap: number | null;
  /** JSON text, with its integers exact. */
  readonly ntpResponse: string | null;
  /** JSON text. */
  readonly hops: string | null;
  readonly answeredAt: Timestamptz;
}

export interface QuestionParts {
  readonly context: ServerContext;
  readonly bus: NoticeBus;
  readonly timing: OnDemandTiming;
  readonly brokerUsed: boolean;
  /** Aborted when the caller is gone, or when this replica stops. */
  readonly signal: AbortSignal;
}

/** Beyond the end, for an answer that was taken at the last moment and is read a little later. */
const LAST_LOOK_MS = 100;
/** More are never there to choose from. */
const CANDIDATES_MAX = 5_000;

/** First who is asked, then each answer, last how many there were. Ends early when all have answered. */
export async function* ask(
  question: Question,
  parts: QuestionParts,
): AsyncGenerator<QuestionEvent, void> {
  const { context, bus, timing, signal } = parts;
  await requireAllowance(context, question);
  const requestId = createUlid(context.clock, context.random);
  const waiting = createWaiting(context, { signal });
  const unsubscribe = bus.subscribe((notice) => {
    if (notice.kind === "look") waiting.wake();
    if (notice.kind === "answered" && notice.requestId === requestId) waiting.wake();
  });
  try {
    const monitors = await choose(question, parts);
    const lifeMs = question.kind === "ntp" ? timing.ntpAnswerMs : timing.tracerouteAnswerMs;
    const expiresAt = await putRequest(context.database, {
      id: requestId,
      kind: question.kind,
      serverId: question.serverId,
      address: question.address,
      port: question.port,
      lifeMs,
      monitors,
    });
    waiting.setEnd(lifeMs + LAST_LOOK_MS);
    yield {
      kind: "asked",
      requestId,
      monitorIds: monitors.map(({ id }) => id),
      expiresAtNs: nsFromTimestamptz(expiresAt),
    };
    const seen = new Set<bigint>();
    while (seen.size < monitors.length) {
      const open = await waiting.next();
      for (const answer of await answersSince(context, requestId, [...seen])) {
        seen.add(answer.monitorId);
        yield { kind: "answer", answer };
      }
      if (!open) break;
    }
    yield { kind: "ended", asked: monitors.length, answered: seen.size };
  } finally {
    unsubscribe();
    waiting.end();
  }
}

/** When to look for answers. */
interface Waiting {
  wake(): void;
  /** From now on the wait is over after this time. */
  setEnd(afterMs: number): void;
  /** At the next wake-up: true. At the end: false. Rejects with the signal's reason. */
  next(): Promise<boolean>;
  end(): void;
}

function createWaiting(
  { clock }: Pick<ServerContext, "clock">,
  { signal }: { readonly signal: AbortSignal },
): Waiting {
  const over = new AbortController();
  let woken = false;
  let ended = false;
  let wakeUp = (): void => {};
  const wake = (): void => {
    woken = true;
    wakeUp();
  };
  signal.addEventListener("abort", wake);
  return {
    wake,
    setEnd: (afterMs) => {
      void sleep(clock, afterMs, over.signal).then(
        () => {
          ended = true;
          wakeUp();
        },
        () => undefined,
      );
    },
    next: async () => {
      if (!woken && !ended && !signal.aborted) {
        await new Promise<void>((resolve) => {
          wakeUp = resolve;
        });
      }
      signal.throwIfAborted();
      woken = false;
      return !ended;
    },
    end: () => {
      signal.removeEventListener("abort", wake);
      over.abort(new Error("ended"));
    },
  };
}

async function requireAllowance(
  { limits }: ServerContext,
  { address, port }: Question,
): Promise<void> {
  const ofTarget = await limits.take("check_now_target", `${address.text} ${port}`);
  if (!ofTarget.passed) {
    const { max, windowMs } = ofTarget.limit;
    const within = spanWords(windowMs);
    throw limitExceeded(
      ofTarget,
      `more than ${max} questions within ${within} about ${address.text}: ask again in ${within}`,
    );
  }
  const ofAll = await limits.take("check_now", "all");
  if (ofAll.passed) return;
  const { max, windowMs } = ofAll.limit;
  const within = spanWords(windowMs);
  throw limitExceeded(ofAll, `more than ${max} questions within ${within}: ask again in ${within}`);
}

interface CandidateRow {
  readonly id: bigint;
  readonly transport: OnDemandTransportName;
  readonly version: string;
  readonly assignment: AssignmentStatusName | null;
}

async function choose(
  { kind, address, port, serverId, lab, monitorsMax }: Question,
  { context, brokerUsed }: QuestionParts,
): Promise<readonly ChosenMonitor[]> {
  const found = await sql<CandidateRow>`
    select m.id, s.transport, s.version, ss.status as assignment
    from monitor_sessions s
    join monitors m on m.id = s.monitor_id
    left join server_scores ss on ss.monitor_id = m.id and ss.server_id = ${serverId ?? null}::bigint
    where s.expires_at > now() and m.type = 'monitor' and m.status in ('active', 'testing') and m.is_current
      and m.deleted_on is null and m.ip_version = ${address.family} and m.lab = ${lab}
    limit ${CANDIDATES_MAX}`.execute(context.database.kysely);
  const candidates = found.rows.map(
    ({ assignment, ...row }): MonitorCandidate => ({ ...row, assignment: assignment ?? undefined }),
  );
  const choice = { kind, port, max: monitorsMax, brokerUsed };
  return chooseMonitors(candidates, choice, context.random);
}

interface AnswerRow {
  readonly monitor_id: bigint;
  readonly hostname: string;
  readonly tls_name: string | null;
  readonly reason: string | null;
  readonly error: string;
  readonly offset_ns: bigint | null;
  readonly bound_ns: bigint | null;
  readonly rtt_ns: bigint | null;
  readonly stratum: number | null;
  readonly leap: number | null;
  readonly ntp_response: string | null;
  readonly hops: string | null;
  readonly answered_at: Timestamptz;
}

async function answersSince(
  { database }: ServerContext,
  requestId: string,
  seen: readonly bigint[],
): Promise<readonly QuestionAnswer[]> {
  const found = await sql<AnswerRow>`
    select a.monitor_id, m.hostname, m.tls_name, a.reason, a.error, a.offset_ns, a.bound_ns, a.rtt_ns, a.stratum,
      a.leap, a.ntp_response::text as ntp_response, t.hops::text as hops, a.answered_at
    from on_demand_answers a
    join monitors m on m.id = a.monitor_id
    left join traceroutes t on t.id = a.traceroute_id
    where a.request_id = ${requestId} and a.answered_at is not null and a.monitor_id <> all(${seen}::bigint[])
    order by a.answered_at, a.monitor_id`.execute(database.kysely);
  return found.rows.map((row) => ({
    monitorId: row.monitor_id,
    monitorName: row.hostname,
    tlsName: row.tls_name ?? undefined,
    reason: row.reason ?? "",
    error: row.error,
    offsetNs: row.offset_ns,
    boundNs: row.bound_ns,
    rttNs: row.rtt_ns,
    stratum: row.stratum,
    leap: row.leap,
    ntpResponse: row.ntp_response,
    hops: row.hops,
    answeredAt: row.answered_at,
  }));
}
