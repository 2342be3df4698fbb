// The two tiers of the certificate authority as they stand in the database, the same for all replicas: made by whoever
// comes first, under a lock, and read by the others. The root's key is opened only to sign an issuing authority.

import { AppError, type Clock, type Random } from "@truechimer/base";
import {
  type AuthorityTierName,
  advisoryLockId,
  type Database,
  inTransaction,
  type Schema,
  timestamptzFromNs,
} from "@truechimer/database";
import {
  type Certificate,
  type CertificateProfile,
  createSerialNumber,
  encodeName,
  generateExportableKeyPair,
  generateSigner,
  hexFromBytes,
  ISSUING_PROFILE,
  type IssuerFacts,
  importSigner,
  issueCertificate,
  keyIdentifierOf,
  parseCertificate,
  parsePublicKey,
  ROOT_PROFILE,
  renewalPlan,
  type Signer,
  sha256,
  signatureAlgorithmFor,
  validityFor,
  verifyChain,
} from "@truechimer/pki";
import { sql, type Transaction } from "kysely";
import type { Seal } from "./seal.ts";

const YEAR_MS = 365 * 86_400_000;
/** Agents are given the root once, when they enrol; it must outlast them. */
const ROOT_LIFETIME_MS = 20 * YEAR_MS;
/** Replaced in its last third, long before what it signs would be cut short. */
const ISSUING_LIFETIME_MS = 5 * YEAR_MS;
/** A replaced issuing authority stays as long as what it signed; this many is a century. */
const AUTHORITIES_MAX = 100;

export interface Authority {
  readonly id: bigint;
  readonly tier: AuthorityTierName;
  readonly certificate: Certificate;
}

export interface Authorities {
  readonly root: Authority;
  readonly issuing: Authority & { readonly signer: Signer; readonly facts: IssuerFacts };
  /** All issuing ones, also those that sign no more: what they signed holds on. */
  readonly trusted: readonly Certificate[];
  /** What the lints read is signed by this one, and trusted by nobody. */
  readonly throwAwaySigner: Signer;
}

export interface AuthorityWorld {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly seal: Seal;
}

/** Makes what is missing or due for replacement. Fails with master_key_wrong where the keys do not open. */
export async function loadAuthorities(world: AuthorityWorld): Promise<Authorities> {
  const present = await readAuthorities(world.database.kysely);
  const complete = isComplete(world, present) ? present : await makeMissing(world);
  const root = signing(complete, "root");
  const issuing = signing(complete, "issuing");
  const problem = await chainProblem(world, root.certificate, issuing.certificate);
  if (problem !== undefined) {
    throw new AppError(
      "internal",
      `the certificate authority cannot be used: ${problem}; if this host's clock is right, restore the table certificate_authorities from a backup`,
    );
  }
  const trusted = await hangingFrom(world, root.certificate, complete);
  return {
    root,
    issuing: {
      ...issuing,
      signer: await openSigner(world.seal, issuing),
      facts: issuerFacts(issuing.certificate),
    },
    trusted,
    throwAwaySigner: await generateSigner("P-256"),
  };
}

interface StoredAuthority extends Authority {
  readonly sealedKey: Uint8Array;
  readonly signs: boolean;
}

async function readAuthorities(
  kysely: Pick<Transaction<Schema>, "selectFrom">,
): Promise<readonly StoredAuthority[]> {
  const rows = await kysely
    .selectFrom("certificate_authorities")
    .select(["id", "tier", "certificate", "sealed_key", "retired_at"])
    .orderBy("id", "desc")
    .limit(AUTHORITIES_MAX)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    tier: row.tier,
    certificate: storedCertificate(row.id, row.certificate),
    sealedKey: row.sealed_key,
    signs: row.retired_at === null,
  }));
}

function storedCertificate(id: bigint, der: Uint8Array): Certificate {
  const certificate = parseCertificate(der);
  if (certificate.ok) return certificate.value;
  throw new AppError(
    "internal",
    `the certificate of the authority ${id} cannot be read: ${certificate.error}; restore its row from a backup`,
  );
}

function isComplete({ clock }: AuthorityWorld, present: readonly StoredAuthority[]): boolean {
  const issuing = present.find(({ tier, signs }) => signs && tier === "issuing");
  const root = present.find(({ tier, signs }) => signs && tier === "root");
  return (
    root !== undefined &&
    issuing !== undefined &&
    !renewalPlan(issuing.certificate, clock.nowNs()).due
  );
}

/** Of a tier, the one that signs. */
function signing(all: readonly StoredAuthority[], wanted: AuthorityTierName): StoredAuthority {
  const found = all.find(({ tier, signs }) => signs && tier === wanted);
  if (found !== undefined) return found;
  throw new AppError("internal", `there is no ${wanted} authority that signs`);
}

/** Absent: it hangs from the root, now. */
async function chainProblem(
  { clock }: AuthorityWorld,
  root: Certificate,
  issuing: Certificate,
): Promise<string | undefined> {
  const nowNs = clock.nowNs();
  const chain = await verifyChain({ leaf: issuing, intermediates: [], roots: [root], nowNs });
  return chain.ok ? undefined : chain.error;
}

async function hangingFrom(
  world: AuthorityWorld,
  root: Certificate,
  all: readonly StoredAuthority[],
): Promise<readonly Certificate[]> {
  const trusted: Certificate[] = [];
  for (const { tier, certificate } of all) {
    if (tier !== "issuing") continue;
    if ((await chainProblem(world, root, certificate)) === undefined) trusted.push(certificate);
  }
  return trusted;
}

/** Two replicas on an empty database come here at once; the second finds what the first one made. */
function makeMissing(world: AuthorityWorld): Promise<readonly StoredAuthority[]> {
  return inTransaction(world.database, async (transaction) => {
    const lock = advisoryLockId("authorities");
    await sql`select pg_advisory_xact_lock(${lock})`.execute(transaction);
    const present = await readAuthorities(transaction);
    if (isComplete(world, present)) return present;
    const root =
      present.find(({ tier, signs }) => signs && tier === "root") ??
      (await makeAuthority(world, transaction, { profile: ROOT_PROFILE }));
    await transaction
      .updateTable("certificate_authorities")
      .set({ retired_at: sql`now()` })
      .where("tier", "=", "issuing")
      .where("retired_at", "is", null)
      .execute();
    await makeAuthority(world, transaction, { profile: ISSUING_PROFILE, parent: root });
    return readAuthorities(transaction);
  });
}

interface NewAuthority {
  readonly profile: CertificateProfile;
  /** Absent: it signs itself. */
  readonly parent?: StoredAuthority;
}

async function makeAuthority(
  world: AuthorityWorld,
  transaction: Transaction<Schema>,
  { profile, parent }: NewAuthority,
): Promise<StoredAuthority> {
  const tier: AuthorityTierName = parent === undefined ? "root" : "issuing";
  const curve = profile.curves[0] ?? "P-256";
  const pair = await generateExportableKeyPair(curve);
  const keyIdentifier = await keyIdentifierOf(pair.publicKey);
  const subject = {
    organization: "Truechimer",
    commonName: `Truechimer ${tier} ${hexFromBytes(keyIdentifier).slice(0, 8)}`,
  };
  const validity = validityFor({
    profile,
    nowNs: world.clock.nowNs(),
    lifetimeMs: parent === undefined ? ROOT_LIFETIME_MS : ISSUING_LIFETIME_MS,
    ...(parent !== undefined && { issuerNotAfterNs: parent.certificate.notAfterNs }),
  });
  if (!validity.ok) {
    throw new AppError(
      "internal",
      `no ${tier} authority can be made: ${validity.error}; a new root is needed`,
    );
  }
  const own = {
    subjectDer: encodeName(subject),
    keyIdentifier,
    algorithm: signatureAlgorithmFor(curve),
    notAfterNs: validity.value.notAfterNs,
  };
  const signer =
    parent === undefined
      ? await importSigner(pair.privateKeyDer, pair.publicKey)
      : await openSigner(world.seal, parent);
  const certificate = await issueCertificate({
    plan: {
      profile,
      serial: createSerialNumber(world.random),
      subject,
      dnsNames: [],
      ipAddresses: [],
      publicKey: pair.publicKey,
      validity: validity.value,
      issuer: parent === undefined ? own : issuerFacts(parent.certificate),
    },
    signer,
    throwAwaySigner: await generateSigner(signer.publicKey.curve.name),
  });
  const sealedKey = world.seal.seal(keyPurpose(tier, keyIdentifier), pair.privateKeyDer);
  const { id } = await transaction
    .insertInto("certificate_authorities")
    .values({
      tier,
      parent_id: parent?.id ?? null,
      common_name: subject.commonName,
      serial: certificate.serial,
      certificate: certificate.der,
      fingerprint: await sha256(certificate.der),
      key_identifier: keyIdentifier,
      sealed_key: sealedKey,
      not_before: timestamptzFromNs(certificate.notBeforeNs),
      not_after: timestamptzFromNs(certificate.notAfterNs),
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  await transaction
    .insertInto("events")
    .values({
      kind: "authority_created",
      text: `the certificate authority "${subject.commonName}" was made`,
    })
    .execute();
  return { id, tier, certificate, sealedKey, signs: true };
}

/** What the sealed key is for: it does not open for another tier or another certificate. */
function keyPurpose(tier: AuthorityTierName, keyIdentifier: Uint8Array): string {
  return `certificate authority ${tier} ${hexFromBytes(keyIdentifier)}`;
}

async function openSigner(seal: Seal, authority: StoredAuthority): Promise<Signer> {
  const { certificate, sealedKey, tier } = authority;
  const { keyIdentifier } = issuerFacts(certificate);
  const publicKey = parsePublicKey(certificate.publicKeyDer);
  if (!publicKey.ok) throw new AppError("internal", publicKey.error);
  return importSigner(seal.unseal(keyPurpose(tier, keyIdentifier), sealedKey), publicKey.value);
}

function issuerFacts(certificate: Certificate): IssuerFacts {
  const key = parsePublicKey(certificate.publicKeyDer);
  const keyIdentifier = certificate.subjectKeyIdentifier;
  if (!key.ok || keyIdentifier === undefined) {
    throw new AppError(
      "internal",
      `the certificate of ${certificate.subjectCommonName ?? "an authority"} is not one of our making`,
    );
  }
  return {
    subjectDer: certificate.subjectDer,
    keyIdentifier,
    algorithm: signatureAlgorithmFor(key.value.curve.name),
    notAfterNs: certificate.notAfterNs,
  };
}
