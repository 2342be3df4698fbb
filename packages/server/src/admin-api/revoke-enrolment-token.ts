// RevokeEnrolmentToken: nobody comes in with it any more, nor is told again what came of it. Whoever
// came in stays.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import type { Timestamptz } from "@truechimer/database";
import { sql } from "kysely";
import type { ServerContext } from "../context.ts";
import { enrolmentTokenMessage } from "./enrolment-token-messages.ts";

/** Revoking twice is no error; the first time counts. */
export async function revokeEnrolmentToken(
  { database }: ServerContext,
  { id }: adminV1.RevokeEnrolmentTokenRequest,
): Promise<adminV1.RevokeEnrolmentTokenResponse> {
  await database.kysely
    .updateTable("enrolment_tokens")
    .set({ revoked_at: sql<Timestamptz>`now()`, sealed_key: null, certificate_pem: null })
    .where("id", "=", id)
    .where("revoked_at", "is", null)
    .execute();
  const token = await enrolmentTokenMessage(database, id);
  return create(adminV1.RevokeEnrolmentTokenResponseSchema, { token });
}
