// Who calls the admin API, as far as what he may do and what the audit trail says of him depend on it.

import { type ContextKey, type ContextValues, createContextKey } from "@connectrpc/connect";
import { AppError } from "@truechimer/base";
import type { AuditActorName, RoleName } from "@truechimer/database";
import type { ServerContext } from "../context.ts";

export interface Actor {
  readonly kind: AuditActorName;
  /** Number of a key; empty: there is one of its kind. */
  readonly id: string;
  readonly name: string;
}

export interface Caller {
  readonly kind: "key" | "session";
  /** Who it is, for people. */
  readonly name: string;
  /** The key or the session itself, as what it is counted under; not the secret. */
  readonly id: string;
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

/** For people. */
export function callerName(caller: Caller | undefined): string {
  return caller?.name ?? "";
}
