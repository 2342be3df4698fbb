// A network in a person's words.

import type { adminV1 } from "@truechimer/api";

/** "AS64500 Example Networks". */
export function networkText({ number, name }: adminV1.Network): string {
  return name === "" ? `AS${number}` : `AS${number} ${name}`;
}
