// Puts what a file names under watch, or says what that would do.

import { adminV1 } from "@truechimer/api";
import type { AdminClient } from "../admin-client.ts";
import type { FoundServer } from "./finding.ts";
import { type ImportRow, serverRow } from "./import-row.ts";
import { importBatches } from "./plan-import.ts";

/** Longer than AddServers looks up names (30 s), so that it answers first. */
const ADD_TIMEOUT_MS = 60_000;

export interface ImportedRows {
  readonly rows: readonly ImportRow[];
  /** Why the rest was not tried. What came before it stays. */
  readonly failure?: Error;
}

/** Call by call; one that fails ends it. Doing it again does no harm: what is there already stays as it is. */
export async function importServers(
  client: Pick<AdminClient, "addServers">,
  wanted: readonly FoundServer[],
): Promise<ImportedRows> {
  const rows: ImportRow[] = [];
  const batches = importBatches(wanted);
  for (const [index, batch] of batches.entries()) {
    const targets = batch.map(({ target }) => target);
    try {
      const answer = await client.addServers({ targets }, { timeoutMs: ADD_TIMEOUT_MS });
      rows.push(...batch.flatMap((found) => answeredRows(found, answer)));
    } catch (failure) {
      if (!(failure instanceof Error)) throw failure;
      const rest = batches.slice(index).flat();
      rows.push(...rest.map((found) => serverRow(found, { outcome: "not_tried" })));
      return { rows, failure };
    }
  }
  return { rows };
}

/** A name may have come to several: some new, some there already, some refused. */
function answeredRows(
  found: FoundServer,
  { added, existing, refused }: adminV1.AddServersResponse,
): readonly ImportRow[] {
  const rows: ImportRow[] = [];
  const fresh = added.filter((server) => isOf(server, found));
  if (fresh.length > 0) rows.push(serverRow(found, { outcome: "added", servers: fresh }));
  const known = existing.filter((server) => isOf(server, found));
  if (known.length > 0) rows.push(serverRow(found, { outcome: "existing", servers: known }));
  const problems = new Map(
    refused
      .filter(({ target }) => target === found.target)
      .map(({ code, message }) => [message, code]),
  );
  for (const [message, code] of problems) {
    rows.push(serverRow(found, { outcome: "refused", code, message }));
  }
  if (rows.length > 0) return rows;
  const message = "each of its addresses is watched under another name";
  return [serverRow(found, { outcome: "existing", message })];
}

/** What an import would do, as far as it can be told without looking up names. `watched` may hold removed ones. */
export function dryRunRows(
  wanted: readonly FoundServer[],
  watched: readonly adminV1.Server[],
): readonly ImportRow[] {
  const index = new Map<string, adminV1.Server[]>();
  for (const server of watched) {
    for (const key of new Set([nameKey(server.name), addressKey(server.address, server.port)])) {
      const servers = index.get(key) ?? [];
      servers.push(server);
      index.set(key, servers);
    }
  }
  return wanted.map((found) => {
    const { address, port } = found;
    const key = address === undefined ? nameKey(found.target) : addressKey(address, port);
    const meant = index.get(key) ?? [];
    const servers = meant.filter(({ state }) => state !== adminV1.ServerState.REMOVED);
    if (servers.length > 0) return serverRow(found, { outcome: "existing", servers });
    const again =
      meant.length > 0 ? { message: "was removed: is watched again, with its history" } : {};
    return serverRow(found, { outcome: "would_add", ...again });
  });
}

function isOf(server: adminV1.Server, { address, port, target }: FoundServer): boolean {
  if (address === undefined) return server.name === target;
  return server.address === address && server.port === port;
}

const nameKey = (name: string): string => `name ${name}`;
const addressKey = (address: string, port: number): string => `address ${address} ${port}`;
