// What a person means by the word after `check-now`: a server under watch by number, name or address, else the word
// itself, which the control plane resolves.

import { AppError } from "@truechimer/base";
import type { AdminClient } from "../admin-client.ts";
import { findServers } from "../find-server.ts";

export type CheckNowTarget = { readonly serverId: bigint } | { readonly target: string };

const WHOLE_NUMBER = /^[1-9]\d*$/;

/** A name that is watched at several addresses is asked about at the first. */
export async function checkNowTarget(client: AdminClient, word: string): Promise<CheckNowTarget> {
  try {
    const [server] = await findServers(client, word);
    if (server !== undefined) return { serverId: server.id };
  } catch (error) {
    // A number is a server's and nothing else.
    const isUnknown = error instanceof AppError && error.code === "not_found";
    if (!isUnknown || WHOLE_NUMBER.test(word)) throw error;
  }
  return { target: word };
}
