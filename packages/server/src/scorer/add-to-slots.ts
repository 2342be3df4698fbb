// Sums for lists and sparklines: each result goes into its server's quarter of an hour and its monitor's five minutes, in
// the transaction that scores it, so once.

import { type Schema, type Timestamptz, timestamptzFromNs } from "@truechimer/database";
import { sql, type Transaction } from "kysely";
import type { ScoredResult } from "./scored-result.ts";
import type { ServerOutcome } from "./step-server.ts";

const MINUTE_NS = 60_000_000_000n;
const SERVER_SLOT_NS = 15n * MINUTE_NS;
const MONITOR_SLOT_NS = 5n * MINUTE_NS;
const MONITOR_SLOTS_A_SERVER_SLOT = SERVER_SLOT_NS / MONITOR_SLOT_NS;

interface Sums {
  readonly id: bigint;
  readonly at: Timestamptz;
  checks: number;
  checksFailed: number;
  checksWithoutAnswer: number;
  samplesSent: number;
  samplesAnswered: number;
  score: number | null;
  scoreMin: number | null;
}

export async function addToSlots(
  transaction: Transaction<Schema>,
  outcomes: readonly ServerOutcome[],
): Promise<void> {
  const servers: Slots = new Map();
  const monitors: Slots = new Map();
  for (const { serverId, results, overall } of outcomes) {
    for (const result of results) {
      const monitorSlot = result.atNs / MONITOR_SLOT_NS;
      add(slotOf(monitors, result.monitorId, monitorSlot, MONITOR_SLOT_NS), result);
      const sums = slotOf(
        servers,
        serverId,
        monitorSlot / MONITOR_SLOTS_A_SERVER_SLOT,
        SERVER_SLOT_NS,
      );
      add(sums, result);
      const score = overall.get(result);
      if (score === undefined) continue;
      sums.score = score;
      sums.scoreMin = sums.scoreMin === null ? score : Math.min(sums.scoreMin, score);
    }
  }
  await writeServerSlots(transaction, sumsOf(servers));
  await writeMonitorSlots(transaction, inOrder(sumsOf(monitors)));
}

/** By whom, and by the number of the slot. */
type Slots = Map<bigint, Map<bigint, Sums>>;

function slotOf(slots: Slots, id: bigint, slot: bigint, slotNs: bigint): Sums {
  let own = slots.get(id);
  if (own === undefined) {
    own = new Map();
    slots.set(id, own);
  }
  let sums = own.get(slot);
  if (sums === undefined) {
    sums = newSums(id, timestamptzFromNs(slot * slotNs));
    own.set(slot, sums);
  }
  return sums;
}

function newSums(id: bigint, at: Timestamptz): Sums {
  return {
    id,
    at,
    checks: 0,
    checksFailed: 0,
    checksWithoutAnswer: 0,
    samplesSent: 0,
    samplesAnswered: 0,
    score: null,
    scoreMin: null,
  };
}

function add(sums: Sums, result: ScoredResult): void {
  sums.checks += 1;
  if (result.reason !== null) sums.checksFailed += 1;
  if (result.noResponse) sums.checksWithoutAnswer += 1;
  sums.samplesSent += result.samplesSent;
  sums.samplesAnswered += result.samplesAnswered;
}

function sumsOf(slots: Slots): readonly Sums[] {
  return [...slots.values()].flatMap((own) => [...own.values()]);
}

/** Two scorers add to the same monitors; in this order they never wait for each other in a circle. */
function inOrder(sums: readonly Sums[]): readonly Sums[] {
  return sums.toSorted((a, b) => (a.id === b.id ? (a.at < b.at ? -1 : 1) : a.id < b.id ? -1 : 1));
}

async function writeServerSlots(
  transaction: Transaction<Schema>,
  sums: readonly Sums[],
): Promise<void> {
  await sql`
    insert into server_slots as slot (server_id, slot_ts, checks, checks_failed, checks_without_answer, samples_sent,
      samples_answered, score, score_min)
    select * from unnest(
      ${sums.map(({ id }) => id)}::bigint[],
      ${sums.map(({ at }) => at)}::timestamptz[],
      ${sums.map(({ checks }) => checks)}::int[],
      ${sums.map(({ checksFailed }) => checksFailed)}::int[],
      ${sums.map(({ checksWithoutAnswer }) => checksWithoutAnswer)}::int[],
      ${sums.map(({ samplesSent }) => samplesSent)}::int[],
      ${sums.map(({ samplesAnswered }) => samplesAnswered)}::int[],
      ${sums.map(({ score }) => score)}::float8[],
      ${sums.map(({ scoreMin }) => scoreMin)}::float8[]
    )
    on conflict (server_id, slot_ts) do update set
      checks = slot.checks + excluded.checks,
      checks_failed = slot.checks_failed + excluded.checks_failed,
      checks_without_answer = slot.checks_without_answer + excluded.checks_without_answer,
      samples_sent = slot.samples_sent + excluded.samples_sent,
      samples_answered = slot.samples_answered + excluded.samples_answered,
      score = coalesce(excluded.score, slot.score),
      score_min = least(excluded.score_min, slot.score_min)`.execute(transaction);
}

async function writeMonitorSlots(
  transaction: Transaction<Schema>,
  sums: readonly Sums[],
): Promise<void> {
  await sql`
    insert into monitor_slots as slot (monitor_id, slot_ts, checks, checks_failed, checks_without_answer)
    select * from unnest(
      ${sums.map(({ id }) => id)}::bigint[],
      ${sums.map(({ at }) => at)}::timestamptz[],
      ${sums.map(({ checks }) => checks)}::int[],
      ${sums.map(({ checksFailed }) => checksFailed)}::int[],
      ${sums.map(({ checksWithoutAnswer }) => checksWithoutAnswer)}::int[]
    )
    on conflict (monitor_id, slot_ts) do update set
      checks = slot.checks + excluded.checks,
      checks_failed = slot.checks_failed + excluded.checks_failed,
      checks_without_answer = slot.checks_without_answer + excluded.checks_without_answer`.execute(
    transaction,
  );
}
