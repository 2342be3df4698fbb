// An archive of Parquet files that sends at once and merges at once, so that a test sees both.

import { systemClock, systemRandom } from "@truechimer/base";
import type { Archive } from "../src/archive/archive.ts";
import { createDirectoryStore } from "../src/archive/parquet/directory-store.ts";
import { MERGE_LIMITS } from "../src/archive/parquet/merge-parts.ts";
import type { ObjectStore } from "../src/archive/parquet/object-store.ts";
import {
  createParquetArchive,
  PARQUET_LIMITS,
  type ParquetLimits,
} from "../src/archive/parquet/parquet-archive.ts";

export const EAGER: ParquetLimits = {
  ...PARQUET_LIMITS,
  batch: { results: 1, seconds: 0 },
  merge: {
    ...MERGE_LIMITS,
    closedMs: Number.NEGATIVE_INFINITY,
    quietMs: Number.NEGATIVE_INFINITY,
  },
  tidyMs: 0,
};

/** @param place a directory, or a store. */
export function parquetArchiveIn(
  place: string | ObjectStore,
  limits: ParquetLimits = EAGER,
): Archive {
  const store = typeof place === "string" ? createDirectoryStore(place) : place;
  return createParquetArchive({ store, clock: systemClock, random: systemRandom, limits });
}
