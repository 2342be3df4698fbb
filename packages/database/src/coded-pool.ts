// The pool as Kysely gets it: what it throws is coded (postgres-error.ts).

import type { PostgresPool, PostgresPoolClient } from "kysely";
import type pg from "pg";
import { appErrorFromPostgres } from "./postgres-error.ts";
import { preparedName } from "./prepared.ts";

/** `where` names the database in messages. Ending it ends `pool`. */
export function codedPool(pool: pg.Pool, where: string): PostgresPool {
  // Kysely keeps what it knows of a connection by the identity of this object.
  const wrapped = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  const wrap = (client: pg.PoolClient): PostgresPoolClient => {
    const known = wrapped.get(client);
    if (known !== undefined) return known;
    const made = codedClient(client, where);
    wrapped.set(client, made);
    return made;
  };
  return {
    options: pool.options,
    connect: async () => {
      try {
        return wrap(await pool.connect());
      } catch (error) {
        throw appErrorFromPostgres(error, where);
      }
    },
    end: () => pool.end(),
  };
}

function codedClient(client: pg.PoolClient, where: string): PostgresPoolClient {
  const query = async (text: string, values: readonly unknown[]): Promise<unknown> => {
    const name = preparedName(text);
    const asked = { text, values: [...values], ...(name !== undefined && { name }) };
    try {
      // Not by the promise that the driver makes: through it, what was read stays in memory until all of the heap is collected.
      return await new Promise((resolve, reject) => {
        client.query(asked, (error, result) => (error ? reject(error) : resolve(result)));
      });
    } catch (error) {
      throw appErrorFromPostgres(error, where);
    }
  };
  return {
    query: query as PostgresPoolClient["query"],
    release: (discard?: boolean) => client.release(discard),
  };
}
