// Statements that PostgreSQL parses and plans once a session. Their text begins with a comment that names them, which also
// shows in pg_stat_activity. A name stands for one text: nothing in such a text may change from call to call.

const NAMED = /^\s*\/\* prepared: ([a-z_]{1,60}) \*\//;

/** The name in the comment that a text begins with. Absent: the statement is not to be prepared. */
export function preparedName(text: string): string | undefined {
  return NAMED.exec(text)?.[1];
}
