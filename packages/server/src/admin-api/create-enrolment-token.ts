// CreateEnrolmentToken: a way in for one agent, told once, with the command that uses it.

import { create } from "@bufbuild/protobuf";
import { adminV1 } from "@truechimer/api";
import { AppError, createUlid } from "@truechimer/base";
import { inTransaction, type Timestamptz } from "@truechimer/database";
import { sql } from "kysely";
import { recordAct } from "../audit/record-act.ts";
import { findAccount } from "../enrolment/default-account.ts";
import { ENROLMENT_LIMITS } from "../enrolment/enrolment-limits.ts";
import { createEnrolmentTokenText } from "../enrolment/enrolment-token.ts";
import { countryCode, personWords } from "../enrolment/person-words.ts";
import { masterKeyMissing } from "../enrolment/waiting-key.ts";
import { tokenHash } from "../http/token.ts";
import { limitExceeded } from "../limits/verdict.ts";
import { type ActingContext, callerName } from "../people/caller.ts";
import { enrolmentTokenMessage } from "./enrolment-token-messages.ts";
import { firstStatusOf } from "./first-status.ts";

export async function createEnrolmentToken(
  context: ActingContext,
  request: adminV1.CreateEnrolmentTokenRequest,
  /** Where agents enrol. */
  agentsUrl: string,
): Promise<adminV1.CreateEnrolmentTokenResponse> {
  if (context.ca === undefined) throw masterKeyMissing();
  const facts = {
    name: personWords("name", request.name),
    country: countryCode(request.country),
    network: personWords("network", request.network),
    location: personWords("location", request.location),
    monitor_status: firstStatusOf(request.status, "active"),
    created_by: callerName(context.caller),
  };
  const lifeSeconds = lifeSecondsOf(request);
  const { secret, text } = createEnrolmentTokenText(
    context.random,
    await context.ca.rootFingerprint(),
  );
  const id = createUlid(context.clock, context.random);
  await inTransaction(context.database, async (transaction) => {
    const { count } = await transaction
      .selectFrom("enrolment_tokens")
      .select((is) => is.fn.countAll<bigint>().as("count"))
      .where("used_at", "is", null)
      .where("revoked_at", "is", null)
      .where("expires_at", ">", sql<Timestamptz>`now()`)
      .executeTakeFirstOrThrow();
    const place = context.limits.place("enrolment_tokens", Number(count));
    if (!place.passed) {
      throw limitExceeded(
        place,
        `${count} enrolment tokens are good at once: at most ${place.limit.max}; revoke some`,
      );
    }
    await transaction
      .insertInto("enrolment_tokens")
      .values({
        id,
        secret_hash: tokenHash(secret),
        account_id: context.caller?.accountId ?? (await findAccount(transaction, "")) ?? null,
        expires_at: sql<Timestamptz>`now() + make_interval(secs => ${lifeSeconds}::float8)`,
        ...facts,
      })
      .execute();
    const { created_by: _, ...told } = facts;
    await recordAct(transaction, context.caller, {
      act: "enrolment_token_created",
      object: `enrolment token ${id}`,
      after: { ...told, life_seconds: String(lifeSeconds) },
    });
  });
  return create(adminV1.CreateEnrolmentTokenResponseSchema, {
    token: await enrolmentTokenMessage(context.database, id),
    secret: text,
    command: `truechimer agent enroll --server ${agentsUrl} --token ${text}`,
  });
}

function lifeSecondsOf({ lifetime }: adminV1.CreateEnrolmentTokenRequest): number {
  const { tokenLifeSeconds, tokenLifeSecondsMin, tokenLifeSecondsMax } = ENROLMENT_LIMITS;
  if (lifetime === undefined) return tokenLifeSeconds;
  const seconds = Number(lifetime.seconds) + lifetime.nanos / 1e9;
  if (seconds >= tokenLifeSecondsMin && seconds <= tokenLifeSecondsMax) return seconds;
  throw new AppError(
    "bad_request",
    `lifetime ${seconds} s: expected ${tokenLifeSecondsMin} s to ${tokenLifeSecondsMax / 86_400} days`,
  );
}
