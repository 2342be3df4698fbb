// Keys of the admin API, for programs.

import type { Random } from "@truechimer/base";

const KEY_BYTES = 32;

/** The prefix keeps it out of logs, which know secrets by their form. */
export function createAdminKey(random: Random): string {
  return `tca_${Buffer.from(random.bytes(KEY_BYTES)).toString("base64url")}`;
}
