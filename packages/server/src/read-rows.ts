// Queries of gauges, which somebody scrapes: a database that is away leaves them out, and the scrape whole.

import type { Database } from "@truechimer/database";
import type { sql } from "kysely";

/** The rows of a query; none when the database does not answer. */
export type ReadRows = <Row>(query: ReturnType<typeof sql>) => Promise<readonly Row[]>;

export function createReadRows({ kysely }: Pick<Database, "kysely">): ReadRows {
  return async <Row>(query: ReturnType<typeof sql>) => {
    try {
      return (await query.execute(kysely)).rows as readonly Row[];
    } catch {
      return [];
    }
  };
}
