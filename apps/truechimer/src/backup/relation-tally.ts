// Rows, bytes and SHA-256 of what goes by of one relation. COPY's text format writes a line end within a value as \n, so
// that each byte 0x0A ends a row. PostgreSQL documentation, "COPY", "Text Format".

import { createHash } from "node:crypto";
import type { RelationSum } from "./backup-format.ts";

const LINE_FEED = 0x0a;

export interface RelationTally {
  add(bytes: Uint8Array): void;
  readonly rows: number;
  sum(): RelationSum;
}

export function createRelationTally(name: string): RelationTally {
  const hash = createHash("sha256");
  let rows = 0;
  let bytes = 0;
  return {
    add: (piece) => {
      hash.update(piece);
      bytes += piece.length;
      for (let at = piece.indexOf(LINE_FEED); at !== -1; at = piece.indexOf(LINE_FEED, at + 1)) {
        rows += 1;
      }
    },
    get rows() {
      return rows;
    },
    sum: () => ({ name, rows, bytes, sha256: hash.copy().digest("hex") }),
  };
}
