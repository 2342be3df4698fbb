// AddServers: by name or address. Each target is judged on its own; one that is refused does not hold up the others.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import type { ActingContext } from "../people/caller.ts";
import { registerServers, type ServerToRegister } from "./register-servers.ts";
import { type ResolvedTarget, resolveTarget } from "./resolve-target.ts";
import { serverMessages } from "./server-messages.ts";

const TARGETS_MAX = 1_000;
/** Names that are looked up at once. */
const LOOKUPS_MAX = 16;
/** Of all names of a call together: who waits longer has given up. */
export const LOOKUPS_DEADLINE_MS = 30_000;

export async function addServers(
  context: ActingContext,
  { targets }: adminV1.AddServersRequest,
  /** Aborted when the caller has gone, or we stop. */
  signal: AbortSignal,
): Promise<adminV1.AddServersResponse> {
  if (targets.length === 0)
    throw new AppError("bad_request", "there is no target: name at least one server");
  if (targets.length > TARGETS_MAX) {
    throw new AppError(
      "limit_exceeded",
      `${targets.length} targets in one call: at most ${TARGETS_MAX}`,
    );
  }
  const { found, refused } = await resolveAll(context, targets, signal);
  signal.throwIfAborted();
  const { addedIds, existingIds, foreign } = await registerServers(context, found);
  const servers = await serverMessages(context, { ids: [...addedIds, ...existingIds] });
  const added = new Set(addedIds);
  return create(adminV1.AddServersResponseSchema, {
    added: servers.filter(({ id }) => added.has(id)),
    existing: servers.filter(({ id }) => !added.has(id)),
    refused: [...refused, ...foreign.map(takenTarget)],
  });
}

/** Also where the other one was removed: an address is watched for one account at a time. */
function takenTarget({ name: target }: ServerToRegister): adminV1.RefusedTarget {
  const message = `${target} is watched for another account: an admin of the installation can move it`;
  return create(adminV1.RefusedTargetSchema, { target, code: "conflict", message });
}

async function resolveAll(
  context: ActingContext,
  targets: readonly string[],
  signal: AbortSignal,
): Promise<{
  readonly found: readonly ResolvedTarget[];
  readonly refused: adminV1.RefusedTarget[];
}> {
  const found: ResolvedTarget[] = [];
  const refused: adminV1.RefusedTarget[] = [];
  const late = new AbortController();
  const cancel = context.clock.setTimer(LOOKUPS_DEADLINE_MS, () => late.abort());
  const enough = AbortSignal.any([signal, late.signal]);
  try {
    for (let start = 0; start < targets.length && !signal.aborted; start += LOOKUPS_MAX) {
      const some = targets.slice(start, start + LOOKUPS_MAX);
      const results = await Promise.all(
        some.map((target) => resolveTarget(context, target, enough)),
      );
      for (const [index, result] of results.entries()) {
        if (result.ok) found.push(...result.value);
        else {
          const target = some[index] ?? "";
          refused.push(create(adminV1.RefusedTargetSchema, { target, ...result.error }));
        }
      }
    }
  } finally {
    cancel();
  }
  return { found, refused };
}
