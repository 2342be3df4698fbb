// Names of keys and accounts. They are shown to others, in tables and in the audit trail: letters of every script,
// and nothing that is not seen or turns the text around it.

import { AppError } from "@truechimer/base";

const NAME_CHARACTERS_MAX = 100;

/** Controls, formats (zero width, turns of direction), line ends, private use, halves of a character. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\p{Cn}]/u;

/** Fails with bad_request. `field` is what it is called in the message. */
export function shownName(field: string, text: string): string {
  const name = text.normalize("NFC").trim();
  const length = Array.from(name).length;
  if (length === 0 || length > NAME_CHARACTERS_MAX) {
    throw new AppError(
      "bad_request",
      `${field} has ${length} characters: expected 1 to ${NAME_CHARACTERS_MAX}`,
    );
  }
  const unseen = UNSEEN.exec(name)?.[0];
  if (unseen !== undefined) {
    const point = (unseen.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    throw new AppError(
      "bad_request",
      `${field} holds the character U+${point}, which is not seen or turns the text around it: leave it out`,
    );
  }
  return name;
}

/** Somebody else's text, such as a server's name, for a place where what is not seen could do harm: shown as U+202E. */
export function seenText(text: string): string {
  return text.replaceAll(new RegExp(UNSEEN, "gu"), (character) => {
    const point = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    return `U+${point}`;
  });
}
