// People who sign in, put straight into the database, and clients that carry their session.

import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { peopleV1, rulesV1 } from "@truechimer/api";
import { createUlid, systemClock, systemRandom } from "@truechimer/base";
import type { Database, RoleName, Timestamptz } from "@truechimer/database";
import { hashPassword } from "../src/people/password-hash.ts";
import { nameKey } from "../src/people/user-name.ts";
import { openUserSession } from "../src/people/user-sessions.ts";

export const PASSWORD = "correct horse battery staple";
/** Cheap; the first sign-in makes it a dear one. */
const QUICK = { memoryKib: 64, passes: 1, parallelism: 1 };

export interface TestUser {
  readonly id: bigint;
  readonly idToken: string;
}

/** With the password PASSWORD. */
export async function createUser(
  { kysely }: Database,
  user: { readonly name: string; readonly role: RoleName; readonly accountId?: bigint },
): Promise<TestUser> {
  const idToken = createUlid(systemClock, systemRandom);
  const { id } = await kysely
    .insertInto("users")
    .values({
      id_token: idToken,
      name: user.name,
      name_key: nameKey(user.name),
      role: user.role,
      account_id: user.accountId ?? null,
      password_set_at: "2026-01-01T00:00:00Z" as Timestamptz,
      password_hash: await hashPassword(PASSWORD, { random: systemRandom, parameters: QUICK }),
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return { id, idToken };
}

/** What a browser would send as `Cookie`. */
export async function sessionCookie(database: Database, userId: bigint): Promise<string> {
  const value = await openUserSession(
    database.kysely,
    { clock: systemClock, random: systemRandom },
    { userId, userAgent: "test", openedFrom: "192.0.2.1" },
  );
  return `${await cookieName(database)}=${value}`;
}

async function cookieName({ kysely }: Database): Promise<string> {
  const { value } = await kysely
    .selectFrom("system_settings")
    .select("value")
    .where("key", "=", "instance_id")
    .executeTakeFirstOrThrow();
  return `truechimer_${value as string}`;
}

/** What an app makes of the secret that a person types. RFC 4648, section 6. */
export function bytesOfBase32(text: string): Uint8Array {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = Array.from(text, (letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0"));
  const bytes = bits.join("").match(/.{8}/g) ?? [];
  return Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 2));
}

/** Of a program that carries these headers. */
export function peopleClient(
  baseUrl: string,
  headers: Readonly<Record<string, string>>,
): Client<typeof peopleV1.PeopleService> {
  return createClient(peopleV1.PeopleService, transportWith(baseUrl, headers));
}

export function rulesClient(baseUrl: string, key: string): Client<typeof rulesV1.RulesService> {
  const headers = { authorization: `Bearer ${key}` };
  return createClient(rulesV1.RulesService, transportWith(baseUrl, headers));
}

function transportWith(baseUrl: string, headers: Readonly<Record<string, string>>): Transport {
  return createConnectTransport({
    baseUrl,
    httpVersion: "1.1",
    interceptors: [
      (next) => (request) => {
        for (const [name, value] of Object.entries(headers)) request.header.set(name, value);
        return next(request);
      },
    ],
  });
}
