// Every procedure passes here: whether the caller may call it, whether what the request names is the caller's to see, and
// what of the answer is. One without a permission is refused, whoever calls.

import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { AppError, assert } from "@truechimer/base";
import type { RoleName } from "@truechimer/database";
import type { ServerContext } from "../context.ts";
import { withEdgeErrors } from "../http/stream-errors.ts";
import { CALLER, type Caller, requireKey } from "./caller.ts";
import { untilAborted } from "./caller-watch.ts";
import { requireOwned } from "./owned-objects.ts";
import type { AnyPermission, AnyPermissions } from "./permission.ts";
import { roleReaches } from "./role.ts";
import { seenObjects } from "./seen-objects.ts";

type Handler = (request: unknown, call: HandlerContext) => unknown;

export interface GuardedService<Service extends DescService> {
  readonly service: Service;
  readonly permissions: AnyPermissions;
  readonly procedures: Partial<ServiceImpl<Service>>;
  /** After a procedure that changes something has succeeded. */
  readonly changed: () => Promise<void>;
}

export function guardProcedures<Service extends DescService>(
  context: ServerContext,
  { service, permissions, procedures, changed }: GuardedService<Service>,
): Partial<ServiceImpl<Service>> {
  const handlers = procedures as Readonly<Record<string, Handler | undefined>>;
  const guarded: Record<string, unknown> = {};
  for (const method of service.methods) {
    const handler = handlers[method.localName];
    if (handler === undefined) continue;
    const procedure: Procedure = {
      context,
      method,
      permission: permissions[method.localName],
      handler,
      changed,
    };
    guarded[method.localName] =
      method.methodKind === "unary" ? guardedCall(procedure) : guardedStream(procedure);
  }
  return guarded as Partial<ServiceImpl<Service>>;
}

interface Procedure {
  readonly context: ServerContext;
  readonly method: DescMethod;
  readonly permission: AnyPermission | undefined;
  readonly handler: Handler;
  readonly changed: () => Promise<void>;
}

function guardedCall(procedure: Procedure): Handler {
  const { handler, permission, changed } = procedure;
  return async (request, call) => {
    const caller = await admit(procedure, request, call);
    const answer = await handler(request, call);
    if (permission?.changes === true) await changed();
    return narrowed(procedure, caller, answer);
  };
}

function guardedStream(procedure: Procedure): Handler {
  const { context, method, handler } = procedure;
  return (request, call) => {
    const answers = async function* (): AsyncGenerator<unknown, void> {
      const caller = await admit(procedure, request, call);
      using watched = context.callerWatch.watch(caller);
      const signal = AbortSignal.any([call.signal, watched.signal]);
      const messages = handler(request, { ...call, signal }) as AsyncIterable<unknown>;
      for await (const message of untilAborted(messages, watched.signal))
        yield narrowed(procedure, caller, message);
    };
    return withEdgeErrors(context, method.name, answers());
  };
}

async function admit(
  { context, method, permission }: Procedure,
  request: unknown,
  call: HandlerContext,
): Promise<Caller> {
  const caller = call.values.get(CALLER);
  assert(caller !== undefined, "the door lets nobody in without a caller");
  const refusal = refusalOf(caller, method, permission);
  if (refusal !== undefined) {
    context.metrics.accessRefused.inc({ reason: "permission" });
    throw new AppError("forbidden", refusal);
  }
  if (permission?.keyOnly === true) requireKey(caller);
  const { accounts } = permission ?? {};
  if (caller.accountId !== undefined && typeof accounts === "object") {
    const objects = accounts.objects?.(request as never);
    if (objects !== undefined)
      await requireOwned(context.database.kysely, caller.accountId, objects);
  }
  return caller;
}

/** Absent: it may be called. */
export function refusalOf(
  caller: Pick<Caller, "role" | "procedures" | "accountId">,
  { name }: Pick<DescMethod, "name">,
  permission: { readonly least: RoleName; readonly accounts: unknown } | undefined,
): string | undefined {
  if (permission === undefined) return `${name} has no permission that lets anybody call it`;
  const { least, accounts } = permission;
  if (!roleReaches(caller.role, least)) {
    return `${name} needs the role ${least}, and this caller has the role ${caller.role}: ask an admin`;
  }
  if (caller.procedures !== undefined && !caller.procedures.has(name)) {
    return `this key does not open ${name}: it was made for ${[...caller.procedures].join(", ")}`;
  }
  if (caller.accountId !== undefined && accounts === "installation") {
    return `${name} is about all accounts, and this caller sees one: ask an admin of the installation`;
  }
  return undefined;
}

async function narrowed(
  { context, permission }: Procedure,
  { accountId }: Caller,
  answer: unknown,
): Promise<unknown> {
  const { accounts } = permission ?? {};
  if (accountId === undefined || typeof accounts !== "object") return answer;
  const { narrow } = accounts;
  if (narrow === undefined) return answer;
  return narrow(answer as never, seenObjects(context.database.kysely, accountId), context);
}
