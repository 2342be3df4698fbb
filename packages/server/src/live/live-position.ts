// Where a live stream is, as a text that any replica can go on from. Opaque to callers.

import { AppError } from "@truechimer/base";
import type { PgSnapshotText, ResultsPosition } from "@truechimer/database";

const SNAPSHOT = /^\d{1,20}:\d{1,20}:(?:\d{1,20}(?:,\d{1,20})*)?$/;
/** A snapshot lists the transactions in progress: thousands would be a database in trouble. */
const TOKEN_LENGTH_MAX = 100_000;

export function encodePosition({ cluster, snapshot, timeline = "" }: ResultsPosition): string {
  return Buffer.from(`${cluster}|${timeline}|${snapshot}`, "utf8").toString("base64url");
}

/** Anything that is none of ours is refused. */
export function decodePosition(token: string): ResultsPosition {
  const text = Buffer.from(token.slice(0, TOKEN_LENGTH_MAX), "base64url").toString("utf8");
  const [cluster = "", timeline = "", snapshot = ""] = text.split("|");
  if (!/^\d{1,20}$/.test(cluster) || !/^[0-9A-F]{8}$/.test(timeline) || !isSnapshot(snapshot)) {
    throw new AppError("bad_request", "resume is not one of ours: pass position on unchanged");
  }
  return { cluster: BigInt(cluster), timeline, snapshot: snapshot as PgSnapshotText };
}

/** As PostgreSQL writes it: ids grow, and those in progress lie between the two bounds. */
function isSnapshot(text: string): boolean {
  if (!SNAPSHOT.test(text)) return false;
  const [least = "", end = "", list = ""] = text.split(":");
  const ids = list === "" ? [] : list.split(",").map(BigInt);
  const [min, max] = [BigInt(least), BigInt(end)];
  if (min <= 0n || min > max || max >= 2n ** 63n) return false;
  return ids.every((id, index) => id >= min && id < max && id > (ids[index - 1] ?? -1n));
}
