// What an enrolled agent asks of its control plane beside its work.

import type { IpAddress } from "@truechimer/base";
import type { CertificatePair } from "./certificate-pair.ts";

/** Whom to call, and as who. */
export interface ControlPlaneCall {
  /** Base address of the JSON endpoints. */
  readonly apiUrl: string;
  /** Base address of the Connect services. */
  readonly monitorUrl: string;
  /** A secret. Empty: the certificate alone tells who calls. */
  readonly apiKey: string;
  readonly pair: CertificatePair | undefined;
  /** The only root to trust at `monitorUrl`; trusted beside the system's at `apiUrl`. */
  readonly rootPem: string | undefined;
  readonly signal: AbortSignal;
}

export interface FamilyAnswer {
  readonly status: string;
  readonly address: IpAddress | undefined;
}

export interface ConfigAnswer {
  readonly name: string;
  readonly tlsName: string;
  readonly v4: FamilyAnswer;
  readonly v6: FamilyAnswer;
  /** Made by the control plane, unchecked. A secret. */
  readonly tls: { readonly certificatePem: string; readonly keyPem: string } | undefined;
}

export interface TokenAnswer {
  /** A secret. */
  readonly token: string;
  readonly expiresInMs: number;
}

export interface IssuedAnswer {
  readonly certificatePem: string;
  /** Empty: as before. */
  readonly rootPem: string;
}

/** Failures are AppErrors: `unauthenticated`, `peer_unreachable`, `bad_answer`, and what the peer names. */
export interface ControlPlane {
  fetchConfig(
    call: ControlPlaneCall & { readonly requestCertificate: boolean },
  ): Promise<ConfigAnswer>;
  fetchToken(call: ControlPlaneCall): Promise<TokenAnswer>;
  /** Undefined: the peer has no such service, as that of the NTP Pool. */
  renewCertificate(
    call: ControlPlaneCall & { readonly csrDer: Uint8Array; readonly bearer: string | undefined },
  ): Promise<IssuedAnswer | undefined>;
}
