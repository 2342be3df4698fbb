// Who calls the admin API, as far as what he may do and what the audit trail says of him depend on it.

import { type ContextKey, type ContextValues, createContextKey } from "@connectrpc/connect";
import { AppError } from "@truechimer/base";
import type { AuditActorName, RoleName } from "@truechimer/database";
import type { ServerContext } from "../context.ts";

export interface Actor {
  readonly kind: AuditActorName;
  /** ULID of a user, number of a key; empty: there is one of its kind. */
  readonly id: string;
  readonly name: string;
}

export interface Caller {
  readonly kind: "key" | "session";
  /** Who it is, for people. */
  readonly name: string;
  /** The key or the session itself, as what it is counted under; not the secret. */
  readonly id: string;
  /** By which a session is ended. Absent: a key. */
  readonly sessionId?: string;
  /** Who signed in. Absent: a key, or the installation's owner. */
  readonly userId?: bigint;
  readonly role: RoleName;
  /** The only account whose objects it sees. Absent: all. */
  readonly accountId?: bigint;
  /** The only procedures that it may call. Absent: all that the role may. */
  readonly procedures?: ReadonlySet<string>;
  readonly actor: Actor;
}

/** The world, and on whose behalf something is done in it. Absent caller: the program's own doing, such as a start. */
export type ActingContext = ServerContext & { readonly caller?: Caller };

/** What the guards found out, for the handlers. */
export const CALLER: ContextKey<Caller | undefined> = createContextKey<Caller | undefined>(
  undefined,
);

export function actingContext(context: ServerContext, values: ContextValues): ActingContext {
  const caller = values.get(CALLER);
  return caller === undefined ? context : { ...context, caller };
}

/** For procedures that a browser may not call. */
export function requireKey(caller: Caller | undefined): void {
  if (caller?.kind === "key") return;
  throw new AppError("forbidden", "this call needs an API key: a browser's session is not enough");
}

/** For procedures about the caller's own session, which a key has none of. */
export function requireSession(caller: Caller | undefined): asserts caller is CallerWithSession {
  if (caller?.sessionId !== undefined) return;
  throw new AppError("forbidden", "this call is about a browser's session, and a key has none");
}

export type CallerWithSession = Caller & { readonly sessionId: string };

/** For people. */
export function callerName(caller: Caller | undefined): string {
  return caller?.name ?? "";
}
