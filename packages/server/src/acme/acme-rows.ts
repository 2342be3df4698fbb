// The rows of a certificate by ACME. Instants are the database's, so that all processes agree on what is due.

import type { UnixNs } from "@truechimer/base";
import {
  type Database,
  inTransaction,
  nsFromTimestamptz,
  type Timestamptz,
  timestamptzFromNs,
} from "@truechimer/database";
import { encodePem, generateExportableKeyPair } from "@truechimer/pki";
import { type RawBuilder, sql } from "kysely";
import type { Seal } from "../ca/seal.ts";
import type { OrdersMade } from "./acme-pace.ts";
import type { AcmeSettings } from "./acme-settings.ts";

/** Longer than a run may take (acme-loop.ts), so that nobody orders beside it. */
const LEASE_SECONDS = 360;
/** An authority asks within seconds; some look again for minutes. */
const CHALLENGE_SECONDS = 3_600;
const ORDERS_KEPT_DAYS = 30;

export type AcmeKey = Pick<AcmeSettings, "directoryUrl" | "names">;

/** What is due, and is ours alone for a while. */
export interface LeasedCertificate {
  readonly failures: number;
  /** The one before. Undefined: there is none. */
  readonly certificatePem: string | undefined;
}

/** Makes the row if need be, and takes away what is of no use any more. */
export async function prepareAcme({ kysely }: Database, key: AcmeKey): Promise<void> {
  await kysely
    .insertInto("acme_certificates")
    .values({
      directory_url: key.directoryUrl,
      names: sql<readonly string[]>`${[...key.names]}::text[]`,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await sql`delete from acme_challenges where expires_at < now()`.execute(kysely);
  await sql`
    delete from acme_orders where ordered_at < now() - make_interval(days => ${ORDERS_KEPT_DAYS})`.execute(
    kysely,
  );
}

/** Undefined: nothing is due, or another process is at it. */
export async function leaseDue(
  { kysely }: Database,
  key: AcmeKey,
): Promise<LeasedCertificate | undefined> {
  const { rows } = await sql<{ failures: number; certificate_pem: string | null }>`
    update acme_certificates set leased_until = now() + make_interval(secs => ${LEASE_SECONDS})
    where ${isKey(key)} and next_attempt_at <= now() and (renew_at is null or renew_at <= now())
      and (leased_until is null or leased_until < now())
    returning failures, certificate_pem`.execute(kysely);
  const [row] = rows;
  return row && { failures: row.failures, certificatePem: row.certificate_pem ?? undefined };
}

/** Nothing was tried: the next run may. */
export async function endLease({ kysely }: Database, key: AcmeKey): Promise<void> {
  await sql`update acme_certificates set leased_until = null where ${isKey(key)}`.execute(kysely);
}

export interface Failure {
  readonly text: string;
  /** Pause before the next attempt. */
  readonly delayMs: number;
  /** In a row, this one among them. */
  readonly failures: number;
}

export async function noteFailure(
  { kysely }: Database,
  key: AcmeKey,
  { text, delayMs, failures }: Failure,
): Promise<void> {
  await sql`
    update acme_certificates set leased_until = null, failures = ${failures}, last_error = ${text},
      failed_at = now(), next_attempt_at = now() + make_interval(secs => ${delayMs / 1_000})
    where ${isKey(key)}`.execute(kysely);
}

export interface IssuedCertificate {
  readonly orderId: bigint;
  readonly certificatePem: string;
  readonly sealedKey: Uint8Array;
  readonly notAfterNs: UnixNs;
  readonly renewAtNs: UnixNs;
}

export async function storeCertificate(
  database: Database,
  key: AcmeKey,
  issued: IssuedCertificate,
): Promise<void> {
  await inTransaction(database, async (transaction) => {
    await sql`
      update acme_certificates set leased_until = null, failures = 0, last_error = '', failed_at = null,
        next_attempt_at = now(), certificate_pem = ${issued.certificatePem}, sealed_key = ${issued.sealedKey},
        not_after = ${timestamptzFromNs(issued.notAfterNs)}, issued_at = clock_timestamp(),
        renew_at = ${timestamptzFromNs(issued.renewAtNs)}, renewal_look_at = null
      where ${isKey(key)}`.execute(transaction);
    await sql`update acme_orders set issued_at = now() where id = ${issued.orderId}`.execute(
      transaction,
    );
  });
}

export async function countOrders({ kysely }: Database, key: AcmeKey): Promise<OrdersMade> {
  const { rows } = await sql<OrdersMade>`
    select (count(*) filter (where ordered_at > now() - interval '1 hour'))::int as "inHour",
      (count(*) filter (where names = ${[...key.names]}::text[] and issued_at > now() - interval '7 days'))::int as "issuedInWeek"
    from acme_orders where directory_url = ${key.directoryUrl}`.execute(kysely);
  return rows[0] ?? { inHour: 0, issuedInWeek: 0 };
}

/** Before it is made: whoever dies in the middle has made it all the same. */
export async function noteOrder({ kysely }: Database, key: AcmeKey): Promise<bigint> {
  const { id } = await kysely
    .insertInto("acme_orders")
    .values({
      directory_url: key.directoryUrl,
      names: sql<readonly string[]>`${[...key.names]}::text[]`,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}

export async function showChallenge(
  { kysely }: Database,
  token: string,
  keyAuthorization: string,
): Promise<void> {
  await sql`
    insert into acme_challenges (token, key_authorization, expires_at)
    values (${token}, ${keyAuthorization}, now() + make_interval(secs => ${CHALLENGE_SECONDS}))
    on conflict (token) do update set key_authorization = excluded.key_authorization, expires_at = excluded.expires_at`.execute(
    kysely,
  );
}

export async function findChallenge(
  { kysely }: Database,
  token: string,
): Promise<string | undefined> {
  const row = await kysely
    .selectFrom("acme_challenges")
    .select("key_authorization")
    .where("token", "=", token)
    .where("expires_at", ">", sql<never>`now()`)
    .executeTakeFirst();
  return row?.key_authorization;
}

export interface AccountPlace {
  readonly directoryUrl: string;
  /** The other account that this one is bound to. Empty: none. */
  readonly externalKeyId: string;
}

/** The account's key as PEM, made by whichever process needs it first. */
export async function accountKeyPem(
  { kysely }: Database,
  seal: Seal,
  { directoryUrl, externalKeyId }: AccountPlace,
): Promise<string> {
  const purpose = `ACME account ${directoryUrl}${externalKeyId === "" ? "" : ` ${externalKeyId}`}`;
  const read = (): Promise<{ sealed_key: Uint8Array } | undefined> =>
    kysely
      .selectFrom("acme_accounts")
      .select("sealed_key")
      .where("directory_url", "=", directoryUrl)
      .where("external_key_id", "=", externalKeyId)
      .executeTakeFirst();
  let row = await read();
  if (row === undefined) {
    const { privateKeyDer } = await generateExportableKeyPair("P-256");
    await kysely
      .insertInto("acme_accounts")
      .values({
        directory_url: directoryUrl,
        external_key_id: externalKeyId,
        sealed_key: seal.seal(purpose, privateKeyDer),
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    row = await read();
  }
  return encodePem("PRIVATE KEY", seal.unseal(purpose, row?.sealed_key ?? new Uint8Array()));
}

export interface StoredPair {
  readonly certificatePem: string;
  readonly sealedKey: Uint8Array;
  readonly issuedAt: string;
}

/** Undefined: there is none, or it is the one that was issued at `seen`. */
export async function readPair(
  { kysely }: Database,
  key: AcmeKey,
  seen: string | undefined,
): Promise<StoredPair | undefined> {
  const { rows } = await sql<StoredPair>`
    select certificate_pem as "certificatePem", sealed_key as "sealedKey", issued_at::text as "issuedAt"
    from acme_certificates
    where ${isKey(key)} and certificate_pem is not null and issued_at::text is distinct from ${seen ?? null}::text`.execute(
    kysely,
  );
  return rows[0];
}

/** What the sealed key of a certificate is for. */
export function certificateKeyPurpose({ directoryUrl, names }: AcmeKey): string {
  return `ACME certificate ${directoryUrl} ${names.join(" ")}`;
}

export interface RenewalLook {
  readonly certificatePem: string;
  readonly renewAtNs: UnixNs;
}

/** What the authority is to be asked about now, and not by another process for a while. */
export async function takeRenewalLook(
  { kysely }: Database,
  key: AcmeKey,
  againMs: number,
): Promise<RenewalLook | undefined> {
  const { rows } = await sql<{ certificate_pem: string; renew_at: Timestamptz }>`
    update acme_certificates set renewal_look_at = now() + make_interval(secs => ${againMs / 1_000})
    where ${isKey(key)} and certificate_pem is not null and (renewal_look_at is null or renewal_look_at <= now())
    returning certificate_pem, renew_at`.execute(kysely);
  const [row] = rows;
  return row && { certificatePem: row.certificate_pem, renewAtNs: nsFromTimestamptz(row.renew_at) };
}

/** Unless another one has been issued meanwhile. */
export async function planRenewal(
  { kysely }: Database,
  key: AcmeKey,
  plan: {
    readonly certificatePem: string;
    readonly renewAtNs: UnixNs;
    readonly lookAgainMs: number;
  },
): Promise<void> {
  await sql`
    update acme_certificates set renew_at = least(${timestamptzFromNs(plan.renewAtNs)}::timestamptz, not_after),
      renewal_look_at = now() + make_interval(secs => ${plan.lookAgainMs / 1_000})
    where ${isKey(key)} and certificate_pem = ${plan.certificatePem}`.execute(kysely);
}

/** What became of the last attempt. */
export interface AcmeState {
  readonly renewAtNs: UnixNs | undefined;
  /** Empty: it did not fail. */
  readonly lastError: string;
  readonly failedAtNs: UnixNs | undefined;
  readonly nextAttemptAtNs: UnixNs;
}

/** Undefined: no process has looked after it yet. */
export async function readAcmeState(
  { kysely }: Database,
  key: AcmeKey,
): Promise<AcmeState | undefined> {
  const row = await kysely
    .selectFrom("acme_certificates")
    .select(["renew_at", "last_error", "failed_at", "next_attempt_at"])
    .where(isKey(key))
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    renewAtNs: row.renew_at === null ? undefined : nsFromTimestamptz(row.renew_at),
    lastError: row.last_error,
    failedAtNs: row.failed_at === null ? undefined : nsFromTimestamptz(row.failed_at),
    nextAttemptAtNs: nsFromTimestamptz(row.next_attempt_at),
  };
}

function isKey({ directoryUrl, names }: AcmeKey): RawBuilder<boolean> {
  return sql<boolean>`directory_url = ${directoryUrl} and names = ${[...names]}::text[]`;
}
