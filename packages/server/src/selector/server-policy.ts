// The policy in force: the fleet's, and a server's.

import type { SelectionPolicy } from "@truechimer/selection";
import type { ServerContext } from "../context.ts";
import type { LoadedServer } from "./load-snapshots.ts";
import { changedPolicy, labPolicy } from "./selection-policies.ts";

/** The fleet's policy: as configured, changed by the setting `selection`. */
export async function fleetPolicy({
  database,
  policy,
}: Pick<ServerContext, "database" | "policy">): Promise<SelectionPolicy> {
  const setting = await database.kysely
    .selectFrom("system_settings")
    .select("value")
    .where("key", "=", "selection")
    .executeTakeFirst();
  return setting === undefined
    ? policy.selection
    : changedPolicy(policy.selection, setting.value, "the setting selection");
}

/** Of a server: the lab's, or the fleet's, with the server's own differences. */
export function policyOf(
  { server_id: id, config }: { readonly server_id: bigint; readonly config: unknown },
  server: LoadedServer | undefined,
  fleet: SelectionPolicy,
): SelectionPolicy {
  const base = server?.lab === true ? labPolicy() : fleet;
  return changedPolicy(base, config, `the selection policy of server ${id}`);
}
