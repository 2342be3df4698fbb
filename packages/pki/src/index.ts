export { type Certificate, parseCertificate } from "./certificate.ts";
export {
  type CertificatePlan,
  type IssuerFacts,
  subjectFor,
} from "./certificate-plan.ts";
export {
  type CsrFacts,
  parseCertificateRequest,
  type UnverifiedCsr,
  type VerifiedCsr,
  verifyCertificateRequest,
} from "./certificate-request.ts";
export { createCertificateRequest } from "./create-certificate-request.ts";
export { type DistinguishedName, encodeName } from "./distinguished-name.ts";
export { signatureAlgorithmFor } from "./ecdsa-signature.ts";
export type { CurveName } from "./elliptic-curve.ts";
export { type Issuance, issueCertificate } from "./issue-certificate.ts";
export {
  type ExportableKeyPair,
  generateExportableKeyPair,
  generateSigner,
  importSigner,
  privateKeyPem,
  type Signer,
} from "./key-pair.ts";
export {
  createMonitorName,
  MONITOR_DOMAIN_DEFAULT,
  type MonitorEnvironment,
  type MonitorName,
  type NewMonitorName,
  parseMonitorDomain,
  parseMonitorEnvironment,
  parseMonitorName,
} from "./monitor-name.ts";
export { equalBytes, hexFromBytes } from "./octets.ts";
export { decodePem, encodePem, type PemLabel } from "./pem.ts";
export {
  AGENT_LIFETIME_DEFAULT_MS,
  AGENT_PROFILE,
  type CertificateProfile,
  ISSUING_PROFILE,
  type ProfileName,
  ROOT_PROFILE,
  SERVER_PROFILE,
  type Validity,
  validityFor,
} from "./profile.ts";
export { type EcPublicKey, keyIdentifierOf, parsePublicKey, sha256 } from "./public-key.ts";
export {
  type CertificateLife,
  type RenewalPlan,
  renewAfter,
  renewalPlan,
} from "./renewal.ts";
export { createSerialNumber } from "./serial-number.ts";
export {
  type AgentCertificateToVerify,
  verifyAgentCertificate,
} from "./verify-agent-certificate.ts";
export { type ChainToVerify, verifyChain } from "./verify-chain.ts";
