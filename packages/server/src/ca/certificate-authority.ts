// The built-in certificate authority as the rest of the control plane sees it.

import type { Result, UnixNs } from "@truechimer/base";
import type { ClientIdentity } from "../http/client-identity.ts";

export interface IssuedCertificate {
  /** Canonical: lower-case hexadecimal digits, two an octet, without leading zero octets. */
  readonly serial: string;
  /** The certificate, then its issuer's. */
  readonly certificatePem: string;
  readonly notBeforeNs: UnixNs;
  readonly notAfterNs: UnixNs;
  /** SHA-256 over the certificate's DER, as lower-case hexadecimal digits. */
  readonly fingerprint: string;
}

export interface IssuedKeyPair extends IssuedCertificate {
  /** PKCS #8. Ours only to hand over: it is neither stored nor logged. */
  readonly keyPem: string;
}

export interface CertificateAuthority {
  /** What agents trust. */
  rootPem(): Promise<string>;
  /** SHA-256 over the root certificate's DER, as lower-case hexadecimal digits. */
  rootFingerprint(): Promise<string>;
  /** Of the request only the public key is used; its names, if it has any, must be the agent's. */
  issueAgentCertificate(request: {
    readonly tlsName: string;
    readonly csrDer: Uint8Array;
  }): Promise<Result<IssuedCertificate, string>>;
  /** For the NTP Pool's agents, which are given their key. */
  issueAgentCertificateWithKey(request: { readonly tlsName: string }): Promise<IssuedKeyPair>;
  issueServerCertificate(request: {
    readonly dnsNames: readonly string[];
    readonly ipAddresses: readonly string[];
  }): Promise<IssuedKeyPair>;
  /** All that the agent has; they are refused from then on. */
  revokeAgentCertificates(request: { readonly tlsName: string }): Promise<void>;
  /** The chain as it was sent, the agent's own certificate first. The error says what is wrong with it. */
  verifyAgentCertificate(
    chainDer: readonly Uint8Array[],
    nowNs: UnixNs,
  ): Promise<Result<ClientIdentity, string>>;
}
