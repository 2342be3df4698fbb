// Why a control plane could not be talked to, with what to do about it: it does not answer, or it does, and TLS refuses it.

import { AppError } from "@truechimer/base";

/** Errors wrap one another a few deep; a cycle must not hold us. */
const CAUSES_MAX = 8;

const UNKNOWN_ISSUER =
  "has a certificate of an authority that is not trusted here: name the file with that authority's root by --ca-file (or TRUECHIMER_CA_FILE); docs/how-to/serve-the-dashboard-by-tls.md has how to get it";

/** By the codes of OpenSSL and Node. */
const REFUSALS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_ISSUER,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_ISSUER,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_ISSUER,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_ISSUER,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_ISSUER,
  CERT_SIGNATURE_FAILURE: UNKNOWN_ISSUER,
  ERR_TLS_CERT_ALTNAME_INVALID:
    "has a certificate for other names: give --url the name that stands in it, which is that of listen.public_url",
  CERT_HAS_EXPIRED:
    "has a certificate that has ended: renew it there, or set the clock of this host if that is wrong",
  CERT_NOT_YET_VALID:
    "has a certificate that is not valid yet: the clock of this host, or of that one, is wrong",
  EPROTO:
    "speaks no TLS that this host knows: if it is plain HTTP there, give --url an http address",
};

/** The coded error for what the connection to `url` failed with. */
export function connectionFailure(url: string, cause: unknown): AppError {
  return (
    untrustedPeer(url, cause) ??
    new AppError("peer_unreachable", `${url} does not answer: is truechimer running there?`, {
      cause,
    })
  );
}

/** The same if it was TLS that failed. Undefined: it was something else. */
export function untrustedPeer(url: string, cause: unknown): AppError | undefined {
  const refusal = codesOf(cause)
    .map((code) => REFUSALS[code])
    .find((text) => text !== undefined);
  return refusal === undefined
    ? undefined
    : new AppError("peer_untrusted", `${url} ${refusal}`, { cause });
}

function codesOf(error: unknown): readonly string[] {
  const codes: string[] = [];
  let each: unknown = error;
  for (let depth = 0; depth < CAUSES_MAX && each instanceof Error; depth += 1) {
    codes.push(String((each as NodeJS.ErrnoException).code));
    each = each.cause;
  }
  return codes;
}
