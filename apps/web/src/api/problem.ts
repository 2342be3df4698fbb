// What went wrong, in the product's own codes, and what a person can do about it.

import { Code, ConnectError } from "@connectrpc/connect";

/** The header in which the server names its own code beside Connect's. */
const CODE_HEADER = "truechimer-error-code";

export interface Problem {
  /** A code of the errors reference. */
  readonly code: string;
  readonly message: string;
  /** One sentence: what to do. */
  readonly remedy: string;
}

const CODES: Partial<Record<Code, string>> = {
  [Code.InvalidArgument]: "bad_request",
  [Code.Unauthenticated]: "unauthenticated",
  [Code.PermissionDenied]: "forbidden",
  [Code.NotFound]: "not_found",
  [Code.AlreadyExists]: "conflict",
  [Code.Aborted]: "conflict",
  [Code.ResourceExhausted]: "limit_exceeded",
  [Code.Unavailable]: "peer_unreachable",
  [Code.DeadlineExceeded]: "peer_unreachable",
  [Code.Canceled]: "peer_unreachable",
};

const REMEDIES: Readonly<Record<string, string>> = {
  bad_request: "Correct what the message names and try again.",
  bad_filter: "Correct the character that the message names; the filter language is in the help.",
  bad_address:
    "Write a name or an address, with a port if it is not 123: ntp.example.net, 192.0.2.1:1123, [2001:db8::1]:123.",
  name_unresolved:
    "Check the spelling, and that the server's resolver knows the name; or add it by address.",
  address_refused:
    "Private and loopback targets are refused by default; the policy is a setting of the server.",
  unauthenticated: "Sign in again, or open the address that the server printed at its start.",
  forbidden: "Whoever is signed in here may not do that. Ask an admin.",
  not_found: "It may have been removed, or be older than what is kept. Go back to the list.",
  conflict: "Somebody else changed it meanwhile. Look at it again, then repeat.",
  limit_exceeded: "Do it in smaller parts, or wait a minute.",
  peer_unreachable:
    "The server did not answer. The page tries again by itself; see that it is running.",
  database_unreachable:
    "The server cannot reach its database. See that PostgreSQL runs; it reconnects by itself.",
  database_busy: "The database is busy. The page tries again by itself.",
  disk_full: "Free space on the server's disk; nothing that was acknowledged is lost.",
  internal: "This is a fault of ours. The server's log has the whole cause.",
};

/** Turns whatever was thrown into a problem that can be shown. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ConnectError) {
    const code = error.metadata.get(CODE_HEADER) ?? CODES[error.code] ?? "internal";
    return { code, message: error.rawMessage || "no message", remedy: remedyFor(code) };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: "internal", message, remedy: remedyFor("internal") };
}

/** One sentence for a code; for one that the page does not know, where to look. */
export function remedyFor(code: string): string {
  return REMEDIES[code] ?? "The errors reference tells what to do.";
}

/** True when the server itself answered, even if it refused. */
export function wasAnswered(error: unknown): boolean {
  if (!(error instanceof ConnectError)) return false;
  if (error.metadata.has(CODE_HEADER)) return true;
  return ![Code.Unavailable, Code.DeadlineExceeded, Code.Canceled, Code.Unknown].includes(
    error.code,
  );
}

/** True when trying the same again can help. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof ConnectError)) return false;
  return [Code.Unavailable, Code.DeadlineExceeded, Code.Unknown, Code.Aborted].includes(error.code);
}
