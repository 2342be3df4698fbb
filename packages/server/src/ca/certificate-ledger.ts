// Every certificate that was issued: its row is committed before it is signed, so that whatever carries our signature
// can be found here and revoked, also if this process ends in between. docs/issuance.md has the steps.

import { AppError } from "@truechimer/base";
import {
  type CertificateProfileName,
  type Database,
  type Timestamptz,
  timestamptzFromNs,
} from "@truechimer/database";
import { type Certificate, hexFromBytes, type Validity } from "@truechimer/pki";
import { sql } from "kysely";

export interface Reservation {
  readonly serial: string;
  readonly authorityId: bigint;
  readonly profile: CertificateProfileName;
  readonly names: readonly string[];
  /** Null: not an agent's. */
  readonly tlsName: string | null;
  readonly keyIdentifier: Uint8Array;
  readonly validity: Validity;
}

/** What the ledger knows of a serial number. */
export type LedgerAnswer = "stands" | "revoked" | "unknown";

/** Takes the serial number. */
export async function reserveCertificate(
  { kysely }: Pick<Database, "kysely">,
  reservation: Reservation,
): Promise<void> {
  await kysely
    .insertInto("certificates")
    .values({
      serial: reservation.serial,
      authority_id: reservation.authorityId,
      profile: reservation.profile,
      names: reservation.names,
      tls_name: reservation.tlsName,
      key_identifier: reservation.keyIdentifier,
      not_before: timestamptzFromNs(reservation.validity.notBeforeNs),
      not_after: timestamptzFromNs(reservation.validity.notAfterNs),
    })
    .execute();
}

/** Keeps what was signed. Fails with conflict when the agent was revoked meanwhile: the certificate is never given out. */
export async function storeCertificate(
  { kysely }: Pick<Database, "kysely">,
  certificate: Certificate,
  fingerprint: Uint8Array,
): Promise<void> {
  const row = await kysely
    .updateTable("certificates")
    .set({
      certificate: certificate.der,
      fingerprint,
      issued_at: sql<Timestamptz>`now()`,
    })
    .where("serial", "=", certificate.serial)
    .where("certificate", "is", null)
    .where("revoked_at", "is", null)
    .returning("serial")
    .executeTakeFirst();
  if (row !== undefined) return;
  throw new AppError(
    "conflict",
    `the certificate ${certificate.serial} was revoked before it was given out: its agent was removed meanwhile`,
  );
}

/** All of the agent's that have not ended, also those that are about to be signed. Says how many. */
export async function revokeCertificatesOf(
  { kysely }: Pick<Database, "kysely">,
  tlsName: string,
): Promise<number> {
  const revoked = await kysely
    .updateTable("certificates")
    .set({ revoked_at: sql<Timestamptz>`now()` })
    .where("tls_name", "=", tlsName)
    .where("revoked_at", "is", null)
    .where("not_after", ">=", sql<Timestamptz>`now()`)
    .returning("serial")
    .execute();
  return revoked.length;
}

/** The fingerprint, too: two certificates of one serial number would mean that somebody else has our key. */
export async function lookUpCertificate(
  { kysely }: Pick<Database, "kysely">,
  serial: string,
  fingerprint: Uint8Array,
): Promise<LedgerAnswer> {
  const row = await kysely
    .selectFrom("certificates")
    .select(["fingerprint", "revoked_at"])
    .where("serial", "=", serial)
    .executeTakeFirst();
  if (row === undefined || row.fingerprint === null) return "unknown";
  if (row.revoked_at !== null) return "revoked";
  return hexFromBytes(row.fingerprint) === hexFromBytes(fingerprint) ? "stands" : "unknown";
}

/** Of a certificate whose fingerprint was compared before. */
export async function certificateStands(
  { kysely }: Pick<Database, "kysely">,
  serial: string,
): Promise<boolean> {
  const row = await kysely
    .selectFrom("certificates")
    .select("serial")
    .where("serial", "=", serial)
    .where("fingerprint", "is not", null)
    .where("revoked_at", "is", null)
    .executeTakeFirst();
  return row !== undefined;
}
