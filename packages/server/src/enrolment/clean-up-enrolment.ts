// What waited too long ends: registrations that nobody decided or whose agent went away, keys that nobody fetched,
// answers that nobody asked for again, tokens long past.

import type { Timestamptz } from "@truechimer/database";
import { type RawBuilder, sql } from "kysely";
import { ENROLMENT_LIMITS } from "./enrolment-limits.ts";
import { monitorIdsOf, type RemovalContext, removeAgent } from "./remove-agent.ts";

/** Agents that one run removes; the next goes on. */
const REMOVED_MAX = 100;
const UNCLAIMED = "it did not use its key within 7 days of its approval";

export async function cleanUpEnrolment(context: RemovalContext): Promise<void> {
  await cancelPending(context, {
    column: "last_seen_at",
    seconds: ENROLMENT_LIMITS.silenceSeconds,
    reason: "the agent stopped asking before anybody had decided",
  });
  await cancelPending(context, {
    column: "created_at",
    seconds: ENROLMENT_LIMITS.pendingLifeSeconds,
    reason: "nobody decided within 7 days",
  });
  await removeUnclaimed(context);
  await forgetAnswers(context);
  await forgetEnded(context);
}

async function cancelPending(
  { database }: RemovalContext,
  late: {
    readonly column: "last_seen_at" | "created_at";
    readonly seconds: number;
    readonly reason: string;
  },
): Promise<void> {
  await database.kysely
    .updateTable("registrations")
    .set({ status: "cancelled", decided_at: sql<Timestamptz>`now()`, reason: late.reason })
    .where("status", "=", "pending")
    .where(late.column, "<", before(late.seconds))
    .execute();
}

/** An approved agent that never used its key: whoever finds the Registration-ID later shall find nothing. */
async function removeUnclaimed(context: RemovalContext): Promise<void> {
  // An agent that was there before goes on with its certificate.
  await context.database.kysely
    .updateTable("registrations")
    .set({ status: "cancelled", sealed_key: null, reason: UNCLAIMED })
    .where("status", "=", "accepted")
    .where("replaces_agent_id", "is not", null)
    .where("decided_at", "<", before(ENROLMENT_LIMITS.keyWaitSeconds))
    .execute();
  const rows = await context.database.kysely
    .selectFrom("registrations as r")
    .innerJoin("agents as a", "a.id", "r.agent_id")
    .select(["a.id", "a.name", "a.tls_name"])
    .where("r.status", "=", "accepted")
    .where("r.replaces_agent_id", "is", null)
    .where("r.decided_at", "<", before(ENROLMENT_LIMITS.keyWaitSeconds))
    .limit(REMOVED_MAX)
    .execute();
  for (const { id, name, tls_name: tlsName } of rows) {
    await removeAgent(context, {
      name,
      agent: { id, tlsName },
      monitorIds: await monitorIdsOf(context.database, id),
      reason: UNCLAIMED,
    });
  }
}

async function forgetAnswers({ database }: RemovalContext): Promise<void> {
  await database.kysely
    .updateTable("enrolment_tokens")
    .set({ sealed_key: null, certificate_pem: null })
    .where("sealed_key", "is not", null)
    .where("used_at", "<", before(ENROLMENT_LIMITS.repeatSeconds))
    .execute();
}

async function forgetEnded({ database }: RemovalContext): Promise<void> {
  const old = before(ENROLMENT_LIMITS.keptSeconds);
  await database.kysely
    .deleteFrom("registrations")
    .where("status", "in", ["rejected", "cancelled"])
    .where("decided_at", "<", old)
    .execute();
  await database.kysely
    .deleteFrom("enrolment_tokens")
    .where("agent_id", "is", null)
    .where("expires_at", "<", old)
    .execute();
}

function before(seconds: number): RawBuilder<Timestamptz> {
  return sql<Timestamptz>`now() - make_interval(secs => ${seconds}::float8)`;
}
