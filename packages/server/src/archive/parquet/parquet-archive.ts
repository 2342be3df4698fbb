// An archive of Parquet files, a folder for each day, in a directory or a bucket. New rows come as parts, and parts are merged
// into larger ones; what the names of the files say is all that there is to know of a day.

import { AppError, type Clock, type Random } from "@truechimer/base";
import { parquetFile, ROW_GROUP_ROWS } from "../../parquet/parquet-file.ts";
import type { Archive, ArchiveBatch, ArchiveWrite } from "../archive.ts";
import {
  columnsOf,
  isClosed,
  MERGE_LIMITS,
  type MergeLimits,
  mergedGroups,
  partsToMerge,
} from "./merge-parts.ts";
import type { ObjectStore } from "./object-store.ts";
import { openPart } from "./open-part.ts";
import { createParquetReader } from "./parquet-reader.ts";
import {
  compareRows,
  eventRow,
  resultRow,
  TABLE_COLUMNS,
  tracerouteRow,
  type ValueRow,
} from "./parquet-rows.ts";
import {
  type ArchiveTable,
  dayPrefix,
  type Part,
  type PartNumbers,
  parsePart,
  partName,
  partsInForce,
} from "./part-name.ts";

export interface ParquetLimits {
  readonly batch: ArchiveBatch;
  readonly merge: MergeLimits;
  /** From one look at what is to be merged to the next. */
  readonly tidyMs: number;
  /** Merging ends after so long, and goes on at the next run. */
  readonly tidyRunMs: number;
}

export const PARQUET_LIMITS: ParquetLimits = {
  /** A file every five minutes at least, and few small ones. */
  batch: { results: 10_000, seconds: 300 },
  merge: MERGE_LIMITS,
  tidyMs: 60_000,
  tidyRunMs: 60_000,
};

const MARK = "archive.json";
const MARK_BYTES_MAX = 4_096;
const MARK_ID_BYTES = 16;
const WORD_BYTES = 4;
const NS_PER_MS = 1_000_000n;
const TABLES = ["results", "traceroutes", "events"] as const;

export interface ParquetArchiveParts {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits?: ParquetLimits;
}

export function createParquetArchive(parts: ParquetArchiveParts): Archive {
  const { store, limits = PARQUET_LIMITS } = parts;
  const tidying = createTidying({ ...parts, limits });
  const write = async (
    table: ArchiveTable,
    rows: readonly { readonly day: string; readonly values: ValueRow }[],
    options: ArchiveWrite,
  ): Promise<void> => {
    const days = Map.groupBy(rows, ({ day }) => day);
    const named = new Map<string, readonly ValueRow[]>();
    for (const [day, ofDay] of days) {
      const number = (await greatestNumber(store, table, day)) + 1;
      const name = newName(parts.random, { table, day, first: number, last: number });
      named.set(name, ofDay.map(({ values }) => values).toSorted(compareRows));
    }
    await options.announce([...named.keys()]);
    for (const [name, values] of named) {
      await store.write(
        name,
        parquetFile(fileOptions(table), inGroups(table, values)),
        options.signal,
      );
    }
    for (const day of days.keys()) tidying.touch(table, day);
  };
  return {
    ...createParquetReader(store, parts.clock),
    kind: "parquet",
    target: store.target,
    batch: limits.batch,
    prepare: (signal) => store.prepare(signal),
    identify: (known, signal) => identify(parts, known, signal),
    writeResults: (results, options) =>
      write(
        "results",
        results.map((result) => ({ day: dayOf(result.row), values: resultRow(result) })),
        options,
      ),
    writeTraceroutes: (paths, options) =>
      write(
        "traceroutes",
        paths.map((path) => ({ day: dayOf(path), values: tracerouteRow(path) })),
        options,
      ),
    writeEvents: (events, options) =>
      write(
        "events",
        events.map((event) => ({ day: dayOf({ ts: event.at }), values: eventRow(event) })),
        options,
      ),
    discard: (files) => store.remove(files),
    tidy: (signal) => tidying.run(signal),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

function dayOf({ ts }: { readonly ts: string }): string {
  return ts.slice(0, 10);
}

function newName(random: Random, numbers: PartNumbers): string {
  return partName(numbers, Buffer.from(random.bytes(WORD_BYTES)).toString("hex"));
}

async function partsOf(
  store: ObjectStore,
  table: ArchiveTable,
  day: string,
): Promise<readonly Part[]> {
  return (await store.list(dayPrefix(table, day))).flatMap((each) => parsePart(each) ?? []);
}

async function greatestNumber(
  store: ObjectStore,
  table: ArchiveTable,
  day: string,
): Promise<number> {
  return (await partsOf(store, table, day)).reduce((most, { last }) => Math.max(most, last), 0);
}

function fileOptions(table: ArchiveTable): Parameters<typeof parquetFile>[0] {
  return { columns: TABLE_COLUMNS[table], notes: { "truechimer.archive": table } };
}

async function* inGroups(
  table: ArchiveTable,
  rows: readonly ValueRow[],
): AsyncGenerator<ReturnType<typeof columnsOf>, void> {
  for (let begin = 0; begin < rows.length; begin += ROW_GROUP_ROWS)
    yield columnsOf(rows.slice(begin, begin + ROW_GROUP_ROWS), TABLE_COLUMNS[table].length);
}

async function identify(
  { store, random }: ParquetArchiveParts,
  known: string,
  signal: AbortSignal,
): Promise<string> {
  const bytes = await store.read(MARK, { start: 0, end: MARK_BYTES_MAX });
  const found = bytes === undefined ? undefined : markOf(new TextDecoder().decode(bytes));
  if (found !== undefined && (known === "" || found === known)) return found;
  if (known !== "") {
    throw new AppError(
      "archive_refused",
      `${store.target} is not the store that results were sent to, whose ${MARK} says ${known}: mount it, or give the new one another name, and it is sent everything`,
    );
  }
  const id = Buffer.from(random.bytes(MARK_ID_BYTES)).toString("hex");
  const text = `${JSON.stringify({ format: "truechimer archive", version: 1, id })}\n`;
  await store.write(MARK, [Buffer.from(text)], signal);
  return id;
}

function markOf(text: string): string | undefined {
  try {
    const { id } = JSON.parse(text) as { readonly id?: unknown };
    return typeof id === "string" && id !== "" ? id : undefined;
  } catch {
    return undefined;
  }
}

interface Tidying {
  /** Something was written there. */
  touch(table: ArchiveTable, day: string): void;
  run(signal: AbortSignal): Promise<void>;
}

/** Which days are to be looked at is not kept anywhere: a process begins with all, and then has those that change. */
function createTidying(parts: ParquetArchiveParts & { readonly limits: ParquetLimits }): Tidying {
  const { store, clock, limits } = parts;
  const days: Record<ArchiveTable, Set<string>> = {
    results: new Set(),
    traceroutes: new Set(),
    events: new Set(),
  };
  let isKnown = false;
  let lookedAtNs: bigint | undefined;
  const findDays = async (): Promise<void> => {
    for (const table of TABLES) {
      const all = (await store.list(`${table}/`)).flatMap((each) => parsePart(each) ?? []);
      for (const [day, ofDay] of Map.groupBy(all, (part) => part.day)) {
        if (ofDay.length > 1) days[table].add(day);
      }
    }
    isKnown = true;
  };
  return {
    touch: (table, day) => void days[table].add(day),
    run: async (signal) => {
      const nowNs = clock.monotonicNs();
      if (lookedAtNs !== undefined && nowNs - lookedAtNs < BigInt(limits.tidyMs) * NS_PER_MS)
        return;
      lookedAtNs = nowNs;
      const isOver = (): boolean =>
        signal.aborted || clock.monotonicNs() - nowNs > BigInt(limits.tidyRunMs) * NS_PER_MS;
      if (!isKnown) await findDays();
      for (const table of TABLES) {
        for (const day of [...days[table]].toSorted()) {
          if (isOver()) return;
          if (await tidyDay(parts, { table, day, signal, isOver })) days[table].delete(day);
        }
      }
    },
  };
}

interface DayToTidy {
  readonly table: ArchiveTable;
  readonly day: string;
  readonly signal: AbortSignal;
  readonly isOver: () => boolean;
}

/** True: it need not be looked at again before something is written there. */
async function tidyDay(
  { store, clock, random, limits }: ParquetArchiveParts & { readonly limits: ParquetLimits },
  { table, day, signal, isOver }: DayToTidy,
): Promise<boolean> {
  for (;;) {
    const { parts, replaced } = partsInForce(await partsOf(store, table, day));
    if (replaced.length > 0) await store.remove(replaced.map(({ name }) => name));
    const nowMs = Number(clock.nowNs() / NS_PER_MS);
    const run = partsToMerge(parts, { nowMs, limits: limits.merge });
    if (run === undefined) return parts.length < 2 || isClosed(parts, nowMs, limits.merge);
    if (isOver()) return false;
    const [first] = run;
    const numbers = {
      table,
      day,
      first: first?.first ?? 0,
      last: run.reduce((most, { last }) => Math.max(most, last), 0),
    };
    const opened = await Promise.all(run.map((part) => openPart(store, part)));
    const groups = mergedGroups(opened, TABLE_COLUMNS[table]);
    await store.write(newName(random, numbers), parquetFile(fileOptions(table), groups), signal);
    await store.remove(run.map(({ name }) => name));
  }
}
