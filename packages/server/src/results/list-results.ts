// ListResults: the checks of a range of time that pass a filter, page by page along time and id. What the memory holds is
// answered from it, what is older from the database; a range that reaches over the border is answered from both.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { type Timestamptz, timestamptzFromNs } from "@truechimer/database";
import { optionalTimestamp, timestampFrom } from "../admin-api/admin-message.ts";
import { checkMessage } from "../admin-api/check-messages.ts";
import type { ActingContext } from "../people/caller.ts";
import { askedServers } from "./asked-servers.ts";
import { rememberedResults } from "./remembered-results.ts";
import type { FoundRows, ListedRow, ResultPart } from "./result-part.ts";
import {
  pageTokenOf,
  type ResultPlace,
  type ResultsQuestion,
  readQuestion,
} from "./results-question.ts";
import { storedResults } from "./stored-results.ts";

const NS_PER_US = 1_000n;

export async function listResults(
  context: ActingContext,
  request: adminV1.ListResultsRequest,
): Promise<adminV1.ListResultsResponse> {
  const question = readQuestion(context, request);
  const { rows, place, asked } = await pageOfResults(context, question);
  return create(adminV1.ListResultsResponseSchema, {
    checks: rows.map((row) => ({ check: checkMessage(row), serverName: row.server_name })),
    nextPageToken: place === undefined ? "" : pageTokenOf(question, place),
    reached: timestampFrom(
      place?.ts ?? (question.order === "newest" ? question.from : question.to),
    ),
    fromMemory: asked.memory,
    fromDatabase: asked.database,
    ...optionalTimestamp("memoryHorizon", memoryHorizon(context)),
    horizon: timestampFrom(question.horizon),
  });
}

export interface ResultPage extends FoundRows {
  readonly asked: { readonly memory: boolean; readonly database: boolean };
}

/** The next rows beyond the question's place. */
export async function pageOfResults(
  context: ActingContext,
  question: ResultsQuestion,
): Promise<ResultPage> {
  const servers = await askedServers(context.database.kysely, question);
  const rows: ListedRow[] = [];
  const asked = { memory: false, database: false };
  let place: ResultPlace | undefined = question.place;
  let isEnough = false;
  while (place !== undefined && !isEnough) {
    const rowsMax = question.pageSize - rows.length;
    const whole = { question, servers, from: question.from, to: question.to, place, rowsMax };
    const { part, next, isInMemory } = nextPart(context, whole);
    const found: FoundRows | undefined = isInMemory
      ? await rememberedResults(context.database.kysely, part, currentStore(context))
      : await storedResults(context.database.kysely, part);
    const known = found ?? (await storedResults(context.database.kysely, part));
    asked[found !== undefined && isInMemory ? "memory" : "database"] = true;
    rows.push(...known.rows);
    // A part that did not end has taken what one call may take.
    isEnough = known.place !== undefined || rows.length >= question.pageSize;
    place = known.place ?? next;
  }
  return { rows, place, asked };
}

interface NextPart {
  readonly part: ResultPart;
  readonly isInMemory: boolean;
  /** Where to go on when the part is over. Absent: it is the last one. */
  readonly next: ResultPlace | undefined;
}

/** From the place on, as far as one of both has it all. */
function nextPart(context: ActingContext, whole: ResultPart): NextPart {
  const { question, from, to, place } = whole;
  const horizon = question.writtenBy === "monitor" ? memoryHorizon(context) : null;
  if (horizon === null || horizon >= to) return { part: whole, isInMemory: false, next: undefined };
  if (horizon <= from) return { part: whole, isInMemory: true, next: undefined };
  const border: ResultPlace = { ts: horizon, id: 0n };
  if (question.order === "newest") {
    return place.ts >= horizon && isAfter(place, border)
      ? { part: { ...whole, from: horizon }, isInMemory: true, next: border }
      : { part: { ...whole, to: horizon }, isInMemory: false, next: undefined };
  }
  return place.ts < horizon
    ? { part: { ...whole, to: horizon }, isInMemory: false, next: border }
    : { part: { ...whole, from: horizon }, isInMemory: true, next: undefined };
}

function isAfter(a: ResultPlace, b: ResultPlace): boolean {
  return a.ts > b.ts || (a.ts === b.ts && a.id > b.id);
}

/** Null: nothing is in memory. */
function memoryHorizon({ history }: ActingContext): Timestamptz | null {
  const us = history?.store.horizonUs ?? Number.POSITIVE_INFINITY;
  if (us === Number.POSITIVE_INFINITY) return null;
  return timestamptzFromNs(BigInt(Math.max(0, Math.ceil(us))) * NS_PER_US);
}

function currentStore({ history }: ActingContext): Parameters<typeof rememberedResults>[2] {
  return async () => history?.current();
}
