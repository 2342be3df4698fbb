// Identifiers that sort by time: 26 Crockford characters, 48 bits of milliseconds, then 80 random bits.

import { decodeTime, encodeTime, isValid } from "ulid";
import type { Clock } from "./clock.ts";
import { unixMsFromNs } from "./clock.ts";
import type { Random } from "./random.ts";

export type Ulid = string;

export function createUlid(clock: Clock, random: Random): Ulid {
  return encodeTime(unixMsFromNs(clock.nowNs())) + randomPart(random);
}

/** Whether `text` is a ULID: 26 characters of the alphabet, time within its 48 bits. */
export function isUlid(text: string): text is Ulid {
  return text.length === 26 && isValid(text) && (text[0] ?? "8") <= "7";
}

/** Crockford's base 32: no I, L, O, U. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const RANDOM_CHARACTERS = 16;

/** Five bits a character. */
function randomPart(random: Random): string {
  return Array.from(random.bytes(RANDOM_CHARACTERS), (byte) => ALPHABET.charAt(byte & 31)).join("");
}

/** The instant within a ULID, milliseconds since 1970. */
export function ulidTimeMs(id: Ulid): number {
  return decodeTime(id);
}
