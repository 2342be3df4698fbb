// Vectors are JSON files below vectors/, one case a file; the file's name is the case's name.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface NamedVector<Case> {
  readonly name: string;
  readonly vector: Case;
}

const VECTORS = join(import.meta.dirname, "../../../vectors");

/** All cases of a folder, by name. */
export function readVectors<Case>(folder: string): readonly NamedVector<Case>[] {
  return readdirSync(join(VECTORS, folder))
    .toSorted()
    .map((file) => ({
      name: file.replace(/\.json$/, ""),
      vector: JSON.parse(readFileSync(join(VECTORS, folder, file), "utf8")) as Case,
    }));
}
