// One accepted status and its assignment become one row of results: the step, and the score after it.

import type { monitorV2 } from "@truechimer/api";
import {
  legacyBoundNs,
  nextScore,
  type RuleSet,
  ruleSetText,
  scoreStep,
} from "@truechimer/scoring";
import { evidenceOf } from "./check-evidence.ts";
import { withBatch } from "./counted-batches.ts";
import type { ParsedStatus } from "./parse-status.ts";

/** An assignment as its row says while its monitor is locked. */
export interface HeldAssignment {
  /** Drawn for the result, as its `log_scores.id`. */
  readonly resultId: bigint;
  readonly id: bigint;
  /** Where its row lies, as long as nobody else writes it. */
  readonly tid: number;
  readonly serverId: bigint;
  readonly score: number;
  /** Of its last result, in Unix microseconds. Null: it has none. */
  readonly scoreAtUs: number | null;
  readonly countedBatches: string;
  /** Of the server, in Unix microseconds. Null: it is not removed. */
  readonly removedAtUs: number | null;
  /** What the fleet holds of the server's clock. */
  readonly serverOffsetNs: bigint | null;
}

/** A row of `log_scores`, with what goes to the assignment and the evidence beside it. */
export interface ResultRow {
  readonly id: bigint;
  readonly assignmentId: bigint;
  readonly assignmentTid: number;
  readonly serverId: bigint;
  readonly atUs: number;
  readonly atNs: bigint;
  readonly scoreBefore: number;
  readonly step: number;
  readonly score: number;
  readonly rule: string;
  readonly offsetNs: bigint | null;
  readonly boundNs: bigint | null;
  readonly rttNs: bigint | null;
  readonly stratum: number | null;
  readonly leap: number | null;
  readonly reason: string | null;
  readonly noResponse: boolean;
  readonly samplesSent: number;
  readonly samplesAnswered: number;
  readonly evidence: Uint8Array | null;
  readonly attributes: string | null;
  /** Of the assignment, with this one. */
  readonly countedBatches: string;
  /** No newer result is known of the assignment. */
  readonly newest: boolean;
  /** A further result under one ticket: the agent went on by itself, so the server is due an interval after this one. */
  readonly leased: boolean;
  /** Of a good answer: what the verdict goes by. */
  readonly answerOffsetNs: bigint | null;
  readonly answerBoundNs: bigint | null;
  /** What the assignment's averages still weigh of what they weighed at its last result, 0 to 1. */
  readonly weightKept: number;
  /** For the averages. Null: there was no answer. */
  readonly delayMs: number | null;
  /** Distance of the offset from the fleet's. Null: one of the two is not known. */
  readonly residualMs: number | null;
}

export interface ApplyStepInput {
  readonly rules: RuleSet;
  readonly status: ParsedStatus;
  readonly atUs: number;
  readonly wire: monitorV2.ServerStatus | undefined;
  readonly exchangesCameAs: readonly Uint8Array[] | undefined;
  readonly assignment: HeldAssignment;
  /** To be remembered as counted. Absent: results are told apart by their time. */
  readonly countedBatch: string | undefined;
  readonly batchAtUs: number;
  /** Of the request that brought the status. */
  readonly traceId: string | undefined;
}

export function applyStep({
  rules,
  status,
  atUs,
  wire,
  exchangesCameAs,
  assignment,
  countedBatch,
  batchAtUs,
  traceId,
}: ApplyStepInput): ResultRow {
  const { scoreAtUs, countedBatches } = assignment;
  const { noResponse, reason, offsetNs, boundNs, rttNs, stratum } = status;
  const step = scoreStep({ noResponse, reason, offsetNs, stratum }, rules);
  const evidence = wire && evidenceOf(wire, status.selectedIndex, exchangesCameAs);
  const answered = reason === undefined && offsetNs !== undefined;
  return {
    id: assignment.resultId,
    assignmentId: assignment.id,
    assignmentTid: assignment.tid,
    serverId: assignment.serverId,
    atUs,
    atNs: status.atNs,
    scoreBefore: assignment.score,
    step: step.step,
    score: nextScore(assignment.score, step, rules),
    newest: scoreAtUs === null || atUs >= scoreAtUs,
    rule: `${ruleSetText(rules)}/${step.rule}`,
    offsetNs: offsetNs ?? null,
    boundNs: boundNs ?? null,
    rttNs: noResponse ? null : (rttNs ?? null),
    stratum: noResponse ? null : stratum,
    leap: noResponse ? null : status.leap,
    reason: reason ?? null,
    noResponse,
    samplesSent: evidence?.sent ?? 0,
    samplesAnswered: evidence?.answered ?? 0,
    evidence: evidence?.bytes ?? null,
    attributes: attributesOf(status, traceId),
    countedBatches:
      countedBatch === undefined ? countedBatches : withBatch(countedBatches, countedBatch),
    leased: countedBatch === undefined && scoreAtUs !== null && scoreAtUs >= batchAtUs,
    answerOffsetNs: answered ? offsetNs : null,
    answerBoundNs: answered ? (boundNs ?? legacyBoundNs(rttNs ?? 0n)) : null,
    weightKept: weightKept(scoreAtUs, atUs),
    delayMs: noResponse || rttNs === undefined ? null : Number(rttNs) / NS_PER_MS,
    residualMs: residualMs(offsetNs, assignment.serverOffsetNs),
  };
}

const NS_PER_MS = 1e6;
/** In the averages of an assignment a result weighs half as much after this time. */
const HALF_LIFE_US = 6 * 3_600 * 1_000_000;
/** Nothing; and PostgreSQL would refuse a product that is too small to tell. */
const WEIGHT_MIN = 1e-9;

function weightKept(lastAtUs: number | null, atUs: number): number {
  if (lastAtUs === null) return 0;
  const kept = 2 ** (-Math.max(0, atUs - lastAtUs) / HALF_LIFE_US);
  return kept < WEIGHT_MIN ? 0 : kept;
}

function residualMs(offsetNs: bigint | undefined, fleetOffsetNs: bigint | null): number | null {
  if (offsetNs === undefined || fleetOffsetNs === null) return null;
  return Math.abs(Number(offsetNs - fleetOffsetNs)) / NS_PER_MS;
}

/** As the NTP Pool keeps them: only what is not zero. And the trace, so that one leads from the request to the row. */
function attributesOf({ leap, error }: ParsedStatus, traceId: string | undefined): string | null {
  const attributes = {
    ...(leap === 0 ? {} : { leap }),
    ...(error === "" ? {} : { error }),
    ...(traceId === undefined ? {} : { trace_id: traceId }),
  };
  return Object.keys(attributes).length === 0 ? null : JSON.stringify(attributes);
}
