// That the whole installation was copied, or came from a copy, is an act like any other; and when it was copied last is
// told to whoever looks after it.

import { type Database, inTransaction } from "@truechimer/database";
import { sql } from "kysely";
import { recordAct } from "./record-act.ts";

/** Key of system_settings. */
export const LAST_BACKUP_SETTING = "last_backup";

/** A copy, as the one who made it names it. */
export interface CopyMade {
  /** Name of the account on that host, for people. */
  readonly madeBy: string;
  /** Where the copy was written, or came from, for people. */
  readonly file: string;
  readonly bytes: number;
  /** The instant that the copy is of, ISO 8601. */
  readonly madeAt: string;
  readonly withMasterKey: boolean;
}

/** The copy was made. */
export async function recordBackup(
  database: Pick<Database, "kysely">,
  copy: CopyMade,
): Promise<void> {
  await record(database, "backup_made", copy);
}

/** This database came from the copy, which is its last one until another is made. */
export async function recordRestore(
  database: Pick<Database, "kysely">,
  copy: CopyMade,
): Promise<void> {
  await record(database, "backup_restored", copy);
}

async function record(
  database: Pick<Database, "kysely">,
  act: string,
  { madeBy, ...value }: CopyMade,
): Promise<void> {
  await inTransaction(database, async (transaction) => {
    await sql`
      insert into system_settings (key, value) values (${LAST_BACKUP_SETTING}, ${JSON.stringify(value)}::jsonb)
      on conflict (key) do update set value = excluded.value, modified_on = now()`.execute(
      transaction,
    );
    await recordAct(transaction, callerOf(madeBy), { act, object: "", after: value });
  });
}

function callerOf(name: string): Parameters<typeof recordAct>[1] {
  return { actor: { kind: "command_line", id: "", name } };
}
