// Whether a certificate is an agent's: it hangs from our root, is for a client, and carries exactly one name, which is
// that of an agent in our domain. What the database knows (issued, revoked) is asked elsewhere.

import { ok, type Result, refused } from "@truechimer/base";
import { type MonitorName, parseMonitorName } from "./monitor-name.ts";
import { ID_KP_CLIENT_AUTH } from "./object-identifiers.ts";
import { type ChainToVerify, verifyChain } from "./verify-chain.ts";

/** A chain, and which agents are ours. */
export interface AgentCertificateToVerify extends ChainToVerify {
  /** In lower case. */
  readonly monitorDomain: string;
}

/** The agent's name. The error says what is wrong with the certificate, for people. */
export async function verifyAgentCertificate(
  wanted: AgentCertificateToVerify,
): Promise<Result<MonitorName, string>> {
  const { leaf } = wanted;
  const chain = await verifyChain(wanted);
  if (!chain.ok) return chain;
  if (leaf.basicConstraints?.authority === true) return refused("it is an authority's certificate");
  if (leaf.keyUsage?.includes("digitalSignature") === false) return refused("its key may not sign");
  if (leaf.extendedKeyUsage?.includes(ID_KP_CLIENT_AUTH) === false) {
    return refused("it is not for a client");
  }
  const names = leaf.alternativeNames;
  const [dnsName] = names?.dnsNames ?? [];
  const count =
    (names?.dnsNames.length ?? 0) + (names?.ipAddresses.length ?? 0) + (names?.others ?? 0);
  if (dnsName === undefined || count !== 1) {
    return refused(`it has ${count} alternative names: expected the one of an agent`);
  }
  const name = parseMonitorName(dnsName, wanted.monitorDomain);
  return name.ok ? ok(name.value) : name;
}
