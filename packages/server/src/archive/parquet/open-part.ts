// A file of an archive, read in parts: its index, and of a row group those columns that are wanted, in one piece.

import { AppError } from "@truechimer/base";
import type { AsyncBuffer, ColumnChunk, FileMetaData } from "hyparquet";
import type { ObjectStore } from "./object-store.ts";
import type { Part } from "./part-name.ts";

/** Least and greatest of a row group. Undefined where the file does not tell. */
export interface Bounds {
  readonly least: bigint | undefined;
  readonly greatest: bigint | undefined;
}

export interface RowGroup {
  /** In the file, from 0. */
  readonly index: number;
  readonly rowStart: number;
  readonly rows: number;
  readonly bounds: Readonly<Record<"id" | "at" | "server_id", Bounds>>;
}

export interface OpenPart {
  readonly part: Part;
  readonly groups: readonly RowGroup[];
  /** Rows of a group, with those of the columns that the file has. */
  read(
    group: RowGroup,
    columns: readonly string[],
  ): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

/** A file that has been merged into another since it was listed: who reads lists again. */
export class PartGone extends Error {
  override readonly name = "PartGone";
}

/** Of a small file that is all; the index of a large one has some 300 kB. */
const FOOTER_BYTES = 65_536;
/** Instants stay whole numbers. */
const PARSERS = { timestampFromMicroseconds: (micros: bigint): bigint => micros };
const BOUNDED = ["id", "at", "server_id"] as const;

/** @param kept columns that are ever asked for: of the others nothing is remembered. Absent: all. */
export async function openPart(
  store: Pick<ObjectStore, "read">,
  part: Part,
  kept?: ReadonlySet<string>,
): Promise<OpenPart> {
  const { parquetMetadataAsync, parquetReadObjects } = await import("hyparquet");
  const piece = async (start: number, end: number): Promise<ArrayBuffer> => {
    const bytes = await store.read(part.name, { start, end });
    if (bytes === undefined) throw new PartGone(part.name);
    return bytes;
  };
  const whole: AsyncBuffer = {
    byteLength: part.bytes,
    slice: (start, end = part.bytes) => piece(start < 0 ? part.bytes + start : start, end),
  };
  const full = await readable(part, () =>
    parquetMetadataAsync(whole, {
      parsers: PARSERS,
      initialFetchSize: FOOTER_BYTES,
      geoparquet: false,
    }),
  );
  const names = new Set(full.schema.slice(1).map(({ name }) => name));
  const metadata = kept === undefined ? full : withColumns(full, kept);
  return {
    part,
    groups: rowGroups(metadata),
    read: (group, columns) =>
      readable(part, async () => {
        const wanted = columns.filter((name) => names.has(name));
        const file = await fetched(whole, metadata.row_groups[group.index]?.columns ?? [], wanted);
        return await parquetReadObjects({
          file,
          metadata,
          columns: wanted,
          rowStart: group.rowStart,
          rowEnd: group.rowStart + group.rows,
          utf8: false,
          parsers: PARSERS,
          geoparquet: false,
        });
      }),
  };
}

/** One piece from the first wanted column to the last: between them lies little, and a store is asked once. */
async function fetched(
  whole: AsyncBuffer,
  chunks: readonly ColumnChunk[],
  wanted: readonly string[],
): Promise<AsyncBuffer> {
  const places = chunks.flatMap(({ meta_data: facts }) => {
    if (facts === undefined || !wanted.includes(facts.path_in_schema[0] ?? "")) return [];
    const start = Number(facts.dictionary_page_offset ?? facts.data_page_offset);
    return [{ start, end: start + Number(facts.total_compressed_size) }];
  });
  const start = Math.min(...places.map((place) => place.start));
  const end = Math.max(...places.map((place) => place.end));
  if (places.length === 0) return whole;
  const bytes = await whole.slice(start, end);
  return {
    byteLength: whole.byteLength,
    slice: (from, to = whole.byteLength) =>
      from >= start && to <= end ? bytes.slice(from - start, to - start) : whole.slice(from, to),
  };
}

async function readable<Value>(part: Part, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof AppError || cause instanceof PartGone) throw cause;
    throw new AppError(
      "archive_refused",
      `the file ${part.name} of the archive cannot be read as Parquet: it was changed or damaged; put it back from a copy, or take it away`,
      { cause },
    );
  }
}

function withColumns(metadata: FileMetaData, kept: ReadonlySet<string>): FileMetaData {
  return {
    ...metadata,
    row_groups: metadata.row_groups.map((group) => ({
      ...group,
      columns: group.columns.filter(({ meta_data: facts }) =>
        kept.has(facts?.path_in_schema[0] ?? ""),
      ),
    })),
  };
}

function rowGroups(metadata: FileMetaData): readonly RowGroup[] {
  let rowStart = 0;
  return metadata.row_groups.map((group, index) => {
    const rows = Number(group.num_rows);
    const [id, at, server] = BOUNDED.map((name) => boundsOf(group.columns, name));
    const none: Bounds = { least: undefined, greatest: undefined };
    const found = {
      index,
      rowStart,
      rows,
      bounds: { id: id ?? none, at: at ?? none, server_id: server ?? none },
    };
    rowStart += rows;
    return found;
  });
}

function boundsOf(chunks: readonly ColumnChunk[], name: string): Bounds {
  const facts = chunks.find(({ meta_data: each }) => each?.path_in_schema[0] === name)?.meta_data;
  const { min_value: least, max_value: greatest } = facts?.statistics ?? {};
  return {
    least: typeof least === "bigint" ? least : undefined,
    greatest: typeof greatest === "bigint" ? greatest : undefined,
  };
}

/** Whether a group may have a value from `from` to `to`, both included. */
export function mayHave({ least, greatest }: Bounds, from: bigint, to: bigint): boolean {
  return (least === undefined || least <= to) && (greatest === undefined || greatest >= from);
}
