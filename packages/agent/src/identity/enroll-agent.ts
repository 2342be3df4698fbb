// Enrolment with a one-time token. The key is made here and never leaves; what is sent is the request for a certificate
// over it. The enrolment is written down before it is sent: when the answer is lost, or this process, the same command
// sends the same enrolment again, and the token is not lost.

import { createHash } from "node:crypto";
import { createClient } from "@connectrpc/connect";
import { agentV1 } from "@truechimer/api";
import { AppError, type Clock, createUlid, type IpAddress, type Random } from "@truechimer/base";
import { type CertificatePair, parseCertificatePair } from "./certificate-pair.ts";
import {
  type CertificateRequest,
  createCertificateRequest,
  requestOverKey,
} from "./certificate-request.ts";
import { type EnrolmentToken, isRootOf, parseEnrolmentToken } from "./enrolment-token.ts";
import { fetchPinnedRoot } from "./pinned-root.ts";
import { agentServiceTransport, appErrorFromRpc } from "./renew-by-service.ts";
import { rootOfChain } from "./root-of-chain.ts";
import { EMPTY_STATE } from "./state-file.ts";
import type { StateStore } from "./state-store.ts";

export interface EnrollOptions {
  /** Address of the control plane, such as "https://pool.example:8124". */
  readonly serverUrl: string;
  /** As a person was shown it. A secret. */
  readonly token: string;
  readonly hostname: string;
  /** The agent's own addresses, at most one a family. */
  readonly addresses: readonly IpAddress[];
  readonly store: StateStore;
  readonly userAgent: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

export interface Enrolled {
  readonly tlsName: string;
  readonly agentUrl: string;
  readonly pair: CertificatePair;
}

const ENROLL_TIMEOUT_MS = 30_000;

/** Throws usage, enrolment_refused, peer_unreachable, bad_answer, and what the control plane names. */
export async function enrollAgent(options: EnrollOptions): Promise<Enrolled> {
  const token = parseEnrolmentToken(options.token);
  if (!token.ok) throw new AppError("usage", token.error);
  const { serverUrl, store, signal } = options;
  const pinned = await fetchPinnedRoot({ ...options, token: token.value });
  const begun = await beginEnrolment(options, token.value);
  const answer = await sendEnrolment({ options, token: token.value, begun, rootPem: pinned });
  signal.throwIfAborted();
  const pair = checkedPair({ answer, begun, token: token.value });
  // The key last: it wakes an agent that runs here, and by then all that it needs is there.
  await store.storeRoot(answer.rootPem);
  await store.storeEnrolment({ serverUrl, agentUrl: answer.agentUrl || serverUrl });
  await store.storePair(pair);
  await store.changeState(
    (state) => ({ ...state, apiKey: answer.apiKey, tlsName: answer.tlsName }),
    EMPTY_STATE,
  );
  await store.removeFile(PENDING_FILE);
  return { tlsName: answer.tlsName, agentUrl: answer.agentUrl || serverUrl, pair };
}

const PENDING_FILE = "pending-enrolment.json";

interface BegunEnrolment extends CertificateRequest {
  readonly enrolmentId: string;
}

/** The one that was begun with this token before, or a new one, written down. */
async function beginEnrolment(
  { store, clock, random }: EnrollOptions,
  token: EnrolmentToken,
): Promise<BegunEnrolment> {
  const tokenDigest = createHash("sha256").update(token.text).digest("hex");
  const before = parsePending(await store.readFile(PENDING_FILE));
  if (before?.token_digest === tokenDigest) {
    return {
      enrolmentId: before.enrolment_id,
      keyPem: before.key_pem,
      csrDer: await requestOverKey(before.key_pem),
    };
  }
  const request = await createCertificateRequest();
  const pending: PendingEnrolment = {
    enrolment_id: createUlid(clock, random),
    token_digest: tokenDigest,
    key_pem: request.keyPem,
  };
  await store.storeFile(PENDING_FILE, `${JSON.stringify(pending, undefined, 2)}\n`);
  return { ...request, enrolmentId: pending.enrolment_id };
}

interface PendingEnrolment {
  readonly enrolment_id: string;
  readonly token_digest: string;
  readonly key_pem: string;
}

/** A file that cannot be used is as good as none: the enrolment begins anew. */
function parsePending(text: string | undefined): PendingEnrolment | undefined {
  try {
    const raw = JSON.parse(text ?? "null") as Partial<PendingEnrolment> | null;
    const fields = [raw?.enrolment_id, raw?.token_digest, raw?.key_pem];
    return fields.every((field) => typeof field === "string")
      ? (raw as PendingEnrolment)
      : undefined;
  } catch {
    return undefined;
  }
}

interface SendOptions {
  readonly options: EnrollOptions;
  readonly token: EnrolmentToken;
  readonly begun: BegunEnrolment;
  readonly rootPem: string | undefined;
}

async function sendEnrolment({
  options,
  token,
  begun,
  rootPem,
}: SendOptions): Promise<agentV1.EnrollResponse> {
  const { serverUrl, hostname, addresses, userAgent, signal } = options;
  const transport = agentServiceTransport({ monitorUrl: serverUrl, pair: undefined, rootPem });
  const client = createClient(agentV1.AgentService, transport);
  try {
    return await client.enroll(
      {
        token: token.text,
        hostname,
        csrDer: begun.csrDer,
        addresses: addresses.map(({ text }) => text),
        enrolmentId: begun.enrolmentId,
      },
      { headers: { "user-agent": userAgent }, signal, timeoutMs: ENROLL_TIMEOUT_MS },
    );
  } catch (error) {
    signal.throwIfAborted();
    throw appErrorFromRpc(error);
  }
}

interface CheckOptions {
  readonly answer: agentV1.EnrollResponse;
  readonly begun: BegunEnrolment;
  readonly token: EnrolmentToken;
}

/** What a server says over a connection without TLS is held against the token too. */
function checkedPair({ answer, begun, token }: CheckOptions): CertificatePair {
  const { certificatePem, rootPem, tlsName, apiKey } = answer;
  const root = rootOfChain({ certificatePem, rootPem });
  if (!root.ok) throw badEnrolment(root.error);
  if (!isRootOf(token, root.value)) {
    throw badEnrolment("its root is not the one that the enrolment token names");
  }
  const pair = parseCertificatePair({ certificatePem, keyPem: begun.keyPem });
  if (!pair.ok) throw badEnrolment(pair.error);
  if (tlsName === "" || !pair.value.dnsNames.includes(tlsName)) {
    throw badEnrolment("its certificate is not for the name that it gave");
  }
  if (apiKey === "") throw badEnrolment("it has no API key");
  return pair.value;
}

function badEnrolment(why: string): AppError {
  return new AppError("bad_answer", `the control plane's enrolment is not used: ${why}`);
}
