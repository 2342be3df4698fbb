// An API key between the decision that makes it and the agent's first use of it. Until then the answer that told it may
// have been lost, so it is kept, sealed for its own row alone.

import { AppError } from "@truechimer/base";
import type { Seal } from "../ca/seal.ts";
import type { ServerContext } from "../context.ts";

export interface WaitingKey {
  /** Of the registration, or of the enrolment token. */
  readonly id: string;
  readonly apiKey: string;
}

export function sealKey(context: ServerContext, { id, apiKey }: WaitingKey): Uint8Array {
  return requireSeal(context).seal(purposeOf(id), new TextEncoder().encode(apiKey));
}

export function unsealKey(
  context: ServerContext,
  { id, sealed }: { readonly id: string; readonly sealed: Uint8Array },
): string {
  return new TextDecoder().decode(requireSeal(context).unseal(purposeOf(id), sealed));
}

function purposeOf(id: string): string {
  return `api key that waits: ${id}`;
}

function requireSeal({ seal }: ServerContext): Seal {
  if (seal === undefined) throw masterKeyMissing();
  return seal;
}

/** Certificates, tokens and keys that wait all need one. */
export function masterKeyMissing(): AppError {
  return new AppError(
    "master_key_missing",
    "the control plane has no master key, so it takes in no agents: its operator names one with secrets.master_key_file",
  );
}
