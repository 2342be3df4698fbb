// The keys of tickets, shared by all replicas through the database. Versions only grow; a ticket names the one that made
// it, so an older one stays good for the life of a batch after a newer one was added.

import type { Random } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import type { TicketKey } from "./ticket.ts";

const KEY_BYTES = 32;
/** A version that the database does not know is asked for again no sooner than after this many others. */
const UNKNOWN_VERSIONS_MAX = 1_000;

export interface TicketKeyring {
  /** The newest key; makes the first one when there is none. */
  current(): Promise<TicketKey>;
  /** Absent: there is no such version. */
  byVersion(version: number): Promise<TicketKey | undefined>;
}

export function createTicketKeyring(options: {
  readonly database: Database;
  readonly random: Random;
}): TicketKeyring {
  const { kysely } = options.database;
  const known = new Map<number, TicketKey>();
  const unknown = new Set<number>();
  let newest: Promise<TicketKey> | undefined;

  const remember = (key: TicketKey): TicketKey => {
    known.set(key.version, key);
    unknown.delete(key.version);
    return key;
  };

  const readNewest = (): Promise<TicketKey | undefined> =>
    kysely
      .selectFrom("ticket_keys")
      .select(["version", "key"])
      .orderBy("version", "desc")
      .limit(1)
      .executeTakeFirst();

  const newestOrFirst = async (): Promise<TicketKey> => {
    const present = await readNewest();
    if (present !== undefined) return remember(present);
    await kysely
      .insertInto("ticket_keys")
      .values({ version: 1, key: options.random.bytes(KEY_BYTES) })
      .onConflict((conflict) => conflict.column("version").doNothing())
      .execute();
    return remember(
      await kysely
        .selectFrom("ticket_keys")
        .select(["version", "key"])
        .orderBy("version", "desc")
        .limit(1)
        .executeTakeFirstOrThrow(),
    );
  };

  return {
    current: () => {
      newest ??= newestOrFirst().catch((error: unknown) => {
        newest = undefined;
        throw error;
      });
      return newest;
    },
    byVersion: async (version) => {
      const cached = known.get(version);
      if (cached !== undefined) return cached;
      if (unknown.has(version)) return undefined;
      const row = await kysely
        .selectFrom("ticket_keys")
        .select(["version", "key"])
        .where("version", "=", version)
        .executeTakeFirst();
      if (row !== undefined) return remember(row);
      if (unknown.size >= UNKNOWN_VERSIONS_MAX) unknown.clear();
      unknown.add(version);
      return undefined;
    },
  };
}
