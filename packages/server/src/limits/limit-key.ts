// What is kept of a key: a hash with a salt of the database's own, so that nobody can tell addresses from the table, nor
// choose a key that shares a count with another.

import { hash } from "node:crypto";
import type { Random } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import type { RateLimit } from "./rate-limits.ts";

const SALT_SETTING = "rate_limit_salt";
const SALT_BYTES = 16;
/** Of the hash: two keys share a count with a chance of one in 2^128. */
const KEY_BYTES = 16;

export type LimitSalt = string;

/** The same for all replicas, and for good. */
export async function limitSalt({
  database,
  random,
}: {
  readonly database: Database;
  readonly random: Random;
}): Promise<LimitSalt> {
  await database.kysely
    .insertInto("system_settings")
    .values({
      key: SALT_SETTING,
      value: JSON.stringify(Buffer.from(random.bytes(SALT_BYTES)).toString("hex")),
    })
    .onConflict((conflict) => conflict.column("key").doNothing())
    .execute();
  const { value } = await database.kysely
    .selectFrom("system_settings")
    .select("value")
    .where("key", "=", SALT_SETTING)
    .executeTakeFirstOrThrow();
  return JSON.stringify(value);
}

/** 16 bytes; where strangers choose the key, as many bits as the limit keeps. */
export function limitKey(salt: LimitSalt, limit: RateLimit, key: string): Buffer {
  const whole = hash("sha256", `${salt}|${limit.name}|${key}`, "buffer");
  if (limit.keyBits === undefined) return whole.subarray(0, KEY_BYTES);
  const kept = Buffer.alloc(4);
  kept.writeUInt32BE(limitPlace(salt, limit, key));
  return kept;
}

/** The kept bits as a number. */
export function limitPlace(salt: LimitSalt, limit: RateLimit, key: string): number {
  const bits = limit.keyBits ?? 0;
  const whole = hash("sha256", `${salt}|${limit.name}|${key}`, "buffer");
  return bits === 0 ? 0 : whole.readUInt32BE(0) >>> (32 - bits);
}
