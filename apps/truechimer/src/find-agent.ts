// From what a person types to the agent or the registration that is meant: its id, its name, or its name in the
// certificate. What fits several is refused: nobody shall remove the wrong one.

import type { adminV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import type { AdminClient } from "./admin-client.ts";
import { closest } from "./config/suggest.ts";

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

interface Search<Found> {
  readonly word: string;
  readonly kind: string;
  /** The command that lists them. */
  readonly see: string;
  readonly wordsOf: (found: Found) => readonly string[];
}

function theOne<Found extends { readonly id: string }>(
  all: readonly Found[],
  { word, kind, see, wordsOf }: Search<Found>,
): Found {
  const found = word === "" ? [] : all.filter((each) => wordsOf(each).includes(word));
  const [first, second] = found;
  if (first !== undefined && second === undefined) return first;
  if (first !== undefined) {
    throw new AppError(
      "usage",
      `"${word}" is ${found.length} of them: name one by its id (${found.map(({ id }) => id).join(", ")})`,
    );
  }
  const nearest = closest(word, all.flatMap(wordsOf));
  const remedy = nearest === undefined ? `see "${see}"` : `did you mean "${nearest}"?`;
  throw new AppError("not_found", `no ${kind} "${word}" is known: ${remedy}`);
}
