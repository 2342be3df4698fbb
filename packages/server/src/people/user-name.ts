// What a person signs in with: a name or an e-mail address, the same however it is written.

import { shownName } from "./shown-name.ts";

export interface UserName {
  /** As it was written. */
  readonly name: string;
  /** The form that is compared. */
  readonly key: string;
}

/** Fails with bad_request. */
export function userName(text: string): UserName {
  const name = shownName("name", text);
  return { name, key: nameKey(name) };
}

/** What somebody typed may be no name at all; then there is nobody of this key. */
export function nameKey(text: string): string {
  return text.normalize("NFKC").trim().toLowerCase();
}
