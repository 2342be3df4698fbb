// A certificate over the agent's own key, from AgentService. A control plane of the NTP Pool has no such service, and may
// refuse a connection without a certificate before it could say so.

import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { agentV1 } from "@truechimer/api";
import { AppError, ERROR_CODES, type ErrorCode } from "@truechimer/base";
import { rpcFailureFrom } from "../rpc-failure.ts";
import type { ControlPlaneCall, IssuedAnswer } from "./control-plane.ts";

/** Signing is quick; the time is for the connection. */
const RENEW_TIMEOUT_MS = 30_000;
const ANSWER_BYTES_MAX = 256 * 1_024;

export interface RenewByServiceOptions extends ControlPlaneCall {
  readonly csrDer: Uint8Array;
  readonly bearer: string | undefined;
  readonly userAgent: string;
}

/** Undefined: there is no such service. */
export async function renewByService(
  options: RenewByServiceOptions,
): Promise<IssuedAnswer | undefined> {
  const { csrDer, bearer, userAgent, signal } = options;
  const client = createClient(agentV1.AgentService, agentServiceTransport(options));
  const headers = new Headers({ "user-agent": userAgent });
  if (bearer !== undefined) headers.set("authorization", `Bearer ${bearer}`);
  try {
    const answer = await client.renewCertificate(
      { csrDer },
      { headers, signal, timeoutMs: RENEW_TIMEOUT_MS },
    );
    return { certificatePem: answer.certificatePem, rootPem: answer.rootPem };
  } catch (error) {
    signal.throwIfAborted();
    if (hasNoSuchService(error)) return;
    throw appErrorFromRpc(error);
  }
}

export interface ServiceAddress {
  readonly monitorUrl: string;
  readonly pair: { readonly certificatePem: string; readonly keyPem: string } | undefined;
  readonly rootPem: string | undefined;
}

/** One connection a call: such calls are days apart. */
export function agentServiceTransport({ monitorUrl, pair, rootPem }: ServiceAddress): Transport {
  return createConnectTransport({
    baseUrl: monitorUrl,
    httpVersion: "1.1",
    useBinaryFormat: true,
    readMaxBytes: ANSWER_BYTES_MAX,
    nodeOptions: {
      agent: false,
      ...(rootPem === undefined ? {} : { ca: rootPem }),
      ...(pair === undefined ? {} : { cert: pair.certificatePem, key: pair.keyPem }),
    },
  });
}

export function appErrorFromRpc(cause: unknown): AppError {
  const { code, message, retryAfterMs } = rpcFailureFrom(cause);
  const options = { cause, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  return new AppError(ourCode(code), message, options);
}

/** Connect's own words for what has a code of ours. */
const CODES_OF_CONNECT: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ["permission_denied", "forbidden"],
  ["invalid_argument", "bad_request"],
  ["already_exists", "conflict"],
  ["resource_exhausted", "limit_exceeded"],
  ["deadline_exceeded", "peer_unreachable"],
]);

function ourCode(code: string): ErrorCode {
  return ERROR_CODES.find((known) => known === code) ?? CODES_OF_CONNECT.get(code) ?? "bad_answer";
}

/** `tlsv13 alert certificate required`, in OpenSSL's name. */
const CERTIFICATE_REQUIRED = "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED";

function hasNoSuchService(cause: unknown): boolean {
  const error = ConnectError.from(cause);
  if (error.code === Code.Unimplemented) return true;
  const inner: unknown = error.cause;
  return inner instanceof Error && "code" in inner && inner.code === CERTIFICATE_REQUIRED;
}
