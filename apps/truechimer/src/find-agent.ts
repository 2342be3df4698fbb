// From what a person types to the agent or the registration that is meant: its id, its name, or its name in the
// certificate. What fits several is refused: nobody shall remove the wrong one.

import type { adminV1 } from "@truechimer/api";
import type { AdminClient } from "./admin-client.ts";
import { theOne } from "./find-one.ts";

/** Fails with not_found, naming the closest name that there is, or with usage where several fit. */
export async function findAgent(client: AdminClient, word: string): Promise<adminV1.Agent> {
  const { agents } = await client.listAgents({});
  return theOne(agents, {
    word,
    kind: "agent",
    see: "truechimer agents",
    wordsOf: ({ id, name, tlsName }) => [id, name, tlsName],
  });
}

/** Of those that wait. */
export async function findRegistration(
  client: AdminClient,
  word: string,
): Promise<adminV1.Registration> {
  const { registrations } = await client.listRegistrations({});
  return theOne(registrations, {
    word,
    kind: "waiting registration",
    see: "truechimer agents registrations",
    wordsOf: ({ id, hostname, tlsName }) => [id, hostname, tlsName],
  });
}
