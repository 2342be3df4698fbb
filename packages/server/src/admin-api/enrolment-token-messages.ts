// One-time tokens as people see them: never with their secret.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { AppError } from "@truechimer/base";
import type { Database } from "@truechimer/database";
import { optionalTimestamp, timestampFrom } from "./admin-message.ts";

const TOKENS_MAX = 2_000;

/** Newest first. */
export async function enrolmentTokenMessages(
  { kysely }: Database,
  id?: string,
): Promise<adminV1.EnrolmentToken[]> {
  const rows = await kysely
    .selectFrom("enrolment_tokens as t")
    .leftJoin("agents as a", "a.id", "t.agent_id")
    .select([
      "t.id",
      "t.name",
      "t.created_at",
      "t.expires_at",
      "t.used_at",
      "t.revoked_at",
      "a.id_token as agent_id",
    ])
    .$if(id !== undefined, (query) => query.where("t.id", "=", id ?? ""))
    .orderBy("t.created_at", "desc")
    .orderBy("t.id", "desc")
    .limit(TOKENS_MAX)
    .execute();
  return rows.map((row) =>
    create(adminV1.EnrolmentTokenSchema, {
      id: row.id,
      name: row.name,
      createdAt: timestampFrom(row.created_at),
      expiresAt: timestampFrom(row.expires_at),
      ...optionalTimestamp("usedAt", row.used_at),
      ...optionalTimestamp("revokedAt", row.revoked_at),
      agentId: row.agent_id ?? "",
    }),
  );
}

export async function enrolmentTokenMessage(
  database: Database,
  id: string,
): Promise<adminV1.EnrolmentToken> {
  const [token] = await enrolmentTokenMessages(database, id);
  if (token === undefined)
    throw new AppError("not_found", `there is no enrolment token with the id ${id.slice(0, 40)}`);
  return token;
}
