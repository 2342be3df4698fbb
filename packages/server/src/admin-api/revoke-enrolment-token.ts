// RevokeEnrolmentToken: nobody comes in with it any more, nor is told again what came of it. Whoever
// came in stays.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { inTransaction, type Timestamptz } from "@truechimer/database";
import { sql } from "kysely";
import { recordAct } from "../audit/record-act.ts";
import type { ActingContext } from "../people/caller.ts";
import { enrolmentTokenMessage } from "./enrolment-token-messages.ts";

/** Revoking twice is no error; the first time counts. */
export async function revokeEnrolmentToken(
  { database, caller }: ActingContext,
  { id }: adminV1.RevokeEnrolmentTokenRequest,
): Promise<adminV1.RevokeEnrolmentTokenResponse> {
  await inTransaction(database, async (transaction) => {
    const revoked = await transaction
      .updateTable("enrolment_tokens")
      .set({ revoked_at: sql<Timestamptz>`now()`, sealed_key: null, certificate_pem: null })
      .where("id", "=", id)
      .where("revoked_at", "is", null)
      .returning("name")
      .executeTakeFirst();
    if (revoked === undefined) return;
    await recordAct(transaction, caller, {
      act: "enrolment_token_revoked",
      object: `enrolment token ${id}`,
      before: { name: revoked.name },
    });
  });
  const token = await enrolmentTokenMessage(database, id);
  return create(adminV1.RevokeEnrolmentTokenResponseSchema, { token });
}
