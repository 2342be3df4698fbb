// How often one agent is given a certificate: a program in a loop must not fill the database, nor a stolen key make a
// stock of certificates.

import { AppError } from "@truechimer/base";
import { sql } from "kysely";
import type { ServerContext } from "../context.ts";
import { ENROLMENT_LIMITS } from "./enrolment-limits.ts";

export async function limitCertificates(
  { database }: Pick<ServerContext, "database">,
  tlsName: string,
): Promise<void> {
  const { certificatesMaxAnHour } = ENROLMENT_LIMITS;
  const { count } = await database.kysely
    .selectFrom("certificates")
    .select((is) => is.fn.countAll<bigint>().as("count"))
    .where("tls_name", "=", tlsName.toLowerCase())
    .where("reserved_at", ">", sql<never>`now() - interval '1 hour'`)
    .executeTakeFirstOrThrow();
  if (count < BigInt(certificatesMaxAnHour)) return;
  throw new AppError(
    "limit_exceeded",
    `${certificatesMaxAnHour} certificates within an hour for ${tlsName}: use the last one, or try again in an hour`,
    { retryAfterMs: 3_600_000 },
  );
}
