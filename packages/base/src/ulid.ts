// Identifiers that sort by time: 26 Crockford characters, 48 bits of milliseconds, then 80 random bits.

import { decodeTime, isValid, ulid } from "ulid";
import type { Clock } from "./clock.ts";
import { unixMsFromNs } from "./clock.ts";
import type { Random } from "./random.ts";

export type Ulid = string;

export function createUlid(clock: Clock, random: Random): Ulid {
  return ulid(unixMsFromNs(clock.nowNs()), () => random.fraction());
}

/** Whether `text` is a ULID: 26 characters of the alphabet, time within its 48 bits. */
export function isUlid(text: string): text is Ulid {
  return text.length === 26 && isValid(text) && (text[0] ?? "8") <= "7";
}

/** The instant within a ULID, milliseconds since 1970. */
export function ulidTimeMs(id: Ulid): number {
  return decodeTime(id);
}
