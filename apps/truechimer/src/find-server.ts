// From what a person types to the servers that are meant: a number, a name (all of its addresses), an address, or an
// address with its port.

import type { adminV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import type { AdminClient } from "./admin-client.ts";
import { closest } from "./config/suggest.ts";

const WHOLE_NUMBER = /^[1-9]\d{0,17}$/;

/** At least one. Fails with not_found, naming the closest name that there is. */
export async function findServers(
  client: AdminClient,
  word: string,
): Promise<readonly adminV1.Server[]> {
  const { servers } = await client.listServers({ includeRemoved: true });
  const found = servers.filter((server) => isMeant(server, word));
  if (found.length > 0) return found;
  const nearest = closest(
    word,
    servers.map(({ name }) => name),
  );
  const remedy =
    nearest === undefined ? 'see "truechimer servers list --all"' : `did you mean "${nearest}"?`;
  throw new AppError("not_found", `no server "${word}" is known: ${remedy}`);
}

function isMeant(server: adminV1.Server, word: string): boolean {
  if (WHOLE_NUMBER.test(word) && server.id === BigInt(word)) return true;
  const { address, port } = server;
  const withPort = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  return [server.name, address, withPort, `${server.name}:${port}`].includes(word);
}
