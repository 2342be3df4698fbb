// ListResults: the checks of a range of time that pass a filter, page by page along time and id. What the memory holds is
// answered from it, what is older from the database, and what is older than the retention from the archive; a range that
// reaches over a border is answered from both sides of it.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { assert } from "@truechimer/base";
import { type Timestamptz, timestamptzFromNs } from "@truechimer/database";
import { optionalTimestamp, timestampFrom } from "../admin-api/admin-message.ts";
import { checkMessage } from "../admin-api/check-messages.ts";
import { archiveBorder, knownFrom } from "../archive/archive-border.ts";
import type { ActingContext } from "../people/caller.ts";
import { archivedResults } from "./archived-results.ts";
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
    horizon: timestampFrom(
      await knownFrom(context, { from: question.from, retention: question.horizon }),
    ),
    fromArchive: asked.archive,
  });
}

export interface ResultPage extends FoundRows {
  readonly asked: Readonly<Record<Source, boolean>>;
}

type Source = "memory" | "database" | "archive";

/** The next rows beyond the question's place. */
export async function pageOfResults(
  context: ActingContext,
  question: ResultsQuestion,
): Promise<ResultPage> {
  const servers = await askedServers(context.database.kysely, question);
  const rows: ListedRow[] = [];
  const asked = { memory: false, database: false, archive: false };
  const border = await archiveBorder(context, question.from);
  let place: ResultPlace | undefined = question.place;
  let isEnough = false;
  while (place !== undefined && !isEnough) {
    const rowsMax = question.pageSize - rows.length;
    const whole = { question, servers, from: question.from, to: question.to, place, rowsMax };
    const { part, next, source } = nextPart(context, border, whole);
    const found = await lookIn(context, source, part);
    const known = found ?? (await storedResults(context.database.kysely, part));
    asked[found === undefined ? "database" : source] = true;
    rows.push(...known.rows);
    // A part that did not end has taken what one call may take.
    isEnough = known.place !== undefined || rows.length >= question.pageSize;
    place = known.place ?? next;
  }
  return { rows, place, asked };
}

/** Undefined: it is not in memory any more. */
async function lookIn(
  context: ActingContext,
  source: Source,
  part: ResultPart,
): Promise<FoundRows | undefined> {
  const { archive, database } = context;
  if (source === "memory")
    return await rememberedResults(database.kysely, part, currentStore(context));
  if (source === "database") return await storedResults(database.kysely, part);
  assert(archive !== undefined, "there is no border without an archive");
  return await archivedResults(database.kysely, part, archive);
}

interface NextPart {
  readonly part: ResultPart;
  readonly source: Source;
  /** Where to go on when the part is over. Absent: it is the last one. */
  readonly next: ResultPlace | undefined;
}

/** From the place on, as far as one of the three has it all. */
function nextPart(
  context: ActingContext,
  archived: Timestamptz | undefined,
  whole: ResultPart,
): NextPart {
  const { question } = whole;
  const horizon = question.writtenBy === "monitor" ? memoryHorizon(context) : null;
  return partAt(archived ?? null, whole, "archive", (later) =>
    partAt(horizon, later, "database", (newest) => ({
      part: newest,
      source: "memory",
      next: undefined,
    })),
  );
}

/**
 * The part on that side of a border on which the place is: `before` has what is older.
 *
 * @param border null: `before` has everything, but for the archive, which then has nothing.
 */
function partAt(
  border: Timestamptz | null,
  whole: ResultPart,
  before: "archive" | "database",
  after: (part: ResultPart) => NextPart,
): NextPart {
  const { question, from, to, place } = whole;
  if (border === null) {
    return before === "archive" ? after(whole) : { part: whole, source: before, next: undefined };
  }
  if (border >= to) return { part: whole, source: before, next: undefined };
  if (border <= from) return after(whole);
  const edge: ResultPlace = { ts: border, id: 0n };
  const [older, newer] = [
    { ...whole, to: border },
    { ...whole, from: border },
  ];
  if (question.order === "newest") {
    if (!isAfter(place, edge)) return { part: older, source: before, next: undefined };
    const part = after(newer);
    return { ...part, next: part.next ?? edge };
  }
  return place.ts < border ? { part: older, source: before, next: edge } : after(newer);
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
