// Results from memory. What a filter asks of servers and monitors is read from the database once a page; the results
// themselves are not.

import { setImmediate as nextTurn } from "node:timers/promises";
import {
  nsFromTimestamptz,
  type Schema,
  type Timestamptz,
  timestamptzFromNs,
} from "@truechimer/database";
import { columnsOf, compileCondition } from "@truechimer/filter";
import { copyMeasurement, type HistoryStore, type Measurement } from "@truechimer/history";
import type { Kysely } from "kysely";
import { nanosecondsOf, sevenDigits } from "../admin-api/measurement-numbers.ts";
import { REMEMBERED_CHECK } from "../filter/remembered-check.ts";
import { monitorRows, readerOf, serverNames, serverRowsOf } from "./entity-rows.ts";
import type { FoundRows, ListedRow, ResultPart } from "./result-part.ts";
import { RESULTS_LIMITS, type ResultPlace } from "./results-question.ts";

const NS_PER_US = 1_000n;

/** `current` is asked when everything else is known: what it gives is looked through without a pause. */
export async function rememberedResults(
  kysely: Kysely<Schema>,
  part: ResultPart,
  current: () => Promise<HistoryStore | undefined>,
): Promise<FoundRows | undefined> {
  const { question, servers } = part;
  const condition = servers.decideAll ? undefined : question.condition;
  const columns = condition === undefined ? [] : columnsOf(condition);
  const [monitors, serverRows] = await Promise.all([
    monitorRows(kysely, columns),
    serverRowsOf(kysely, columns, servers.ids),
  ]);
  const store = await current();
  if (store === undefined || usOf(part.from) < store.horizonUs) return undefined;
  const asked = servers.ids === undefined ? undefined : new Set([...servers.ids].map(Number));
  const known: Pick<ReadonlySet<number>, "has"> | undefined = serverRows ?? asked;
  const isWanted = (row: Measurement): boolean =>
    monitors.has(row.monitorId) && (known === undefined || known.has(row.serverId));
  const passes =
    condition === undefined
      ? () => true
      : compileCondition<Measurement>(condition, (column) =>
          readerOf(column, REMEMBERED_CHECK, { monitors, servers: serverRows }),
        );
  const kept: Measurement[] = [];
  let { place }: { place: ResultPlace | undefined } = part;
  for (let left: number = RESULTS_LIMITS.memoryRowsMax; left > 0 && place !== undefined; ) {
    const rowsMax = part.rowsMax - kept.length;
    const found = look(store, { ...part, place, rowsMax }, (row) => isWanted(row) && passes(row));
    kept.push(...found.kept);
    ({ place } = found);
    left -= RESULTS_LIMITS.memoryStretchRowsMax;
    if (kept.length >= part.rowsMax || place === undefined) break;
    // Others have their turn. What eviction takes away meanwhile belongs to the database.
    await nextTurn();
    if (usOf(part.from) < store.horizonUs) return undefined;
  }
  const names = await serverNames(
    kysely,
    kept.map(({ serverId }) => serverId),
  );
  return {
    rows: kept.map((row) => ({
      ...checkRow(row),
      monitor_name: monitors.get(row.monitorId)?.name ?? null,
      server_name: names.get(row.serverId) ?? "",
    })),
    place,
  };
}

/** The rows of one stretch that pass, copied, and the last one that was looked at, where there is more. */
function look(
  store: HistoryStore,
  { question, servers, from, to, place, rowsMax }: ResultPart,
  passes: (row: Measurement) => boolean,
): {
  readonly kept: readonly Measurement[];
  readonly place: ResultPlace | undefined;
} {
  const isNewest = question.order === "newest";
  const placeUs = usOf(place.ts);
  const placeId = Number(place.id);
  const [onlyId] = servers.ids?.size === 1 ? servers.ids : [];
  const scan = {
    fromUs: isNewest ? usOf(from) : Math.max(usOf(from), placeUs),
    toUs: isNewest ? Math.min(usOf(to), placeUs + 1) : usOf(to),
    ...(onlyId === undefined ? {} : { serverId: Number(onlyId) }),
  };
  const kept: Measurement[] = [];
  let looked = 0;
  let last: Pick<Measurement, "atUs" | "id"> | undefined;
  let isOver = true;
  const visit = (row: Measurement): boolean => {
    const { atUs } = row;
    if (atUs === placeUs && (isNewest ? row.id >= placeId : row.id <= placeId)) return true;
    if (kept.length >= rowsMax || looked >= RESULTS_LIMITS.memoryStretchRowsMax) {
      isOver = false;
      return false;
    }
    looked += 1;
    if (passes(row)) kept.push(copyMeasurement(row));
    if (kept.length >= rowsMax || looked >= RESULTS_LIMITS.memoryStretchRowsMax)
      last = { atUs, id: row.id };
    return true;
  };
  if (isNewest) store.scanNewest(scan, visit);
  else store.scanOldest(scan, visit);
  const end = isOver ? undefined : last;
  return { kept, place: end && { ts: instantOf(end.atUs), id: BigInt(end.id) } };
}

function checkRow(row: Measurement): Omit<ListedRow, "monitor_name" | "server_name"> {
  return {
    id: BigInt(row.id),
    ts: instantOf(row.atUs),
    server_id: BigInt(row.serverId),
    monitor_id: BigInt(row.monitorId),
    offset_ns: nanosecondsOf(row.offsetNs),
    bound_ns: nanosecondsOf(row.boundNs),
    rtt_ns: nanosecondsOf(row.rttNs),
    stratum: row.stratum < 0 ? null : row.stratum,
    leap: row.leap < 0 ? null : row.leap,
    reason: row.reason === "" ? null : row.reason,
    step: sevenDigits(row.step),
    score: sevenDigits(row.score),
    has_evidence: row.hasEvidence,
  };
}

function instantOf(atUs: number): Timestamptz {
  return timestamptzFromNs(BigInt(atUs) * NS_PER_US);
}

/** Microseconds since 1970. */
function usOf(instant: Timestamptz): number {
  return Number(nsFromTimestamptz(instant) / NS_PER_US);
}
