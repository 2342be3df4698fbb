// Where the dashboard's certificate is ordered by ACME (RFC 8555), and for which names.

import type { ListenAddress } from "../http/listen.ts";

/**
 * An account that the authority's operator keeps for us elsewhere, which ours is bound to: commercial authorities and those of
 * companies want it. RFC 8555, section 7.3.4.
 */
export interface AcmeExternalAccount {
  /** The authority's name for it; no secret. */
  readonly keyId: string;
  /** What the binding is signed with, HS256; 16 bytes at least. Secret. */
  readonly hmacKey: Uint8Array;
}

/** Of the configuration's tables `listen` and `acme`. */
export interface AcmeSettings {
  /** Address of the authority's directory, `https`. RFC 8555, section 7.1.1. */
  readonly directoryUrl: string;
  /** DNS names in lower case, the first one the subject; 1 to 10. No addresses, no wildcards: HTTP-01 proves neither. */
  readonly names: readonly string[];
  /** Where the authority may write to. Absent: nowhere. */
  readonly email?: string;
  /** Absent: the authority takes anybody. */
  readonly externalAccount?: AcmeExternalAccount;
  /** File (PEM) with the root that the directory's own certificate leads to. Absent: the system's roots. */
  readonly caFile?: string;
  /** Where the authority's questions by HTTP-01 are answered; it asks port 80 of each name. RFC 8555, section 8.3. */
  readonly challenges: ListenAddress;
}
