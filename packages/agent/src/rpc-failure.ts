// What to do about a call that failed. Codes decide, never texts: ours from the response header, else Connect's.

import { Code, ConnectError } from "@connectrpc/connect";
import { ERROR_CODES, type ErrorCode } from "@truechimer/base";

/** Response header with our own code, finer than Connect's. */
const ERROR_CODE_HEADER = "truechimer-error-code";
const RETRY_AFTER_HEADER = "retry-after";
/** Longer waits that a peer asks for are cut, so that a bad value does not stop an agent for good. */
const RETRY_AFTER_MS_MAX = 600_000;

export interface RpcFailure {
  /** Our code if the peer sent one, else Connect's name of its code. For logs and metrics. */
  readonly code: string;
  /** What the peer said, or that none is there; for people. */
  readonly message: string;
  /** How long the peer asked to be left alone. */
  readonly retryAfterMs: number | undefined;
  /** Sending the same again cannot succeed. */
  readonly final: boolean;
  /** The peer speaks, but not our version of submissions; only a peer without our codes can fail so. */
  readonly versionMayBeTooNew: boolean;
  /** The monitor is not live, or not ours to speak for: its work ends until that changes. */
  readonly monitorRefused: boolean;
  /** The peer answered, and what failed is its own doing with this very request: others may fare better. */
  readonly peerFailed: boolean;
}

/** Refusals that the same request will always meet. A ticket that has ended is one of them. */
const FINAL_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "bad_request",
  "bad_ticket",
  "ticket_expired",
  "bad_result_time",
  "batch_out_of_order",
  "unassigned_server",
  "unsupported_version",
  "not_found",
  "conflict",
]);

const FINAL_CONNECT_CODES: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.AlreadyExists,
  Code.FailedPrecondition,
  Code.OutOfRange,
  Code.Unimplemented,
]);

const REFUSAL_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["monitor_not_live", "forbidden"]);

const PEER_FAULT_CODES: ReadonlySet<Code> = new Set([Code.Internal, Code.Unknown, Code.DataLoss]);

/** The NTP Pool's control plane reports each of its own refusals as `unknown`. */
const VERSION_REFUSAL_CODES: ReadonlySet<Code> = new Set([Code.InvalidArgument, Code.Unknown]);

export function rpcFailureFrom(cause: unknown): RpcFailure {
  const error = ConnectError.from(cause);
  const ours = ourCode(error) ?? unreachableCode(error);
  return {
    code: ours ?? connectCodeName(error.code),
    message: ours === "peer_unreachable" ? unreachableText(error) : error.rawMessage,
    retryAfterMs: retryAfterMs(error),
    final: ours === undefined ? FINAL_CONNECT_CODES.has(error.code) : FINAL_CODES.has(ours),
    monitorRefused:
      ours === undefined ? error.code === Code.PermissionDenied : REFUSAL_CODES.has(ours),
    peerFailed: ours === undefined ? PEER_FAULT_CODES.has(error.code) : ours === "internal",
    versionMayBeTooNew: ours === undefined && VERSION_REFUSAL_CODES.has(error.code),
  };
}

function ourCode(error: ConnectError): ErrorCode | undefined {
  const text = error.metadata.get(ERROR_CODE_HEADER);
  return ERROR_CODES.find((code) => code === text);
}

/** What Connect says of a refused connection and of a name without an address, and proxies of a peer that is away. */
function unreachableCode({ code, metadata }: ConnectError): ErrorCode | undefined {
  return code === Code.Unavailable && !metadata.has(ERROR_CODE_HEADER)
    ? "peer_unreachable"
    : undefined;
}

function unreachableText({ rawMessage }: ConnectError): string {
  return `the control plane cannot be reached (${rawMessage}): check its address, and that it runs`;
}

/** "deadline_exceeded" of `DeadlineExceeded`. */
function connectCodeName(code: Code): string {
  return (Code[code] ?? "Unknown").replace(/(?<=[a-z])(?=[A-Z])/g, "_").toLowerCase();
}

function retryAfterMs(error: ConnectError): number | undefined {
  const seconds = Number(error.metadata.get(RETRY_AFTER_HEADER) ?? "");
  if (!Number.isFinite(seconds) || seconds <= 0) return;
  return Math.min(seconds * 1_000, RETRY_AFTER_MS_MAX);
}
