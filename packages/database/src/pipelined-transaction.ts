// PostgreSQL's protocol takes statements before those ahead of them are answered. A transaction that sends so waits for
// the database where it needs an answer, and not once a statement; its `begin` goes with the first of them. Kysely's own
// transactions hold a statement back until the one before it is answered.

import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from "kysely";
import { untilDone } from "./in-transaction.ts";
import type { Schema } from "./schema.ts";

/** Connections on which statements may be sent ahead. Disposing waits for what is under way. */
export interface Pipeline extends AsyncDisposable {
  connect(): Promise<PipelinedConnection>;
}

/** One transaction at a time. */
interface PipelinedConnection {
  /** Statements are carried out in the order in which they are started. */
  readonly kysely: Kysely<Schema>;
  /** Sends a command; gives the command that was carried out. */
  command(text: "begin" | "commit" | "rollback"): Promise<string>;
  /** With true: its state is not known, so it is closed. */
  release(discard: boolean): void;
}

/** `pool`: of clients with `pipeline: true`, which end with it. */
export function createPipeline(pool: PostgresPool): Pipeline {
  const known = new WeakMap<PostgresPoolClient, Kysely<Schema>>();
  const kyselyOn = (client: PostgresPoolClient): Kysely<Schema> => {
    const found = known.get(client);
    if (found !== undefined) return found;
    const made = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: poolOfOne(client) }) });
    known.set(client, made);
    return made;
  };
  return {
    connect: async () => {
      const client = await pool.connect();
      return {
        kysely: kyselyOn(client),
        command: async (text) => (await client.query<unknown>(text, [])).command,
        release: (discard) => client.release(discard),
      };
    },
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

/** Everybody gets the same connection, also while somebody waits for an answer on it. */
function poolOfOne(client: PostgresPoolClient): PostgresPool {
  const shared = Object.assign(Object.create(client) as PostgresPoolClient, {
    query: client.query.bind(client),
    release: () => undefined,
  });
  return {
    options: {},
    connect: () => Promise.resolve(shared),
    end: () => Promise.resolve(),
  };
}

/** Statements each by itself, on a connection of the pipeline. */
export async function onPipeline<T>(
  pipeline: Pipeline,
  work: (kysely: Kysely<Schema>) => Promise<T>,
): Promise<T> {
  const connection = await pipeline.connect();
  try {
    return await work(connection.kysely);
  } finally {
    connection.release(false);
  }
}

/**
 * Like `inTransaction`. When `work` starts statements without waiting, it must wait for all of them before it ends, also
 * where one fails: `allOf` does.
 */
export async function inPipelinedTransaction<T>(
  { pipeline }: { readonly pipeline: Pipeline },
  work: (transaction: Kysely<Schema>) => Promise<T>,
): Promise<T> {
  return await untilDone(async () => {
    const connection = await pipeline.connect();
    let isUsable = false;
    try {
      const begun = connection.command("begin");
      begun.catch(() => undefined);
      const result = await work(connection.kysely).catch(async (error: unknown) => {
        // Where that fails, too, the connection is closed, and what failed first is told.
        isUsable = await connection.command("rollback").then(
          () => true,
          () => false,
        );
        throw error;
      });
      await begun;
      const command = await connection.command("commit");
      isUsable = true;
      // PostgreSQL says so where a statement failed and nobody was told.
      if (command !== "COMMIT") throw new Error(`a transaction ended with ${command}`);
      return result;
    } finally {
      connection.release(!isUsable);
    }
  });
}

/** Waits for all, also where one fails, and fails as the first that did: what fails behind it fails because of it. */
export async function allOf<const Started extends readonly unknown[]>(
  started: Started,
): Promise<{ -readonly [Place in keyof Started]: Awaited<Started[Place]> }> {
  try {
    return await Promise.all(started);
  } finally {
    await Promise.allSettled(started);
  }
}
