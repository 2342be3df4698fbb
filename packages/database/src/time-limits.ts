// For work on a session of its own that takes as long as it takes.

import type { ClientBase } from "pg";

/** Takes the pool's time limits off this session; it must be closed afterwards (`release(true)`). */
export async function withoutTimeLimits(client: ClientBase): Promise<void> {
  await client.query(
    "select set_config('statement_timeout', '0', false), set_config('lock_timeout', '0', false), set_config('idle_in_transaction_session_timeout', '0', false)",
  );
}
