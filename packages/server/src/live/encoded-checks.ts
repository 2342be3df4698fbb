// Checks as they go over the wire, encoded once for all streams that bring them: two hundred readers of five thousand
// checks a second would be a million encodings.

import { toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { adminV1 } from "@truechimer/api";
import { type LiveRow, watchedCheck } from "./live-rows.ts";

export interface EncodedChecks {
  /**
   * Gives a binary answer its checks. They stand where the decoder finds `checks`: to whoever reads the bytes there is no
   * difference, and only the encoder takes them for a field that it does not know.
   */
  put(answer: adminV1.WatchResultsResponse, rows: readonly LiveRow[]): void;
}

const { number: CHECKS } = adminV1.WatchResultsResponseSchema.field.checks;
const TAG = new BinaryWriter().tag(CHECKS, WireType.LengthDelimited).finish();

/** Rows, and arrays of them, are encoded when the first stream asks for them, and forgotten with them. */
export function createEncodedChecks(): EncodedChecks {
  const encoded = new WeakMap<LiveRow, Uint8Array>();
  const encodedTogether = new WeakMap<readonly LiveRow[], Uint8Array>();
  const fieldOf = (row: LiveRow): Uint8Array => {
    const known = encoded.get(row);
    if (known !== undefined) return known;
    const bytes = toBinary(adminV1.WatchedCheckSchema, watchedCheck(row));
    const field = new BinaryWriter().tag(CHECKS, WireType.LengthDelimited).bytes(bytes).finish();
    encoded.set(row, field);
    return field;
  };
  const fieldsOf = (rows: readonly LiveRow[]): Uint8Array => {
    const known = encodedTogether.get(rows);
    if (known !== undefined) return known;
    const bytes = Buffer.concat(rows.map(fieldOf));
    encodedTogether.set(rows, bytes);
    return bytes;
  };
  return {
    put: (answer, rows) => {
      if (rows.length === 0) return;
      // The encoder writes the first tag itself.
      const data = fieldsOf(rows).subarray(TAG.length);
      answer.$unknown = [{ no: CHECKS, wireType: WireType.LengthDelimited, data }];
    },
  };
}
