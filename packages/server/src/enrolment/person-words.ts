// What a person or an agent says in words: trimmed, printable, not too long. It is shown to other people.

import { AppError } from "@truechimer/base";
import { ENROLMENT_LIMITS } from "./enrolment-limits.ts";

/** Nobody's name holds one; a terminal would obey it. */
const CONTROL = /\p{Cc}|\p{Zl}|\p{Zp}/u;
const COUNTRY = /^[A-Z]{2}$/;

export function personWords(
  field: string,
  text: string,
  charactersMax: number = ENROLMENT_LIMITS.wordsCharactersMax,
): string {
  const words = text.trim();
  if (words.length > charactersMax) {
    throw new AppError(
      "bad_request",
      `${field} has ${words.length} characters: expected at most ${charactersMax}`,
    );
  }
  if (CONTROL.test(words)) {
    throw new AppError("bad_request", `${field} holds a control character: expected plain text`);
  }
  return words;
}

/** Two letters of ISO 3166, in capitals. Empty: unknown. */
export function countryCode(text: string): string {
  const code = text.trim().toUpperCase();
  if (code === "" || COUNTRY.test(code)) return code;
  throw new AppError(
    "bad_request",
    `country "${text.slice(0, 20)}" is not a country code: expected two letters such as "CH", or none`,
  );
}
