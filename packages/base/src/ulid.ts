// Identifiers that sort by time: 26 Crockford characters, 48 bits of milliseconds, then 80 random bits.

import { decodeTime, encodeTime } from "ulid";
import type { Clock } from "./clock.ts";
import { unixMsFromNs } from "./clock.ts";
import type { Random } from "./random.ts";

export type Ulid = string;

export function createUlid(clock: Clock, random: Random): Ulid {
  return encodeTime(unixMsFromNs(clock.nowNs())) + randomPart(random);
}

/** Within 48 bits of time the first character is at most a 7. */
const FORM = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** Whether `text` is a ULID in its one canonical form: 26 capital characters of the alphabet, time within 48 bits. */
export function isUlid(text: string): text is Ulid {
  return FORM.test(text);
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

/** The ten characters that every ULID of this instant begins with, and that sort before all of them. */
export function ulidTimeText(unixMs: number): string {
  return encodeTime(unixMs);
}
