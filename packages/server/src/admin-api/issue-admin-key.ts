// An API key for a program: told once, kept as a hash.

import type { ServerContext } from "../context.ts";
import { createToken, tokenHash } from "../http/token.ts";

/** Begins with `tca_`. Holds until it is revoked. */
export async function issueAdminKey(
  { database, random }: Pick<ServerContext, "database" | "random">,
  name: string,
): Promise<string> {
  const key = createToken("tca_", random);
  await database.kysely
    .insertInto("api_keys")
    .values({ name, token_hash: tokenHash(key) })
    .execute();
  return key;
}
