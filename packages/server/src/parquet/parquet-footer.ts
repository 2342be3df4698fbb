// The index at the end of a Parquet file, in constant memory: what is told of each row group is kept as the bytes that the
// library makes of it, packed, and is written piece by piece. The library itself would keep an object for each column of each
// row group, and write them all at once.

import { deflateRawSync, inflateRawSync } from "node:zlib";
import { assert } from "@truechimer/base";
import type { FileMetaData, RowGroup } from "hyparquet";
import type { ByteWriter } from "hyparquet-writer";

/** `hyparquet-writer`'s, which is loaded when a Parquet is asked for. */
export interface FooterLibrary {
  readonly createWriter: () => ByteWriter;
  readonly writeMetadata: (writer: ByteWriter, metadata: FileMetaData) => void;
}

export type FooterFrame = Pick<FileMetaData, "schema" | "key_value_metadata" | "created_by">;

export interface ParquetFooter {
  add(group: RowGroup): void;
  /** From behind the last row group to the end of the file. */
  pieces(): Generator<Uint8Array, void>;
}

/** Names of columns repeat in every row group: so much is packed to a tenth. */
const PACKED_BYTES = 65_536;
/** Behind the metadata: its length, 32 bits. Apache Parquet format, File format. */
const LENGTH_BYTES = 4;
const MAGIC = Buffer.from("PAR1");
const VERSION = 2;
/** Of a list of Thrift's compact protocol: in four bits its length, or that it follows; in the others the type of what is in it. */
const LENGTH_FOLLOWS = 0xf0;
const STRUCT = 0x0c;
const SHORT_LIST_MAX = 14;
const SEVEN_BITS = 0x7f;
const MORE = 0x80;

export function createParquetFooter(library: FooterLibrary, frame: FooterFrame): ParquetFooter {
  const encoded = (rowsTotal: bigint, groups: RowGroup[]): Buffer => {
    const writer = library.createWriter();
    // Its length is no part of what is written.
    const metadata = { ...frame, version: VERSION, num_rows: rowsTotal, row_groups: groups };
    library.writeMetadata(writer, metadata as FileMetaData);
    return Buffer.from(writer.getBuffer()).subarray(0, -LENGTH_BYTES);
  };
  const empty = encoded(0n, []);
  /** Of what comes behind the row groups. The same in every file with this frame. */
  let tailBytes: number | undefined;
  const packed: Buffer[] = [];
  let open: Buffer[] = [];
  let openBytes = 0;
  let groupsTotal = 0;
  let groupsBytes = 0;
  let rowsTotal = 0n;
  return {
    add: (group) => {
      const one = encoded(0n, [group]);
      // The first byte in which they differ tells how many row groups there are.
      const start = one.findIndex((byte, at) => byte !== empty[at]);
      assert(one[start] === (0x10 | STRUCT), "a list of one row group begins otherwise");
      tailBytes ??= empty.length - start - 1;
      const bytes = one.subarray(start + 1, one.length - tailBytes);
      open.push(bytes);
      openBytes += bytes.length;
      groupsBytes += bytes.length;
      groupsTotal += 1;
      rowsTotal += group.num_rows;
      if (openBytes < PACKED_BYTES) return;
      packed.push(deflateRawSync(Buffer.concat(open)));
      open = [];
      openBytes = 0;
    },
    pieces: function* () {
      const whole = encoded(rowsTotal, []);
      const listAt = whole.length - (tailBytes ?? 0) - 1;
      const [head, tail] =
        tailBytes === undefined
          ? [whole, Buffer.alloc(0)]
          : [
              Buffer.concat([whole.subarray(0, listAt), listHeader(groupsTotal)]),
              whole.subarray(listAt + 1),
            ];
      yield head;
      for (const piece of packed) yield inflateRawSync(piece);
      yield* open;
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt32LE(head.length + groupsBytes + tail.length);
      yield Buffer.concat([tail, length, MAGIC]);
    },
  };
}

/** Of so many structs. Thrift compact protocol, List and Set. */
function listHeader(count: number): Buffer {
  if (count <= SHORT_LIST_MAX) return Buffer.of((count << 4) | STRUCT);
  const bytes = [LENGTH_FOLLOWS | STRUCT];
  let left = count;
  for (; left > SEVEN_BITS; left >>>= 7) bytes.push((left & SEVEN_BITS) | MORE);
  return Buffer.from([...bytes, left]);
}
