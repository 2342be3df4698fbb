// A run of the loop `acme`: orders the dashboard's certificate when there is none, and anew when it is due. What fails is
// written down, told in the log, and tried again later; the certificate that there is stays in use meanwhile.

import { readFile } from "node:fs/promises";
import { AppError, type Clock, unixMsFromNs } from "@truechimer/base";
import {
  type Certificate,
  createCertificateRequest,
  decodePem,
  generateExportableKeyPair,
  importSigner,
  parseCertificate,
  renewAfter,
} from "@truechimer/pki";
import type { Seal } from "../ca/seal.ts";
import type { ServerContext } from "../context.ts";
import { orderProblem, retryDelayMs } from "./acme-pace.ts";
import { parsedJson, retryAfter } from "./acme-problem.ts";
import {
  accountKeyPem,
  certificateKeyPurpose,
  countOrders,
  endLease,
  type LeasedCertificate,
  leaseDue,
  noteFailure,
  noteOrder,
  planRenewal,
  prepareAcme,
  showChallenge,
  storeCertificate,
  takeRenewalLook,
} from "./acme-rows.ts";
import { type AcmeSession, openSession } from "./acme-session.ts";
import type { AcmeSettings } from "./acme-settings.ts";
import { orderCertificate } from "./order-certificate.ts";
import { drawRenewal, parseRenewalWindow, renewalId } from "./renewal-window.ts";

export type AcmeWorld = Pick<ServerContext, "database" | "clock" | "random" | "logger"> & {
  readonly seal: Seal;
};

/** RFC 9773, section 4.3.2: six hours where the authority says nothing; its own wish, within reason. */
const LOOK_AGAIN_MS = 6 * 3_600_000;
const LOOK_AGAIN_MS_MIN = 60_000;
const LOOK_AGAIN_MS_MAX = 86_400_000;
/** Where a limit does not say when it ends. */
const LIMIT_AGAIN_MS = 3_600_000;
const ERROR_CHARACTERS_MAX = 1_000;

/** Fails only when the database does. */
export async function runAcme(
  world: AcmeWorld,
  settings: AcmeSettings,
  signal: AbortSignal,
): Promise<void> {
  const { database, logger } = world;
  await prepareAcme(database, settings);
  await lookAtRenewal(world, settings, signal);
  const due = await leaseDue(database, settings);
  if (due === undefined) return;
  const limit = orderProblem(await countOrders(database, settings));
  if (limit !== undefined) return await waitForLimit(world, settings, due, limit);
  try {
    const certificate = await order(world, settings, due, signal);
    logger.info(
      { names: settings.names, serial: certificate.serial },
      "the dashboard's certificate was issued by ACME",
    );
  } catch (error) {
    if (signal.aborted) return await endLease(database, settings);
    const failures = due.failures + 1;
    const delayMs = retryDelayMs({ failures, error, random: world.random });
    await noteFailure(database, settings, { text: errorText(error), delayMs, failures });
    logFailure(world, settings, due, { error, delayMs });
  }
}

/** Our own limit troubles no authority, so no later pause grows by it. */
async function waitForLimit(
  world: AcmeWorld,
  settings: AcmeSettings,
  due: LeasedCertificate,
  limit: AppError,
): Promise<void> {
  const delayMs = limit.retryAfterMs ?? LIMIT_AGAIN_MS;
  const { failures } = due;
  await noteFailure(world.database, settings, { text: errorText(limit), delayMs, failures });
  logFailure(world, settings, due, { error: limit, delayMs });
}

function logFailure(
  { logger }: AcmeWorld,
  { names }: AcmeSettings,
  { certificatePem }: LeasedCertificate,
  { error, delayMs }: { readonly error: unknown; readonly delayMs: number },
): void {
  logger.error(
    { error, names, retryInMs: Math.round(delayMs) },
    certificatePem === undefined
      ? "the dashboard's certificate was not issued by ACME; it has one of the built-in authority meanwhile"
      : "the dashboard's certificate was not renewed by ACME; the one before stays",
  );
}

async function order(
  world: AcmeWorld,
  settings: AcmeSettings,
  { certificatePem: before }: LeasedCertificate,
  signal: AbortSignal,
): Promise<Certificate> {
  const { database, seal, clock } = world;
  const session = await sessionWith(world, settings, signal);
  await session.openAccount({
    contact: settings.email === undefined ? [] : [`mailto:${settings.email}`],
    ...(settings.externalAccount === undefined ? {} : { external: settings.externalAccount }),
  });
  const pair = await generateExportableKeyPair("P-256");
  const signer = await importSigner(pair.privateKeyDer, pair.publicKey);
  const orderId = await noteOrder(database, settings);
  const certificatePem = await orderCertificate({
    session,
    clock,
    signal,
    names: settings.names,
    request: await createCertificateRequest(signer, ...settings.names),
    replaces: before === undefined ? undefined : renewalId(leafOf(before)),
    showChallenge: (token, answer) => showChallenge(database, token, answer),
  });
  const leaf = leafOf(certificatePem);
  checkIssued(leaf, { ...settings, publicKeyDer: pair.publicKey.der, clock });
  await storeCertificate(database, settings, {
    orderId,
    certificatePem,
    sealedKey: seal.seal(certificateKeyPurpose(settings), pair.privateKeyDer),
    notAfterNs: leaf.notAfterNs,
    renewAtNs: renewAfter(leaf),
  });
  return leaf;
}

async function sessionWith(
  { database, seal }: AcmeWorld,
  { directoryUrl, caFile, externalAccount }: AcmeSettings,
  signal: AbortSignal,
): Promise<AcmeSession> {
  return openSession({
    directoryUrl,
    authoritiesPem: caFile === undefined ? undefined : await rootFile(caFile),
    accountKeyPem: await accountKeyPem(database, seal, {
      directoryUrl,
      externalKeyId: externalAccount?.keyId ?? "",
    }),
    signal,
  });
}

async function rootFile(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new AppError(
      "config_unreadable",
      `acme.ca_file: ${file} cannot be read: check the path and that this account may read it`,
      { cause },
    );
  }
}

/** What is served must fit, whatever the authority sent. */
function checkIssued(
  leaf: Certificate,
  wanted: {
    readonly names: readonly string[];
    readonly publicKeyDer: Uint8Array;
    readonly clock: Clock;
  },
): void {
  const dnsNames = new Set(leaf.alternativeNames?.dnsNames.map((name) => name.toLowerCase()));
  const missing = wanted.names.filter((name) => !dnsNames.has(name));
  if (missing.length > 0 || !Buffer.from(leaf.publicKeyDer).equals(wanted.publicKeyDer)) {
    throw new AppError(
      "bad_answer",
      `the ACME authority issued a certificate of another key, or without ${missing.join(", ")}`,
    );
  }
  const nowNs = wanted.clock.nowNs();
  if (nowNs >= leaf.notBeforeNs && nowNs <= leaf.notAfterNs) return;
  throw new AppError(
    "certificate_refused",
    `the ACME authority issued a certificate for ${day(leaf.notBeforeNs)} to ${day(leaf.notAfterNs)}, and by this host's clock it is ${day(nowNs)}: set the clock`,
  );
}

/** The authority may want it sooner, or later: when it must revoke many, or has much to do. */
async function lookAtRenewal(
  world: AcmeWorld,
  settings: AcmeSettings,
  signal: AbortSignal,
): Promise<void> {
  const { database, random, logger } = world;
  const look = await takeRenewalLook(database, settings, LOOK_AGAIN_MS);
  const id = look && renewalId(leafOf(look.certificatePem));
  if (look === undefined || id === undefined) return;
  try {
    const session = await sessionWith(world, settings, signal);
    const resource = session.resource("renewalInfo");
    if (resource === undefined) return;
    const answer = await session.get(`${resource.replace(/\/$/, "")}/${id}`);
    const window = answer.status === 200 ? parseRenewalWindow(parsedJson(answer.text)) : undefined;
    if (window === undefined) return;
    const againMs = retryAfter(answer.header("retry-after")) ?? LOOK_AGAIN_MS;
    await planRenewal(database, settings, {
      certificatePem: look.certificatePem,
      renewAtNs: drawRenewal(window, look.renewAtNs, random),
      lookAgainMs: Math.min(Math.max(againMs, LOOK_AGAIN_MS_MIN), LOOK_AGAIN_MS_MAX),
    });
  } catch (error) {
    // Without it the last third of the life is as good.
    if (!signal.aborted) logger.warn({ error }, "the ACME authority did not say when to renew");
  }
}

/** The first certificate of a chain. */
function leafOf(chainPem: string): Certificate {
  const blocks = decodePem("CERTIFICATE", chainPem);
  const leaf = blocks.ok ? parseCertificate(blocks.value[0] ?? new Uint8Array()) : blocks;
  if (leaf.ok) return leaf.value;
  throw new AppError("bad_answer", `the ACME authority sent what is no certificate: ${leaf.error}`);
}

function errorText(error: unknown): string {
  const text =
    error instanceof AppError ? `${error.code}: ${error.message}` : "internal: see the log";
  return text.slice(0, ERROR_CHARACTERS_MAX);
}

function day(atNs: bigint): string {
  return new Date(unixMsFromNs(atNs)).toISOString().slice(0, 10);
}
