// The keys of tickets, shared by all replicas through the database, sealed there when there is a master key. Versions only
// grow; a ticket names the one that made it, so an older one stays good for the life of a batch after a newer one came.

import { AppError, type Clock, type Random } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import { sql } from "kysely";
import type { Seal } from "../ca/seal.ts";
import type { TicketKey } from "./ticket.ts";

const KEY_BYTES = 32;
/** A version that the database does not know is asked for again no sooner than after this many others. */
const UNKNOWN_VERSIONS_MAX = 1_000;
/** How long the newest key is taken for the newest without a look. Older ones hold all the same. */
const NEWEST_FRESH_NS = 600_000_000_000n;
/** A key makes tickets for so long; who has stolen it can forge work for two days at most. */
const KEY_LIFE_HOURS = 24;
/** How long a superseded key holds: its last ticket lives 24 h, and clocks differ. */
const SUPERSEDED_KEPT_HOURS = 48;

export interface TicketKeyring {
  /** The newest key; makes the first one when there is none. */
  current(): Promise<TicketKey>;
  /** Absent: there is no such version. */
  byVersion(version: number): Promise<TicketKey | undefined>;
}

export interface TicketKeyringOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  /** Absent: there is no master key, and keys lie in the database as they are. */
  readonly seal?: Seal | undefined;
}

interface KeyRow {
  readonly version: number;
  readonly key: Uint8Array;
  readonly sealed: boolean;
}

export function createTicketKeyring(options: TicketKeyringOptions): TicketKeyring {
  const { clock, database } = options;
  const { kysely } = database;
  const known = new Map<number, TicketKey>();
  const unknown = new Set<number>();
  let newest: { readonly key: Promise<TicketKey>; readonly readAtNs: bigint } | undefined;

  const remember = (row: KeyRow): TicketKey => {
    const key = openKey(row, options.seal);
    known.set(key.version, key);
    unknown.delete(key.version);
    return key;
  };

  const newestOrFirst = async (): Promise<TicketKey> => {
    const present = await readNewest(database);
    if (present !== undefined) return remember(present);
    await insertKey(options, { version: 1, createdBy: "first" });
    const made = await readNewest(database);
    if (made === undefined)
      throw new AppError("internal", "a ticket key was made and is not there");
    return remember(made);
  };

  return {
    current: () => {
      const nowNs = clock.monotonicNs();
      if (newest === undefined || nowNs - newest.readAtNs > NEWEST_FRESH_NS) {
        const key = newestOrFirst().catch((error: unknown) => {
          newest = undefined;
          throw error;
        });
        newest = { key, readAtNs: nowNs };
      }
      return newest.key;
    },
    byVersion: async (version) => {
      const cached = known.get(version);
      if (cached !== undefined) return cached;
      if (unknown.has(version)) return undefined;
      const row = await kysely
        .selectFrom("ticket_keys")
        .select(["version", "key", "sealed"])
        .where("version", "=", version)
        .executeTakeFirst();
      if (row !== undefined) return remember(row);
      if (unknown.size >= UNKNOWN_VERSIONS_MAX) unknown.clear();
      unknown.add(version);
      return undefined;
    },
  };
}

/**
 * A new key when the newest is a day old, or lies open although there is a master key; keys that no ticket can name any
 * more go. Two replicas that do so at once make one key.
 */
export async function rotateTicketKeys(
  options: Pick<TicketKeyringOptions, "database" | "random" | "seal">,
): Promise<void> {
  const { database, seal } = options;
  const due = await sql<{ readonly version: number }>`
    select version from ticket_keys
    where version = (select max(version) from ticket_keys)
      and (created_at < now() - make_interval(hours => ${KEY_LIFE_HOURS}::int) or (${seal !== undefined} and not sealed))
    `.execute(database.kysely);
  const [newest] = due.rows;
  if (newest !== undefined) {
    await insertKey(options, { version: newest.version + 1, createdBy: "rotation" });
  }
  await sql`
    delete from ticket_keys old using ticket_keys next
    where next.version = old.version + 1
      and next.created_at < now() - make_interval(hours => ${SUPERSEDED_KEPT_HOURS}::int)`.execute(
    database.kysely,
  );
}

function readNewest({ kysely }: Database): Promise<KeyRow | undefined> {
  return kysely
    .selectFrom("ticket_keys")
    .select(["version", "key", "sealed"])
    .orderBy("version", "desc")
    .limit(1)
    .executeTakeFirst();
}

/** Who comes second with a version finds it there. */
async function insertKey(
  { database, random, seal }: Pick<TicketKeyringOptions, "database" | "random" | "seal">,
  { version, createdBy }: { readonly version: number; readonly createdBy: "first" | "rotation" },
): Promise<void> {
  const key = random.bytes(KEY_BYTES);
  await database.kysely
    .insertInto("ticket_keys")
    .values({
      version,
      key: Buffer.from(seal?.seal(purposeOf(version), key) ?? key),
      sealed: seal !== undefined,
      created_by: createdBy,
    })
    .onConflict((conflict) => conflict.column("version").doNothing())
    .execute();
}

function openKey({ version, key, sealed }: KeyRow, seal: Seal | undefined): TicketKey {
  if (!sealed) return { version, key };
  if (seal === undefined) {
    throw new AppError(
      "master_key_wrong",
      `ticket key ${version} is sealed, and this replica has no master key: give it the one of the others (secrets.master_key_file)`,
    );
  }
  return { version, key: seal.unseal(purposeOf(version), key) };
}

function purposeOf(version: number): string {
  return `ticket_key/${version}`;
}
