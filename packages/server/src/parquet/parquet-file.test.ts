import { type AsyncBuffer, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { expect, test } from "vitest";
import { type ParquetColumn, type ParquetValue, parquetFile } from "./parquet-file.ts";

const COLUMNS: readonly ParquetColumn[] = [
  { name: "id", type: "int64", nullable: false, hasBounds: true, isSteady: true },
  { name: "server", type: "text", nullable: true, hasBounds: true, isSteady: false },
  { name: "score", type: "double", nullable: false, hasBounds: false, isSteady: false },
];
const NOTES = { "truechimer.table": "checks" };

function group(first: number, rows: number, text = "ntp"): ParquetValue[][] {
  const numbers = Array.from({ length: rows }, (_, index) => first + index);
  return [
    numbers.map(BigInt),
    numbers.map((number) => (number % 7 === 0 ? null : `${text}${number}`)),
    numbers.map((number) => number / 3),
  ];
}

async function written(groups: readonly ParquetValue[][][]): Promise<Buffer> {
  const given = async function* (): AsyncGenerator<ParquetValue[][], void> {
    yield* groups;
  };
  const pieces: Uint8Array[] = [];
  for await (const piece of parquetFile({ columns: COLUMNS, notes: NOTES }, given()))
    pieces.push(piece);
  return Buffer.concat(pieces);
}

/** As the library writes it, which keeps an object for each column of each row group until the end. */
function byTheLibrary(groups: readonly ParquetValue[][][]): Buffer {
  const writer = new ByteWriter();
  const file = new ParquetWriter({
    writer,
    schema: [
      { name: "truechimer", num_children: 3 },
      { name: "id", type: "INT64", repetition_type: "REQUIRED" },
      {
        name: "server",
        repetition_type: "OPTIONAL",
        type: "BYTE_ARRAY",
        converted_type: "UTF8",
        logical_type: { type: "STRING" },
      },
      { name: "score", type: "DOUBLE", repetition_type: "REQUIRED" },
    ],
    kvMetadata: [{ key: "truechimer.table", value: "checks" }],
    createdBy: "truechimer",
  });
  for (const [id = [], server = [], score = []] of groups) {
    void file.write({
      columnData: [
        { name: "id", data: [...id], statistics: true, encoding: "DELTA_BINARY_PACKED" },
        { name: "server", data: [...server], statistics: true },
        { name: "score", data: [...score], statistics: false },
      ],
      rowGroupSize: 5_000,
    });
  }
  void file.finish();
  return Buffer.from(writer.getBuffer());
}

test.each([
  { name: "no row group", count: 0 },
  { name: "one", count: 1 },
  { name: "as many as a short list holds", count: 14 },
  { name: "one more", count: 15 },
  { name: "so many that their index is packed more than once", count: 700 },
])("a file of $name is what the library makes of it, byte for byte", async ({ count }) => {
  const groups = Array.from({ length: count }, (_, index) => group(index * 3, 3));
  const file = await written(groups);
  expect(file.equals(byTheLibrary(groups))).toBe(true);
});

test("columns of several pages, whose index is behind their row group, are read back", async () => {
  const groups = [group(0, 60, "n".repeat(60_000)), group(60, 60, "n".repeat(60_000))];
  const bytes = await written(groups);
  const file: AsyncBuffer = {
    byteLength: bytes.length,
    slice: (start, end) => Uint8Array.from(bytes.subarray(start, end)).buffer,
  };
  const { row_groups: told } = await parquetMetadataAsync(file);
  const places = told.map(({ columns }) => columns[1]);
  for (const place of places) expect(place?.offset_index_length).toBeGreaterThan(0);
  expect(places[0]?.offset_index_offset).toBeLessThan(told[1]?.columns[0]?.file_offset ?? 0n);
  for (const useOffsetIndex of [false, true]) {
    const rows = await parquetReadObjects({
      file,
      columns: ["id", "server"],
      rowStart: 58,
      rowEnd: 62,
      useOffsetIndex,
    });
    expect(rows.map(({ id }) => id)).toEqual([58n, 59n, 60n, 61n]);
    expect(rows.map(({ server }) => (server as string).slice(-2))).toEqual([
      "58",
      "59",
      "60",
      "61",
    ]);
  }
});
