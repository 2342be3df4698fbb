// Where the dashboard's certificate is ordered by ACME (RFC 8555), and for which names.

import type { ListenAddress } from "../http/listen.ts";

/** Of the configuration's tables `listen` and `acme`. */
export interface AcmeSettings {
  /** Address of the authority's directory, `https`. RFC 8555, section 7.1.1. */
  readonly directoryUrl: string;
  /** DNS names in lower case, the first one the subject; 1 to 10. No addresses, no wildcards: HTTP-01 proves neither. */
  readonly names: readonly string[];
  /** Where the authority may write to. Absent: nowhere. */
  readonly email?: string;
  /** File (PEM) with the root that the directory's own certificate leads to. Absent: the system's roots. */
  readonly caFile?: string;
  /** Where the authority's questions by HTTP-01 are answered; it asks port 80 of each name. RFC 8555, section 8.3. */
  readonly challenges: ListenAddress;
}
