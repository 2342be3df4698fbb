// What a new password must be. No rules on letters and digits: length is what counts. NIST SP 800-63B-4, section 3.1.1.2.

import { AppError } from "@truechimer/base";

/** NIST SP 800-63B-4, section 3.1.1.2: of a password that alone lets somebody in. */
const CHARACTERS_MIN = 15;
/** A sentence fits; a megabyte to hash does not. */
export const PASSWORD_CHARACTERS_MAX = 200;
/** What the name and our own name do not give away must still be this long. */
const OWN_CHARACTERS_MIN = 8;
/** "aaaaaaaaaaaaaaa" is tried first. */
const DIFFERENT_CHARACTERS_MIN = 5;

/** Fails with bad_request. `name`: what the person signs in with. The message never holds the password. */
export function requireGoodPassword(password: string, name: string): void {
  const characters = Array.from(password.normalize("NFKC"));
  if (characters.length < CHARACTERS_MIN || characters.length > PASSWORD_CHARACTERS_MAX) {
    throw new AppError(
      "bad_request",
      `the password has ${characters.length} characters: expected ${CHARACTERS_MIN} to ${PASSWORD_CHARACTERS_MAX}; some words in a row are good`,
    );
  }
  if (new Set(characters).size < DIFFERENT_CHARACTERS_MIN) {
    throw new AppError(
      "bad_request",
      `the password has fewer than ${DIFFERENT_CHARACTERS_MIN} different characters: such ones are tried first`,
    );
  }
  const own = [name, name.split("@")[0] ?? "", "truechimer"].reduce(
    (rest, known) => (known === "" ? rest : rest.replaceAll(known.toLowerCase(), "")),
    characters.join("").toLowerCase(),
  );
  if (Array.from(own).length >= OWN_CHARACTERS_MIN) return;
  throw new AppError(
    "bad_request",
    "the password is little more than the name of the user or of the program: such ones are tried first",
  );
}
